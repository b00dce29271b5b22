/** The flags that every command takes, before or after its name. */
import { SyncError } from "../shared/errors.ts";
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
}

/** Reads them from what the parser found. */
export function readGlobals(options: Readonly<Record<string, unknown>>): Globals {
  if (options["user"] !== undefined) {
    throw new SyncError("E_USAGE", "--user has no meaning here: on its own node, whoever can open it is admin", {
      hint: "leave --user out",
    });
  }
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
  };
}
