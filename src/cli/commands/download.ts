/** `syncline download`: brings files and directories of a named folder here. */
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { RouteInput } from "../../shared/api.ts";
import type { SettledPolicy } from "../../shared/duplicates.ts";
import { SyncError } from "../../shared/errors.ts";
import { listArgument, textOption } from "../arguments.ts";
import type { CommandHandler, CommandOptions } from "../command-rows/command-row.ts";
import { ApiFailure } from "../failure.ts";
import { SELF, splitVersion } from "../remote-path.ts";
import type { Session } from "../session.ts";
import { type Asked, collect, runTransfers, tell, throwFailure } from "./run-transfers.ts";
import { askPolicy, type How, type RemotePlace, readHow, readPolicy, remotePlace } from "./transfer-options.ts";

interface Wanted {
  readonly text: string;
  readonly place: RemotePlace;
  readonly version: number | undefined;
}

interface Target {
  readonly output: string;
  readonly isDirectory: boolean;
}

export const download: CommandHandler = async (session, args, options) => {
  const wanted = await Promise.all(listArgument(args, 0).map((text) => wantedBy(session, text)));
  const how = readHow(options);
  const output = textOption(options, "output");
  const policy = readPolicy(session, options, "fail");
  if (output === "-") return await toStandardOutput(session, wanted, options, how);
  const target = targetOf(session, output, wanted.length);
  const asked = (item: Wanted, onDuplicate: SettledPolicy): Asked => ({
    label: item.text,
    lines: () =>
      session.stream("download", { ...sourceOf(item), ...target, ...how, onDuplicate, reuse: isReused(options) }),
  });
  if (policy !== "ask") {
    await runTransfers(
      session,
      wanted.map((item) => asked(item, policy)),
    );
    return undefined;
  }
  for (const item of wanted) await askEach(session, item, asked);
  return undefined;
};

/** `@N` at the end names a version, where nothing has a name that itself ends so. */
async function wantedBy(session: Session, text: string): Promise<Wanted> {
  const place = remotePlace(session, text, "source");
  if (!/@\d+$/.test(place.path) || (await isThere(session, place))) return { text, place, version: undefined };
  const { path, version } = splitVersion(place.path);
  return { text, place: { ...place, path }, version };
}

async function isThere(session: Session, { peer, folder, path }: RemotePlace): Promise<boolean> {
  try {
    await Array.fromAsync(
      session.stream("list", { folder, path, limit: 1 }, { peer: peer === SELF ? undefined : peer }),
    );
    return true;
  } catch (error) {
    if (error instanceof ApiFailure && error.document.code === "E_PATH_NOT_FOUND") return false;
    throw error;
  }
}

/** Tries without replacing anything; what exists is asked about. */
async function askEach(
  session: Session,
  item: Wanted,
  asked: (item: Wanted, policy: SettledPolicy) => Asked,
): Promise<void> {
  const first = await collect(session, [asked(item, "fail")]);
  const exists = first.files.filter(({ outcome }) => outcome === "exists");
  if (exists.length === 0) {
    tell(session, first);
    throwFailure(session, first, 1);
    return;
  }
  const isOne = first.files.length === 1;
  const policies: readonly SettledPolicy[] = isOne
    ? ["overwrite", "rename", "skip", "fail"]
    : ["overwrite", "skip", "fail"];
  const name = isOne ? item.text : `${item.text}: ${exists.length} of its files`;
  await runTransfers(session, [asked(item, await askPolicy(session, name, policies))]);
}

function sourceOf({
  place: { peer, folder, path },
  version,
}: Wanted): Pick<RouteInput<"download">, "peer" | "folder" | "path" | "version"> {
  return { peer, folder, path, version };
}

function isReused(options: CommandOptions): boolean {
  return options["reuse"] !== false;
}

/** Without -o here; several go into a directory. */
function targetOf(session: Session, output: string | undefined, sources: number): Target {
  if (output === undefined) return { output: session.io.cwd, isDirectory: true };
  return { output: resolve(session.io.cwd, output), isDirectory: output.endsWith("/") || sources > 1 };
}

/** A file goes whole and proven to a private place first, and only then to whoever reads on. */
async function toStandardOutput(
  session: Session,
  wanted: readonly Wanted[],
  options: CommandOptions,
  how: How,
): Promise<undefined> {
  const [item] = wanted;
  if (item === undefined || wanted.length > 1) throw new SyncError("E_USAGE", "-o - takes one file");
  if (session.globals.json)
    throw new SyncError("E_USAGE", "-o - and --json both want standard output", { hint: "leave one of them out" });
  const directory = join(session.paths.stateDir, "incoming");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const output = join(directory, randomBytes(12).toString("hex"));
  const input = { ...sourceOf(item), output, ...how, onDuplicate: "fail" as const, reuse: isReused(options) };
  try {
    const ran = await collect(session, [{ label: item.text, lines: () => session.stream("download", input) }]);
    throwFailure(session, ran, 1);
    for await (const bytes of createReadStream(output)) await session.io.writeBytes(bytes as Uint8Array);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EISDIR")
      throw new SyncError("E_USAGE", `${item.text} is a directory: standard output takes one file`, { cause: error });
    throw error;
  } finally {
    await rm(output, { recursive: true, force: true });
  }
  return undefined;
}
