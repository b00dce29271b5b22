/** Reading files back from the disk: hashing one, comparing a folder on two devices, repairing what differs. */
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import { API } from "../../shared/api.ts";
import type { ReadBackLine, VerifyLine } from "../../shared/api-files.ts";
import { SyncError } from "../../shared/errors.ts";
import { type ContentId, parseRelPath, type RelPath } from "../../shared/ids.ts";
import { compareSides, type Side } from "../../sync/reread/compare-sides.ts";
import type { ReadBack } from "../../sync/reread/read-back.ts";
import { reread } from "../../sync/reread/reread.ts";
import type { RereadWhat } from "../../sync/reread/reread-worker.ts";
import { compareWalked } from "../../sync/reread/walk.ts";
import { liveHead, shownHead } from "../../sync/versions/known.ts";
import { repair } from "../../sync/versions/repair.ts";
import { type Actor, ownerFor } from "../api/actor.ts";
import type { NodeService, RequestContext } from "../api/node-service.ts";
import { askPeer } from "../api/peer-commands.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";
import { peerAsker } from "./reach-peer.ts";

export type VerifyRoutes = Pick<NodeService, "hash" | "readBack" | "verify" | "repair">;

const PROGRESS_MS = 500;

export function verifyRoutes(node: Node): VerifyRoutes {
  return {
    hash: (request, { actor, signal }) => hashOne(node, request, actor, signal),
    readBack: (request, { actor, signal }) => readBackLines(node, request, actor, signal),
    verify: (request, context) => verifyLines(node, request, context),
    repair: async ({ folder, paths, how }, { actor, signal }) => {
      const runtime = node.access.folder(actor, folder, "write");
      const by = ownerFor(actor, node.parts.identity.shortId);
      const done = await repair(runtime.context, { paths: paths.map(parseRelPath), how, by, signal });
      if (how === "restore" && done.paths.length > 0) runtime.folder.rescan();
      const skipped = done.skipped.map(({ path, code, message }) => ({ path, code, message }));
      return { folder: runtime.id, paths: [...done.paths], skipped };
    },
  };
}

async function hashOne(
  node: Node,
  { folder, path: text }: RouteRequest<"hash">,
  actor: Actor,
  signal: AbortSignal,
): Promise<RouteOutput<"hash">> {
  const runtime = node.access.folder(actor, folder, "read");
  const path = parseRelPath(text);
  const live = liveHead(runtime.context.index.read.local(runtime.id, path));
  // What does not sync is nobody's business, whether or not it lies there.
  if (live === undefined)
    throw new SyncError("E_PATH_NOT_FOUND", `there is nothing at ${path} in folder ${runtime.id}`);
  if (live.type !== "file")
    throw new SyncError("E_USAGE", `${path} is a ${live.type}`, {
      hint: "name a file; `syncline verify --all` compares whole folders",
    });
  const [found] = await hashAll(runtime, [path], signal);
  switch (found?.type) {
    case "file":
      return { folder: runtime.id, path, hash: `sha256:${found.sha256}` };
    case "unreadable":
      throw new SyncError(found.code === "E_CHANGING" ? "E_CHANGING" : "E_UNREADABLE", found.message);
    default:
      throw new SyncError("E_NOT_SYNCED_YET", `${path} is known there, but the disk does not have it`);
  }
}

/** Reads files and remembers what their contents hash to. */
export async function hashAll(
  runtime: FolderRuntime,
  paths: readonly RelPath[],
  signal: AbortSignal,
): Promise<readonly ReadBack[]> {
  const items: ReadBack[] = [];
  for await (const part of rereadFolder(runtime, { paths }, signal)) items.push(...part);
  return items;
}

/** Reads back, and remembers what each content hashes to. */
async function* rereadFolder(
  runtime: FolderRuntime,
  what: RereadWhat,
  signal: AbortSignal,
): AsyncGenerator<readonly ReadBack[]> {
  const { context, id } = runtime;
  const root = await context.disk.check();
  if (root.type === "halted") throw new SyncError(root.code, `folder ${id}: ${root.message}`);
  for await (const part of reread({ root: runtime.config.path, what }, signal)) {
    const hashes = part.flatMap((item): readonly (readonly [ContentId, string])[] =>
      item.type === "file" ? [[item.contentId, item.sha256]] : [],
    );
    if (hashes.length > 0) await context.index.write.putContentHashes(hashes);
    yield part;
  }
}

async function* readBackLines(
  node: Node,
  request: RouteRequest<"readBack">,
  actor: Actor,
  signal: AbortSignal,
): AsyncGenerator<ReadBackLine> {
  const runtime = node.access.folder(actor, request.folder, "read");
  const below = request.path === "" ? "" : parseRelPath(request.path);
  const ignore = runtime.context.ignoreSource();
  let entries = 0;
  let bytes = 0;
  for await (const part of rereadFolder(runtime, { below, ignore }, signal)) {
    for (const item of part) {
      if (item.type === "missing") continue;
      entries++;
      if (item.type === "file") bytes += item.size;
      yield lineOf(runtime, item);
    }
  }
  yield { type: "end", entries, bytes };
}

function lineOf({ context, id }: FolderRuntime, item: Exclude<ReadBack, { type: "missing" }>): ReadBackLine {
  if (item.type === "unreadable") return item;
  const shown = shownHead(context.index.read.local(id, item.path));
  switch (item.type) {
    case "file": {
      const { type, path, size, sha256, contentId } = item;
      const isAsRecorded = shown?.type === "file" && shown.contentId === contentId;
      return { type, path, size, hash: `sha256:${sha256}`, isAsRecorded };
    }
    case "symlink":
      return { ...item, isAsRecorded: shown?.type === "symlink" && shown.target === item.target };
    case "directory":
      return { ...item, isAsRecorded: shown?.type === "directory" };
    default:
      return item satisfies never;
  }
}

/** Both sides read at once, each in the order of the same walk; whichever is ahead waits. */
async function* verifyLines(
  node: Node,
  request: RouteRequest<"verify">,
  { actor, signal }: RequestContext,
): AsyncGenerator<VerifyLine> {
  const runtime = node.access.folder(actor, request.folder, "read");
  const asker = peerAsker(node);
  const peer = await asker.reach(request.peer);
  if (peer === undefined)
    throw new SyncError("E_USAGE", "a folder is compared with the same one on another device", {
      hint: "name a paired device: syncline verify --all PEER:FOLDER",
    });
  const { path } = request;
  const input = API.readBack.input.parse({ folder: runtime.id, path });
  const far = askPeer(asker, peer, "readBack", input, { actor, signal }) as AsyncIterable<ReadBackLine>;
  const near = readBackLines(node, { folder: runtime.id, path }, actor, signal);
  yield* comparing(near, far, { folder: runtime.id, nowMs: () => node.parts.clock.monotonic() });
}

/** Compares two walks; the far one is another device's word. */
async function* comparing(
  near: AsyncIterable<ReadBackLine>,
  far: AsyncIterable<ReadBackLine>,
  { folder, nowMs }: { readonly folder: string; readonly nowMs: () => number },
): AsyncGenerator<VerifyLine> {
  const counts = { differs: 0, missing: 0, extra: 0, unreadable: 0 };
  let [entries, bytes, toldMs] = [0, 0, nowMs()];
  for await (const { path, here, there } of pairs(near, far)) {
    entries++;
    if (here?.type === "file") bytes += here.size;
    const bad = [{ side: "here", line: here } as const, { side: "there", line: there } as const].flatMap(
      ({ side, line }) => (line?.type === "unreadable" ? [{ side, ...line }] : []),
    );
    for (const { side, code, message } of bad) {
      counts.unreadable++;
      yield { type: "unreadable", path, side, code, message };
    }
    const difference = bad.length > 0 ? undefined : compareSides(sideOf(here), sideOf(there));
    if (difference !== undefined) {
      counts[difference.type]++;
      yield { ...difference, path };
    }
    if (nowMs() - toldMs < PROGRESS_MS) continue;
    toldMs = nowMs();
    yield { type: "progress", entries, bytes };
  }
  const same = Object.values(counts).every((count) => count === 0);
  yield { type: "summary", folder, same, entries, bytes, ...counts };
}

type Found = Exclude<ReadBackLine, { type: "end" }>;

async function* pairs(
  near: AsyncIterable<ReadBackLine>,
  far: AsyncIterable<ReadBackLine>,
): AsyncGenerator<{ readonly path: string; readonly here: Found | undefined; readonly there: Found | undefined }> {
  const walks = [near[Symbol.asyncIterator](), far[Symbol.asyncIterator]()] as const;
  try {
    let [here, there] = await Promise.all([nextOf(walks[0]), nextOf(walks[1])]);
    while (here !== undefined || there !== undefined) {
      const order = here === undefined ? 1 : there === undefined ? -1 : compareWalked(here.path, there.path);
      const path = (order <= 0 ? here : there)?.path ?? "";
      yield { path, here: order <= 0 ? here : undefined, there: order >= 0 ? there : undefined };
      [here, there] = await Promise.all([order <= 0 ? nextOf(walks[0]) : here, order >= 0 ? nextOf(walks[1]) : there]);
    }
  } finally {
    await Promise.all(walks.map((walk) => walk.return?.(undefined)));
  }
}

async function nextOf(walk: AsyncIterator<ReadBackLine>): Promise<Found | undefined> {
  const { value, done } = await walk.next();
  if (done === true) throw new SyncError("E_PROTOCOL", "the list of files broke off");
  return value.type === "end" ? undefined : value;
}

function sideOf(line: Found | undefined): Side | undefined {
  return line === undefined || line.type === "unreadable" ? undefined : line;
}
