/**
 * Downloads a file or a directory of a named folder to a place of this
 * machine: opened at the serving node, fetched through the ordinary engine,
 * put together beside its target and named only when it is whole.
 */
import { dirname, join } from "node:path";
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { TransferLine } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import { parseFolderId, type ShortId } from "../../shared/ids.ts";
import type { Clock, Hasher, Log } from "../../shared/ports.ts";
import { printable } from "../../shared/printable.ts";
import type { FolderIndex } from "../../sync/index/index-port.ts";
import type { Serving } from "./ask-serving.ts";
import { DownloadFiles, localName } from "./download-files.ts";
import { downloadInto, type FolderPlace } from "./download-into.ts";
import type { FileThread } from "./file-thread.ts";
import type { Job } from "./job.ts";
import type { KeyedLock } from "./keyed-lock.ts";
import { ownLink } from "./transfer-links.ts";
import type { TransferWay } from "./transfer-way.ts";

export type DownloadRequest = RouteRequest<"download">;

export interface DownloadRun {
  readonly request: DownloadRequest;
  readonly key: string;
  readonly job: Job;
  readonly serving: Serving;
  readonly thread: FileThread;
  /** Undefined where nothing goes over a network. */
  readonly way: TransferWay | undefined;
  readonly index: FolderIndex;
  /** Where a folder of this node lies; undefined for one it does not have. */
  readonly rootOf: (folder: string) => string | undefined;
  /** Where a path of this machine lies in a folder of this node; undefined for one that does not. */
  readonly folderAt: (path: string) => FolderPlace | undefined;
  readonly locks: KeyedLock;
  readonly clock: Clock;
  readonly hasher: Hasher;
  readonly log: Log;
  readonly self: ShortId;
}

/** One attempt; what an earlier one settled is left out. */
export async function* downloadOnce(run: DownloadRun, signal: AbortSignal): AsyncGenerator<TransferLine> {
  const { job, serving, request, key } = run;
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const asked = { key, folder: request.folder, path: request.path, version: request.version };
  const lines = serving.stream("downloadOpen", asked, until);
  const iterator = lines[Symbol.asyncIterator]();
  try {
    const first = await iterator.next();
    if (first.done === true || first.value.type !== "opened")
      throw new SyncError("E_PROTOCOL", `${serving.name} did not open the download`);
    const opened = first.value;
    const place = await placeFor(run, opened);
    job.progress.files = opened.files;
    job.progress.bytes = opened.bytes;
    await assertSpace(run, place.root, opened.bytes);
    yield job.line();
    const folder = parseFolderId(opened.folder);
    const link = (await run.way?.link(folder, opened.bytes)) ?? ownLink(run.thread, run.self, serving.name, folder);
    const entries = { [Symbol.asyncIterator]: () => iterator };
    if (request.onDuplicate === "version") {
      yield* downloadInto(run, link, place, entries, until);
      return;
    }
    const files = new DownloadFiles(run, { folder, link }, place);
    yield* files.all(entries, until);
  } finally {
    stop.abort();
    await iterator.return?.();
  }
}

export interface Place {
  /** Where what was asked for goes. */
  readonly root: string;
  /** Directories above `root` are made by this one. */
  readonly top: string;
}

/** A target that ends in a slash is a directory, made when missing; else an existing one; else the name itself. */
async function placeFor(
  { request, thread }: DownloadRun,
  opened: Extract<RouteOutput<"downloadOpen">, { type: "opened" }>,
): Promise<Place> {
  const { output, isDirectory } = request;
  const name = localName(opened.name);
  const found = await thread.call("resolve", [output]);
  if (isDirectory || found?.type === "directory") {
    if (found !== null && found.type !== "directory")
      throw new SyncError("E_NOT_A_DIRECTORY", `${printable(output)} is no directory`);
    const top = found?.path ?? output;
    return { root: join(top, name), top };
  }
  return { root: output, top: opened.fileType === "directory" ? output : dirname(output) };
}

/** Found out before the first byte. What is here already may spare some of it, but it takes its room, too. */
async function assertSpace({ thread }: DownloadRun, root: string, bytes: number): Promise<void> {
  const { bytes: free } = await thread.call("free", [dirname(root)]);
  if (bytes <= free) return;
  throw new SyncError("E_DISK_FULL", `${printable(root)} needs ${bytes} bytes, and the disk has ${free}`, {
    hint: "free some space, or name another place with -o",
  });
}
