/**
 * Brings content into a folder of this node because somebody asked for it:
 * fetched through the ordinary engine, proven, and put in its place by the
 * folder's loop. The receiving half of an upload, and of a download into one
 * of this node's own folders.
 */
import type { FileResult } from "../../shared/api-transfers.ts";
import type { SettledPolicy } from "../../shared/duplicates.ts";
import type { RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Switch } from "../../shared/messages.ts";
import type { Clock } from "../../shared/ports.ts";
import { NO_TRANSFER, type TransferBytes, transferOf, type WireBytes } from "../../shared/transfer-bytes.ts";
import type { FetchContext, FetchLink } from "../../sync/fetch/fetch-context.ts";
import { fetchLarge, type Progress } from "../../sync/fetch/fetch-large.ts";
import { fetchSmall } from "../../sync/fetch/fetch-small.ts";
import type { ContentSource } from "../../sync/folder-disk.ts";
import { fetchContextOf } from "../../sync/puller/sources.ts";
import { isHere } from "../../sync/versions/content-source.ts";
import { basesOf } from "../../sync/versions/fetch-content.ts";
import type { KeepContext } from "../../sync/versions/keep-context.ts";
import { foreseePut, type Put, type PutContent, type PutResult, putAll } from "../../sync/versions/put.ts";
import { inParallel } from "./in-parallel.ts";
import type { KeyedLock } from "./keyed-lock.ts";
import { shareOut } from "./share-out.ts";
import { OneSource, renamedLink } from "./transfer-links.ts";

const GROUP_FILES = 256;
const GROUP_BYTES = 1024 * 1024;
const UNITS_AT_ONCE = 3;
/** A name that a scan has yet to see, or a file that is being written, is waited for so often. */
const PASSING_TRIES = 20;
const PASSING_MS = 150;

/** Something that is to come into the folder. */
export interface Incoming {
  /** What the link calls its bytes. */
  readonly offered: RelPath;
  readonly path: RelPath;
  readonly content: PutContent;
}

export interface Receiving {
  readonly context: KeepContext;
  readonly clock: Clock;
  readonly link: FetchLink;
  /** Over a wire; else everything counts as reused. */
  readonly isRemote: boolean;
  readonly policy: SettledPolicy;
  readonly owner: string;
  readonly locks: KeyedLock;
  readonly delta: Switch;
  readonly compression: Switch;
  readonly isFresh: boolean;
  /** Which way the bytes come, and why; asked for each file that is settled. */
  readonly way: () => Pick<FileResult, "transport" | "why">;
  /** Follows a large file until the returned function is called. */
  readonly follow: (path: string, progress: Progress) => () => void;
}

type Unit = readonly Incoming[];

/** Receives all, a result for each as it is settled. Rejects on abort and when the folder is not there. */
export async function* receive(
  receiving: Receiving,
  items: readonly Incoming[],
  signal: AbortSignal,
): AsyncGenerator<FileResult> {
  const sources = new OneSource(receiving.link, receiving.clock);
  const others = items.filter(({ content }) => content.type !== "file");
  if (others.length > 0) yield* await putOthers(receiving, others);
  const files = items.filter(({ content }) => content.type === "file");
  for await (const results of inParallel(
    unitsOf(files),
    UNITS_AT_ONCE,
    (unit, until) =>
      isSmallUnit(unit) ? receiveSmall(receiving, sources, unit, until) : receiveLarge(receiving, unit, until),
    signal,
  ))
    yield* results;
}

async function putOthers(receiving: Receiving, items: readonly Incoming[]): Promise<readonly FileResult[]> {
  const results = await putPatiently(
    receiving,
    items.map((item) => putOf(receiving, item)),
  );
  return items.flatMap((item, position) => {
    const result = resultOf(receiving, item, results[position], NO_TRANSFER, 0);
    // A directory is no file: told of only when it could not be made.
    return item.content.type === "directory" && result.code === null ? [] : [result];
  });
}

function putOf({ policy, owner }: Receiving, { path, content }: Incoming, fetched?: ContentSource): Put {
  return { path, content, policy, owner, fetched };
}

async function receiveSmall(
  receiving: Receiving,
  sources: OneSource,
  unit: Unit,
  signal: AbortSignal,
): Promise<readonly FileResult[]> {
  const { context, clock } = receiving;
  const begun = clock.monotonic();
  const foreseen = unit.map((item) => foreseePut(context, putOf(receiving, item)));
  const wanted = unit.filter(
    ({ content }, position) =>
      foreseen[position]?.type === "store" && content.size > 0 && !isContentHere(context, content),
  );
  const fetched = await fetchGroup(receiving, sources, wanted, signal);
  const shares = shareOut(
    fetched.wire,
    wanted.map(({ content }) => content.size),
  );
  const puts = unit.map((item) => putOf(receiving, item, fetched.found.get(item)));
  const results = await putPatiently(receiving, puts);
  const durationMs = Math.round((clock.monotonic() - begun) / Math.max(1, unit.length));
  return unit.map((item, position) => {
    const failure = fetched.failed.get(item);
    const { size } = item.content;
    const wire = shares[wanted.indexOf(item)];
    const bytes =
      wire === undefined ? transferOf({ reusedBytes: size }) : transferOf({ whole: { fileBytes: size, wire } });
    return resultOf(receiving, item, failure ?? results[position], costOf(receiving, bytes), durationMs);
  });
}

async function fetchGroup(
  receiving: Receiving,
  sources: OneSource,
  wanted: readonly Incoming[],
  signal: AbortSignal,
): Promise<{
  readonly found: ReadonlyMap<Incoming, ContentSource>;
  readonly failed: ReadonlyMap<Incoming, Extract<PutResult, { type: "failed" }>>;
  readonly wire: WireBytes;
}> {
  const found = new Map<Incoming, ContentSource>();
  const failed = new Map<Incoming, Extract<PutResult, { type: "failed" }>>();
  if (wanted.length === 0) return { found, failed, wire: { sent: 0, received: 0 } };
  const files = wanted.flatMap((item) => {
    const { contentId, size } = item.content;
    return contentId === null ? [] : [{ path: item.offered, contentId, size, item }];
  });
  const { fetched, wire } = await fetchSmall(fetchingFrom(receiving, sources), files, signal);
  for (const result of fetched) {
    const { item } = result.file;
    if (result.type === "bytes") found.set(item, { from: "bytes", bytes: result.bytes });
    else
      failed.set(item, {
        type: "failed",
        path: item.path,
        code: result.code,
        message: fault(item, result.code),
        isPassing: false,
      });
  }
  return { found, failed, wire };
}

async function receiveLarge(receiving: Receiving, [item]: Unit, signal: AbortSignal): Promise<readonly FileResult[]> {
  if (item === undefined) return [];
  const { contentId } = item.content;
  // Two of the same content would be put together in one staged file: the second finds it in its place.
  return [
    await receiving.locks.with(`${receiving.context.folder} ${contentId}`, () => receiveOne(receiving, item, signal)),
  ];
}

async function receiveOne(receiving: Receiving, item: Incoming, signal: AbortSignal): Promise<FileResult> {
  signal.throwIfAborted();
  const { context, clock } = receiving;
  const begun = clock.monotonic();
  const { path, content, offered } = item;
  const done = (result: PutResult | undefined, bytes: TransferBytes): FileResult =>
    resultOf(receiving, item, result, costOf(receiving, bytes), Math.round(clock.monotonic() - begun));
  const foreseen = foreseePut(context, putOf(receiving, item));
  if (foreseen.type !== "store") return done(foreseen, NO_TRANSFER);
  if (isContentHere(context, content)) {
    const [result] = await putPatiently(receiving, [putOf(receiving, item)]);
    if (result?.type !== "failed" || result.code !== "E_NO_SOURCE")
      return done(result, transferOf({ reusedBytes: content.size }));
  }
  const { contentId, size } = content;
  if (contentId === null) throw new Error("bug: a file without content");
  if (receiving.isFresh) await context.disk.dropStaged(contentId);
  const progress = { total: size, done: 0 };
  const unfollow = receiving.follow(path, progress);
  try {
    const fetched = await fetchLarge(
      fetchingFrom(receiving, new OneSource(renamedLink(receiving.link, offered), clock)),
      { path, contentId, size, bases: receiving.delta === "off" ? [] : basesOf(context, path) },
      progress,
      signal,
    );
    if (fetched.type === "problem") {
      if (fetched.code === "E_DISK_FULL") await context.disk.dropStaged(contentId).catch(() => undefined);
      const message = fetched.code === "E_NO_SOURCE" ? fault(item, fetched.code) : fetched.message;
      return done({ type: "failed", path, code: fetched.code, message, isPassing: false }, NO_TRANSFER);
    }
    await context.index.write.putChunkLists([[contentId, fetched.chunkList]]);
    const [result] = await putPatiently(receiving, [putOf(receiving, item, { from: "stage" })]);
    return done(result, fetched.bytes);
  } finally {
    unfollow();
    await context.disk.leaveStaged(contentId).catch(() => undefined);
  }
}

/** As the folder fetches, but from this one source, and as the command says. */
function fetchingFrom({ context, delta, compression }: Receiving, sources: OneSource): FetchContext {
  return { ...fetchContextOf(context, sources), options: { delta, compression } };
}

/** The disk may be ahead of the index: what a scan is about to see is waited for. */
async function putPatiently(receiving: Receiving, puts: readonly Put[]): Promise<readonly PutResult[]> {
  const results = [...(await putAll(receiving.context, puts))];
  for (let tries = 0; tries < PASSING_TRIES; tries++) {
    const again = results.flatMap((result, position) =>
      result.type === "failed" && result.isPassing ? [position] : [],
    );
    if (again.length === 0) break;
    await receiving.clock.sleep(PASSING_MS);
    const retried = await putAll(
      receiving.context,
      again.flatMap((position) => puts[position] ?? []),
    );
    for (const [index, position] of again.entries()) {
      const result = retried[index];
      if (result !== undefined) results[position] = result;
    }
  }
  return results;
}

function isContentHere(context: KeepContext, content: PutContent): boolean {
  return isHere(
    context,
    { ...content, version: [], author: context.self, deleted: false, previous: null, owner: context.self },
    null,
  );
}

function fault({ path }: Incoming, code: string): string {
  return code === "E_BAD_DATA"
    ? `what was sent of ${path} does not match its hash`
    : `${path} cannot be had any more: it was changed or removed at its source meanwhile`;
}

/** Where nothing went over a wire, all of it was here. */
function costOf({ isRemote }: Receiving, bytes: TransferBytes): TransferBytes {
  return isRemote ? bytes : transferOf({ reusedBytes: bytes.fileBytes });
}

const NOTHING: FileResult["saved"] = { delta: 0, reuse: 0, compression: 0 };

function resultOf(
  { way }: Receiving,
  { path, content }: Incoming,
  result: PutResult | undefined,
  bytes: TransferBytes,
  durationMs: number,
): FileResult {
  if (result === undefined) throw new Error("bug: a put without a result");
  const isStored = result.type === "stored";
  const { wire } = bytes;
  return {
    path,
    storedAs: isStored ? result.path : null,
    fileBytes: content.size,
    wireBytes: isStored ? wire.sent + wire.received : 0,
    saved: isStored ? bytes.saved : NOTHING,
    ...way(),
    hash: null,
    durationMs,
    outcome: result.type === "failed" ? (result.code === "E_EXISTS" ? "exists" : "failed") : result.type,
    code: result.type === "failed" ? result.code : null,
    message: result.type === "failed" ? result.message : null,
  };
}

function isSmallUnit(unit: Unit): boolean {
  return (unit[0]?.content.size ?? 0) <= LIMITS.smallFileBytes.value;
}

/** Small files in groups of a request's size, each large one by itself. */
async function* unitsOf(items: readonly Incoming[]): AsyncGenerator<Unit> {
  let group: Incoming[] = [];
  let bytes = 0;
  for (const item of items) {
    if (item.content.size > LIMITS.smallFileBytes.value) {
      yield [item];
      continue;
    }
    if (group.length === GROUP_FILES || (group.length > 0 && bytes + item.content.size > GROUP_BYTES)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(item);
    bytes += item.content.size;
  }
  if (group.length > 0) yield group;
}
