/** The flags that uploads and downloads share. */
import { DUPLICATE_POLICIES, type DuplicatePolicy, type SettledPolicy } from "../../shared/duplicates.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { parseRate } from "../../shared/rate-limit.ts";
import { choiceOption, given, textOption } from "../arguments.ts";
import type { CommandOptions } from "../command-rows/command-row.ts";
import { parseTarget } from "../remote-path.ts";
import type { Session } from "../session.ts";

export interface How {
  readonly transport: "auto" | "tcp" | "udp";
  readonly delta: "auto" | "on" | "off";
  readonly compression: "auto" | "on" | "off";
  readonly resume: boolean;
  readonly limit?: number;
}

export function readHow(options: CommandOptions): How {
  const limit = textOption(options, "limit");
  return {
    transport: choiceOption(options, "transport", ["auto", "tcp", "udp"]) ?? "auto",
    delta: choiceOption(options, "delta", ["auto", "on", "off"]) ?? "auto",
    compression: choiceOption(options, "compression", ["auto", "on", "off"]) ?? "auto",
    resume: options["resume"] !== false,
    ...given({ limit: limit === undefined ? undefined : parseRate(limit) }),
  };
}

/** `ask` needs somebody who can answer. */
export function readPolicy(session: Session, options: CommandOptions, otherwise: SettledPolicy): DuplicatePolicy {
  const policy = choiceOption(options, "onDuplicate", DUPLICATE_POLICIES) ?? otherwise;
  const canAsk = session.io.isInteractive && session.globals.input && !session.globals.json;
  if (policy === "ask" && !canAsk)
    throw new SyncError("E_USAGE", "--on-duplicate ask needs a terminal", {
      hint: "say version, overwrite, rename, skip or fail",
    });
  return policy;
}

/** Asks what is to become of a name that exists. */
export async function askPolicy(
  session: Session,
  name: string,
  policies: readonly SettledPolicy[],
): Promise<SettledPolicy> {
  const answer = await session.io.ask(`${printable(name)} exists: ${policies.join(", ")}? `);
  const chosen = policies.find(
    (policy) => answer !== undefined && answer.trim() !== "" && policy.startsWith(answer.trim().toLowerCase()),
  );
  if (chosen !== undefined) return chosen;
  throw new SyncError("E_INTERRUPTED", "nothing was done about it");
}

export interface RemotePlace {
  readonly peer: string;
  readonly folder: string;
  readonly path: string;
  /** It was written with a slash at its end, or is the folder itself. */
  readonly isDirectory: boolean;
}

/** `PEER:FOLDER/PATH`, with what a slash at its end says. Throws E_USAGE for a local path. */
export function remotePlace(session: Session, text: string, what: string): RemotePlace {
  const target = parseTarget(text, session.io.platform);
  if (target.kind === "local")
    throw new SyncError("E_USAGE", `${what}: "${printable(text)}" is a local path`, {
      hint: "write it as PEER:FOLDER/PATH; self:FOLDER/PATH is this node",
    });
  const { peer, folder, path } = target;
  if (folder === "")
    throw new SyncError("E_USAGE", `"${printable(text)}" names no folder`, {
      hint: `write ${printable(peer)}:FOLDER/PATH; see \`syncline list ${printable(peer)}:\``,
    });
  return { peer, folder, path, isDirectory: path === "" || text.endsWith("/") };
}
