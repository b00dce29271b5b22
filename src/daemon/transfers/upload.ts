/**
 * Uploads files and directories of this machine to a folder of a named node.
 * The receiver pulls: this side reads, cuts and hashes, and offers exactly
 * what it announces, to that one device, until it has been taken.
 */
import { basename, relative, sep } from "node:path";
import type { RouteRequest } from "../../shared/api.ts";
import type { FileResult, GivenFile, TransferLine } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import { type DeviceId, type FolderId, parseRelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { printable } from "../../shared/printable.ts";
import { uploadPath } from "../../shared/upload-path.ts";
import type { OfferedFile } from "../net/offered-files.ts";
import type { Serving } from "./ask-serving.ts";
import type { HashedFile, LocalEntry } from "./file-calls.ts";
import type { FileThread } from "./file-thread.ts";
import { inParallel } from "./in-parallel.ts";
import type { Job } from "./job.ts";
import type { TransferWay } from "./transfer-way.ts";

const FILES_AT_ONCE = 250;
const WALK_PAGE = 500;
/** Well below what a command may be, whatever the names. */
const COMMAND_CHARACTERS = 120_000;
const UNITS_AT_ONCE = 2;

export type UploadRequest = RouteRequest<"upload">;

export interface UploadRun {
  readonly request: UploadRequest;
  readonly key: string;
  readonly job: Job;
  readonly serving: Serving;
  readonly thread: FileThread;
  /** Undefined where nothing goes over a network. */
  readonly way: TransferWay | undefined;
  readonly newToken: () => FolderId;
  /** Offers files to the serving node under a token; none: the offer ends. */
  readonly offer: (device: DeviceId | null, token: FolderId, files: readonly OfferedFile[]) => Promise<void>;
}

/** What is sent in one command. */
interface Unit {
  readonly given: GivenFile[];
  readonly offered: OfferedFile[];
  /** By the name it is given. */
  readonly hashes: Map<string, string>;
  characters: number;
}

/** One attempt; what an earlier one settled is left out. */
export async function* uploadOnce(run: UploadRun, signal: AbortSignal): AsyncGenerator<TransferLine> {
  const { request, job, serving, key } = run;
  const { folder, path, isDirectory } = request;
  job.progress.state = "reading";
  const tops = await topsOf(run);
  const opened = await serving.call(
    "uploadOpen",
    { key, folder, path, isDirectory: isDirectory || tops.length > 1 },
    signal,
  );
  if ((job.progress.bytes ?? 0) > opened.freeBytes)
    throw new SyncError(
      "E_DISK_FULL",
      `${serving.name} has ${opened.freeBytes} bytes free, and the upload has ${job.progress.bytes}`,
      { hint: "free some space there, then run it again" },
    );
  job.progress.state = "running";
  yield job.line();
  const failed: FileResult[] = [];
  const units = unitsOf(run, tops, opened.into, failed);
  const send = (unit: Unit, until: AbortSignal): Promise<readonly FileResult[]> =>
    sendUnit(run, unit, { into: opened.into, signal: until });
  for await (const results of inParallel(units, UNITS_AT_ONCE, send, signal))
    for (const result of results) yield await job.take(result);
  for (const result of failed) yield await job.take(result);
}

interface Top {
  readonly entry: LocalEntry;
  readonly name: string;
}

/** What a person named, with its links followed, and how much it is in all. */
async function topsOf({ request, thread, job }: UploadRun): Promise<readonly Top[]> {
  const tops: Top[] = [];
  let files = 0;
  let bytes = 0;
  for (const { path, name } of request.sources) {
    const entry = await thread.call("resolve", [path]);
    if (entry === null)
      throw new SyncError("E_PATH_NOT_FOUND", `there is no ${printable(path)}`, { hint: "check the spelling" });
    if (entry.type === "special")
      throw new SyncError("E_SPECIAL_FILE", `${printable(path)} is no regular file`, {
        hint: "send what it gives through standard input: ... | syncline upload - TARGET",
      });
    tops.push({ entry, name: name ?? basename(path) });
    const sum = entry.type === "directory" ? await thread.call("count", [entry.path]) : { files: 1, bytes: entry.size };
    files += sum.files;
    bytes += sum.bytes;
  }
  job.progress.files = files;
  job.progress.bytes = bytes;
  return tops;
}

/** Everything that is to be sent, in commands that fit; each large file by itself. */
async function* unitsOf(
  run: UploadRun,
  tops: readonly Top[],
  into: boolean,
  failed: FileResult[],
): AsyncGenerator<Unit> {
  const { job, request, thread } = run;
  let unit = newUnit();
  for await (const { entry, name } of entriesOf(run, tops, failed)) {
    const path = uploadPath(request.path, into, name);
    if (job.settled.has(path)) continue;
    if (entry.type !== "file") {
      addGiven(unit, { ...factsOf(entry, name), offered: "", contentId: null });
    } else {
      const hashed = await hash(thread, entry).catch((error: unknown) => error);
      if (!isHashed(hashed)) {
        failed.push(failure(job, path, entry.size, hashed));
        continue;
      }
      if (hashed.stamp.size > LIMITS.smallFileBytes.value) {
        const alone = newUnit();
        addFile(alone, entry, name, hashed);
        // Directories that it needs come first.
        if (unit.given.length > 0) yield unit;
        unit = newUnit();
        yield alone;
        continue;
      }
      addFile(unit, entry, name, hashed);
    }
    if (unit.given.length < FILES_AT_ONCE && unit.characters < COMMAND_CHARACTERS) continue;
    yield unit;
    unit = newUnit();
  }
  if (unit.given.length > 0) yield unit;
}

async function hash(thread: FileThread, entry: LocalEntry): Promise<HashedFile> {
  return await thread.call("hash", [entry.path]);
}

function isHashed(value: unknown): value is HashedFile {
  return typeof value === "object" && value !== null && "contentId" in value;
}

async function* entriesOf(
  { thread, job }: UploadRun,
  tops: readonly Top[],
  failed: FileResult[],
): AsyncGenerator<{ readonly entry: LocalEntry; readonly name: string }> {
  for (const { entry, name } of tops) {
    yield { entry, name };
    if (entry.type !== "directory") continue;
    await thread.call("walk", [entry.path]);
    for (let isLast = false; !isLast; ) {
      const page = await thread.call("next", [WALK_PAGE]);
      for (const { shown, message } of page.problems)
        failed.push(failure(job, shown, 0, new SyncError("E_UNREADABLE", message)));
      for (const below of page.entries)
        yield { entry: below, name: `${name}/${relative(entry.path, below.path).split(sep).join("/")}` };
      isLast = page.isLast;
    }
  }
}

function newUnit(): Unit {
  return { given: [], offered: [], hashes: new Map(), characters: 0 };
}

function addFile(unit: Unit, entry: LocalEntry, name: string, hashed: HashedFile): void {
  const offered = String(unit.offered.length);
  const { path, stamp, contentId, list, sha256 } = hashed;
  unit.offered.push({ name: parseRelPath(offered), path, stamp, contentId, list });
  unit.hashes.set(name, `sha256:${sha256}`);
  addGiven(unit, { ...factsOf(entry, name), size: stamp.size, mtimeNs: String(stamp.mtimeNs), offered, contentId });
}

function addGiven(unit: Unit, given: GivenFile): void {
  unit.given.push(given);
  unit.characters += given.name.length * 2 + given.target.length * 2 + 300;
}

function factsOf(entry: LocalEntry, name: string): Omit<GivenFile, "offered" | "contentId"> {
  const { type, size, mtimeNs, mode, target } = entry;
  return { name, fileType: type as GivenFile["fileType"], size, mtimeNs: String(mtimeNs), mode, target };
}

/** Offers a unit and has the receiver take it. */
async function sendUnit(
  run: UploadRun,
  unit: Unit,
  { into, signal }: { readonly into: boolean; readonly signal: AbortSignal },
): Promise<readonly FileResult[]> {
  const { request, key, serving, job } = run;
  const token = run.newToken();
  const device = serving.peer?.device ?? null;
  const names = new Map(unit.given.map(({ name }) => [uploadPath(request.path, into, name), name]));
  const underWay = { done: 0 };
  const unfollow = job.follow(underWay);
  const { folder, path, onDuplicate, delta, compression, limit, resume } = request;
  const udp = unit.offered.length === 0 ? undefined : await run.way?.offered(job.progress.bytes ?? 0);
  const how = { onDuplicate, delta, compression, limit, resume, ...(udp === undefined ? {} : { udp }) };
  const input = { key, folder, path, token, into, files: unit.given, ...how };
  const results: FileResult[] = [];
  let wireBytes = 0;
  if (unit.offered.length > 0) await run.offer(device, token, unit.offered);
  try {
    for await (const line of serving.stream("uploadTake", input, signal)) {
      if (line.type === "file") {
        const name = names.get(line.path);
        if (name === undefined)
          throw new SyncError("E_PROTOCOL", `${serving.name} answered for a file that was not sent`);
        const { type: _type, ...result } = line;
        // Which way was better is found out where the bytes come in.
        if (udp !== undefined && line.why !== null) Object.assign(job, { transport: line.transport, why: line.why });
        const { transport, why } = job;
        results.push({ ...result, hash: unit.hashes.get(name) ?? null, transport, why });
      } else if (line.type === "progress") {
        job.progress.path = line.path;
        underWay.done = line.doneBytes;
        job.countWire({ sent: Math.max(0, line.wireBytes - wireBytes), received: 0 });
        wireBytes = Math.max(wireBytes, line.wireBytes);
      }
    }
  } finally {
    unfollow();
    if (unit.offered.length > 0) await run.offer(device, token, []).catch(() => undefined);
  }
  const taken = results.reduce((sum, result) => sum + result.wireBytes, 0);
  job.countWire({ sent: Math.max(0, taken - wireBytes), received: 0 });
  return results;
}

function failure(job: Job, path: string, fileBytes: number, error: unknown): FileResult {
  if (error instanceof SyncError && error.code === "E_INTERRUPTED") throw error;
  const { code, message } = error instanceof SyncError ? error : { code: "E_UNREADABLE", message: String(error) };
  const saved = { delta: 0, reuse: 0, compression: 0 };
  const { transport, why } = job;
  const facts = { path, storedAs: null, fileBytes, wireBytes: 0, saved, transport, why, hash: null, durationMs: 0 };
  return { ...facts, outcome: "failed", code, message };
}
