/** The flags that every command takes, before or after its name. */
import { SyncError } from "../shared/errors.ts";
import { userNameFault } from "../shared/user-rules.ts";
import { parseDuration } from "./parse-duration.ts";

export const GLOBAL_OPTIONS: readonly (readonly [flags: string, description: string])[] = [
  ["--home <dir>", "the node's own directory; SYNCLINE_HOME says the same"],
  ["--json", "prints JSON; a list is one document, a stream one document a line"],
  ["--plain", "prints tables as lines with tabs, without colour"],
  ["-q, --quiet", "prints data and errors only"],
  ["-v, --verbose", "says more; shows stack traces"],
  ["--no-color", "prints without colour; NO_COLOR says the same"],
  ["--no-input", "asks nothing"],
  ["-y, --yes", "answers yes to every question"],
  ["-n, --dry-run", "shows what would be done, and does nothing"],
  ["--timeout <time>", "gives up after so long: 30s, 5m"],
  ["--user <user>", "asks the other device as this user of it; sign in first with `syncline login`"],
];

export interface Globals {
  readonly home: string | undefined;
  readonly json: boolean;
  readonly plain: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly input: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly timeoutMs: number | undefined;
  /** As whom other devices are asked; undefined: as this device. */
  readonly user: string | undefined;
}

/** Reads them from what the parser found. */
export function readGlobals(options: Readonly<Record<string, unknown>>): Globals {
  const user = typeof options["user"] === "string" ? options["user"] : undefined;
  const fault = user === undefined ? undefined : userNameFault(user);
  if (fault !== undefined) throw new SyncError("E_USAGE", `--user: ${fault}`);
  const timeout = options["timeout"];
  return {
    home: typeof options["home"] === "string" ? options["home"] : undefined,
    json: options["json"] === true,
    plain: options["plain"] === true,
    quiet: options["quiet"] === true,
    verbose: options["verbose"] === true,
    color: options["color"] !== false,
    input: options["input"] !== false,
    yes: options["yes"] === true,
    dryRun: options["dryRun"] === true,
    timeoutMs: typeof timeout === "string" ? parseDuration(timeout, "--timeout") : undefined,
    user,
  };
}
