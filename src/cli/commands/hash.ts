import { resolve } from "node:path";
import { printable } from "../../shared/printable.ts";
import { listArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { locateAnywhere } from "../locate.ts";
import { parseTarget } from "../remote-path.ts";
import type { Session } from "../session.ts";
import { sha256OfFile, sha256sumLine } from "../sha256.ts";
import { forEachPath } from "./each.ts";

/** Prints what `sha256sum` prints, of local files and of files of any folder here or on a paired device. */
export const hash: CommandHandler = async (session, args) => {
  await forEachPath(session, listArgument(args, 0), async (text) => {
    const found = await hashOf(session, text);
    if (session.globals.json) {
      session.json(found);
      return;
    }
    const line = sha256sumLine(found.hash, text);
    // A program reads the bytes as they are; a terminal is not moved by them.
    session.print(session.io.isTerminal ? printable(line) : line);
  });
  return undefined;
};

/** Reads a file where it lies, and hashes it. */
export async function hashOf(
  session: Session,
  text: string,
): Promise<{ readonly path: string; readonly hash: string; readonly folder?: string }> {
  const target = parseTarget(text, session.io.platform);
  if (target.kind === "local")
    return { path: target.path, hash: await sha256OfFile(resolve(session.io.cwd, target.path), session.signal) };
  const { peer, place } = await locateAnywhere(session, text);
  const { path, hash: value, folder } = await session.call("hash", place, peer);
  return { path, hash: value, folder };
}
