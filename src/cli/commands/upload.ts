/** `syncline upload`: sends files and directories of this machine to a named folder. */
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { SettledPolicy } from "../../shared/duplicates.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { listArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import type { Session } from "../session.ts";
import { type Asked, collect, runTransfers, tell, throwFailure } from "./run-transfers.ts";
import { askPolicy, type How, type RemotePlace, readHow, readPolicy, remotePlace } from "./transfer-options.ts";

interface Source {
  readonly path: string;
  readonly name?: string;
}

const STDIN = "-";

export const upload: CommandHandler = async (session, args, options) => {
  const words = listArgument(args, 0);
  const target = words.at(-1);
  const sources = words.slice(0, -1);
  if (target === undefined || sources.length === 0)
    throw new SyncError("E_USAGE", "an upload needs what to send and where to", {
      hint: "syncline upload FILE... PEER:FOLDER/PATH",
    });
  const place = remotePlace(session, target, "target");
  const policy = readPolicy(session, options, "version");
  const how = readHow(options);
  if (sources.includes(STDIN)) {
    if (sources.length > 1) throw new SyncError("E_USAGE", "standard input is sent by itself");
    await fromStandardInput(session, place, target, policy === "ask" ? "fail" : policy, how);
    return undefined;
  }
  const local = sources.map((text) => ({ path: localPath(session, text) }));
  if (policy === "ask") {
    for (const source of local) await askEach(session, source, { place, how, isOne: local.length === 1 });
    return undefined;
  }
  await runTransfers(session, [asked(session, { place, sources: local, policy, how })]);
  return undefined;
};

function localPath(session: Session, text: string): string {
  if (/^[^/\\]+:./.test(text) && session.io.platform !== "win32" && !text.startsWith("./"))
    throw new SyncError("E_USAGE", `"${printable(text)}" lies on another device: only local files are sent`, {
      hint: "run the upload there, or write ./NAME for a local name with a colon",
    });
  return resolve(session.io.cwd, text);
}

function asked(
  session: Session,
  request: {
    readonly place: RemotePlace;
    readonly sources: readonly Source[];
    readonly policy: SettledPolicy;
    readonly how: How;
    readonly isTemporary?: boolean;
  },
): Asked {
  const { place, sources, policy, how, isTemporary = false } = request;
  const label =
    sources.length === 1 ? basename(sources[0]?.name ?? sources[0]?.path ?? "") : `${sources.length} sources`;
  const input = { ...place, ...how, sources: [...sources], onDuplicate: policy, isTemporary };
  return { label, lines: () => session.stream("upload", input) };
}

/** Tries without replacing anything; what exists is asked about. */
async function askEach(
  session: Session,
  source: Source,
  { place, how, isOne }: { readonly place: RemotePlace; readonly how: How; readonly isOne: boolean },
): Promise<void> {
  const into = isOne ? place : { ...place, isDirectory: true };
  const run = (policy: SettledPolicy): Asked => asked(session, { place: into, sources: [source], policy, how });
  const first = await collect(session, [run("fail")]);
  const exists = first.files.filter(({ outcome }) => outcome === "exists");
  if (exists.length === 0) {
    tell(session, first);
    throwFailure(session, first, 1);
    return;
  }
  const isSingle = first.files.length === 1;
  const policies: readonly SettledPolicy[] = isSingle
    ? ["version", "overwrite", "rename", "skip", "fail"]
    : ["version", "overwrite", "skip", "fail"];
  const name = isSingle ? (exists[0]?.path ?? "") : `${basename(source.path)}: ${exists.length} of its files`;
  await runTransfers(session, [run(await askPolicy(session, name, policies))]);
}

/** A stream has no size and cannot be read twice: it is gathered in a private place first. */
async function fromStandardInput(
  session: Session,
  place: RemotePlace,
  text: string,
  policy: SettledPolicy,
  how: How,
): Promise<void> {
  if (place.isDirectory)
    throw new SyncError("E_USAGE", `standard input has no name, and "${printable(text)}" is a directory`, {
      hint: "name the file: PEER:FOLDER/NAME",
    });
  const directory = join(session.paths.stateDir, "outgoing");
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, randomBytes(12).toString("hex"));
  try {
    await pipeline(session.io.readBytes(), createWriteStream(path, { flags: "wx", mode: 0o644 }), {
      signal: session.signal,
    });
    const source = { path, name: basename(place.path) };
    await runTransfers(session, [asked(session, { place, sources: [source], policy, how, isTemporary: true })]);
  } finally {
    await rm(path, { force: true });
  }
}
