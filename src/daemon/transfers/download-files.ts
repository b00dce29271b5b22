/** The files of one download, as they are told of: each looked at, fetched and named. */
import { basename, dirname, join } from "node:path";
import type { RouteOutput } from "../../shared/api.ts";
import type { FileResult, RemoteEntry, TransferLine } from "../../shared/api-transfers.ts";
import { decideDuplicate, type SettledPolicy } from "../../shared/duplicates.ts";
import { SyncError } from "../../shared/errors.ts";
import { toHex } from "../../shared/hex.ts";
import { type ContentId, type FolderId, parseRelPath, type RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { printable } from "../../shared/printable.ts";
import { NO_TRANSFER, type TransferBytes, transferOf } from "../../shared/transfer-bytes.ts";
import type { FetchContext, FetchLink, FetchStage } from "../../sync/fetch/fetch-context.ts";
import { fetchLarge } from "../../sync/fetch/fetch-large.ts";
import { fetchSmall } from "../../sync/fetch/fetch-small.ts";
import { belowAsked } from "./below-asked.ts";
import type { DownloadRun, Place } from "./download.ts";
import { type Bases, basesFor, NO_BASES } from "./download-bases.ts";
import type { HashedFile, Installed, InstallFile, LocalEntry, TakeName } from "./file-calls.ts";
import { inParallel } from "./in-parallel.ts";
import { chunksHere, placesHere } from "./on-this-node.ts";
import { shareOut } from "./share-out.ts";
import { countedLink, limitedLink, OneSource, plainLink } from "./transfer-links.ts";

const GROUP_FILES = 256;
const GROUP_BYTES = 1024 * 1024;
const UNITS_AT_ONCE = 3;

/** A thing to be brought here, and where it goes. */
interface Wanted {
  readonly entry: RemoteEntry;
  /** Below the folder, at the serving node. */
  readonly path: RelPath;
  readonly target: string;
}

type Unit = readonly Wanted[];

/** How a name is to be taken, and what stands there. */
interface Taking {
  readonly take: TakeName;
  readonly existing: HashedFile | undefined;
}

export class DownloadFiles {
  readonly #run: DownloadRun;
  readonly #place: Place;
  readonly #base: RelPath | "";
  readonly #policy: SettledPolicy;
  readonly #folder: FolderId;
  readonly #sources: OneSource;
  readonly #links: Wanted[] = [];
  readonly #missing: FileResult[] = [];

  constructor(
    run: DownloadRun,
    { folder, link }: { readonly folder: FolderId; readonly link: FetchLink },
    place: Place,
  ) {
    this.#run = run;
    this.#folder = folder;
    this.#place = place;
    const { request, clock } = run;
    this.#base = request.path === "" ? "" : parseRelPath(request.path);
    this.#policy = request.onDuplicate;
    const counted = countedLink(link, (wire) => run.job.countWire(wire));
    this.#sources = new OneSource(plainLink(limitedLink(counted, request.limit, clock)), clock);
  }

  async *all(entries: AsyncIterable<RouteOutput<"downloadOpen">>, signal: AbortSignal): AsyncGenerator<TransferLine> {
    const { job } = this.#run;
    const units = this.#units(entries);
    for await (const results of inParallel(units, UNITS_AT_ONCE, (unit, until) => this.#unit(unit, until), signal))
      for (const result of results) yield await job.take(result);
    for (const result of this.#missing) yield await job.take(result);
    // Links last: nothing is written through one that just came.
    for (const wanted of this.#links) yield await job.take(await this.#link(wanted));
  }

  /** Small files in groups of a request's size, each large one by itself, in the order in which they are told of. */
  async *#units(entries: AsyncIterable<RouteOutput<"downloadOpen">>): AsyncGenerator<Unit> {
    let group: Wanted[] = [];
    let bytes = 0;
    for await (const line of entries) {
      if (line.type === "end") break;
      if (line.type === "opened") throw new SyncError("E_PROTOCOL", "a download was opened twice");
      if (line.type === "missing") {
        this.#missing.push(this.#failed(line.path, 0, line.code, line.message));
        continue;
      }
      const wanted = this.#wanted(line);
      if (this.#run.job.settled.has(wanted.path)) continue;
      if (line.fileType === "directory") await this.#directory(wanted);
      else if (line.fileType === "symlink") this.#links.push(wanted);
      else if (line.size > LIMITS.smallFileBytes.value) yield [wanted];
      else {
        if (group.length === GROUP_FILES || (group.length > 0 && bytes + line.size > GROUP_BYTES)) {
          yield group;
          group = [];
          bytes = 0;
        }
        group.push(wanted);
        bytes += line.size;
      }
    }
    if (group.length > 0) yield group;
  }

  #wanted(entry: RemoteEntry): Wanted {
    const below = belowAsked(this.#base, entry.path);
    const names = below === "" ? [] : below.split("/").map(localName);
    return { entry, path: entry.path as RelPath, target: join(this.#place.root, ...names) };
  }

  async #directory({ target, entry }: Wanted): Promise<void> {
    await this.#run.thread.call("makeDirectory", [this.#place.top, target, entry.mode]);
  }

  /** The directories that the unit's targets lie in. One that a person named as the place of a single file must be there. */
  async #makeParents(unit: Unit): Promise<void> {
    const { request, thread } = this.#run;
    for (const parent of new Set(unit.map(({ target }) => dirname(target)))) {
      const isNamed = unit.length === 1 && unit[0]?.target === this.#place.root && !request.isDirectory;
      if (!isNamed) await thread.call("makeDirectory", [this.#place.top, parent, 0o755]);
    }
  }

  async #unit(unit: Unit, signal: AbortSignal): Promise<readonly FileResult[]> {
    const [first] = unit;
    if (first === undefined) return [];
    await this.#makeParents(unit);
    const isLarge = first.entry.size > LIMITS.smallFileBytes.value;
    const results = isLarge ? [await this.#large(first, signal)] : await this.#small(unit, signal);
    // Whoever is gone could not give the rest either: that is tried again when it is back.
    if (!this.#run.serving.isOpen && results.some(({ code }) => code === "E_NO_SOURCE"))
      throw new SyncError("E_PEER_OFFLINE", `the connection to ${this.#run.serving.name} was lost`);
    return results;
  }

  async #small(unit: Unit, signal: AbortSignal): Promise<readonly FileResult[]> {
    const { thread, clock } = this.#run;
    const begun = clock.monotonic();
    const results = new Map<Wanted, FileResult>();
    const takings = new Map<Wanted, Taking>();
    const found = await thread.call("look", [unit.map(({ target }) => target)]);
    for (const [position, wanted] of unit.entries()) {
      const step = await this.#decide(wanted, found[position] ?? null);
      if ("outcome" in step) results.set(wanted, step);
      else takings.set(wanted, step);
    }
    const ready = [...(await this.#fetchSmall([...takings.keys()], results, signal))];
    const installed = await thread.call("installSmall", [
      ready.map(([wanted, { bytes }]) => ({ ...fileOf(wanted, takings.get(wanted)?.take ?? "create"), bytes })),
    ]);
    const durationMs = Math.round((clock.monotonic() - begun) / unit.length);
    for (const [position, [wanted, { cost }]] of ready.entries())
      results.set(wanted, this.#installed(wanted, installed[position], cost, durationMs));
    return unit.flatMap((wanted) => results.get(wanted) ?? []);
  }

  /** Fetches a group; what could not be had goes to `results`. */
  async #fetchSmall(
    unit: Unit,
    results: Map<Wanted, FileResult>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Wanted, { readonly bytes: Uint8Array; readonly cost: TransferBytes }>> {
    const found = new Map<Wanted, { readonly bytes: Uint8Array; readonly cost: TransferBytes }>();
    const files = unit.flatMap((wanted) => {
      const { contentId, size } = wanted.entry;
      if (size === 0) found.set(wanted, { bytes: new Uint8Array(0), cost: NO_TRANSFER });
      return size === 0 || contentId === null
        ? []
        : [{ path: wanted.path, contentId: contentId as ContentId, size, wanted }];
    });
    for (const [wanted, bytes] of await this.#readHere(files))
      found.set(wanted, { bytes, cost: transferOf({ reusedBytes: bytes.length }) });
    const lacking = files.filter(({ wanted }) => !found.has(wanted));
    if (lacking.length === 0) return found;
    const { fetched, wire } = await fetchSmall(this.#context(NO_STAGE, NO_BASES), lacking, signal);
    const arrived = fetched.filter((result) => result.type === "bytes");
    const shares = shareOut(
      wire,
      arrived.map(({ file }) => file.size),
    );
    for (const [position, { file, bytes }] of arrived.entries()) {
      const cost = transferOf({ whole: { fileBytes: file.size, wire: shares[position] ?? wire } });
      found.set(file.wanted, { bytes, cost: this.#costOf(cost) });
    }
    for (const result of fetched)
      if (result.type === "problem") results.set(result.file.wanted, this.#lost(result.file.wanted, result));
    return found;
  }

  /** Those of small files that are here already, proven by their hash. */
  async #readHere(
    files: readonly { readonly contentId: ContentId; readonly size: number; readonly wanted: Wanted }[],
  ): Promise<ReadonlyMap<Wanted, Uint8Array>> {
    const { request, thread, hasher } = this.#run;
    const here = new Map<Wanted, Uint8Array>();
    const known = files.flatMap(({ contentId, size, wanted }) => {
      const paths = request.reuse ? placesHere(this.#run, contentId).map(({ path }) => path) : [];
      return paths.length === 0 ? [] : [{ contentId, wanted, size, paths }];
    });
    if (known.length === 0) return here;
    const read = await thread.call("readSmall", [known.map(({ paths, size }) => ({ paths, size }))]);
    for (const [position, { contentId, wanted }] of known.entries())
      for (const bytes of read[position] ?? []) if (toHex(hasher.chunk(bytes)) === contentId) here.set(wanted, bytes);
    return here;
  }

  async #large(wanted: Wanted, signal: AbortSignal): Promise<FileResult> {
    const { contentId } = wanted.entry;
    const key = `stage ${dirname(wanted.target)} ${contentId}`;
    return await this.#run.locks.with(key, () => this.#largeAlone(wanted, signal));
  }

  async #largeAlone(wanted: Wanted, signal: AbortSignal): Promise<FileResult> {
    signal.throwIfAborted();
    const { thread, job, clock, request } = this.#run;
    const begun = clock.monotonic();
    const { entry, path, target } = wanted;
    job.progress.path = path;
    const [found = null] = await thread.call("look", [[target]]);
    const taking = await this.#decide(wanted, found);
    if ("outcome" in taking) return taking;
    const contentId = entry.contentId as ContentId;
    const place = { directory: dirname(target), contentId };
    const bases =
      request.reuse && request.delta !== "off" ? basesFor(this.#run, this.#folder, wanted, taking.existing) : NO_BASES;
    const stage = thread.stage(place, { isFresh: !request.resume, places: bases.places });
    const progress = { total: entry.size, done: 0 };
    const unfollow = job.follow(progress);
    try {
      const file = { path, contentId, size: entry.size, bases: bases.bases };
      const fetched = await fetchLarge(this.#context(stage, bases), file, progress, signal);
      if (fetched.type === "problem") {
        if (fetched.code === "E_DISK_FULL") await thread.call("dropStaged", [place]);
        return this.#lost(wanted, fetched);
      }
      const installed = await thread.call("install", [place, fileOf(wanted, taking.take)]);
      if (installed.type !== "stored") await thread.call("dropStaged", [place]);
      const durationMs = Math.round(clock.monotonic() - begun);
      return this.#installed(wanted, installed, this.#costOf(fetched.bytes), durationMs);
    } finally {
      unfollow();
    }
  }

  async #link(wanted: Wanted): Promise<FileResult> {
    const { thread } = this.#run;
    await this.#makeParents([wanted]);
    const [found = null] = await thread.call("look", [[wanted.target]]);
    const taking = await this.#decide(wanted, found);
    if ("outcome" in taking) return taking;
    const installed = await thread.call("installLink", [wanted.target, wanted.entry.target, taking.take]);
    return this.#installed(wanted, installed, NO_TRANSFER, 0);
  }

  /** What to do about a target where something may be already. */
  async #decide(wanted: Wanted, found: LocalEntry | null): Promise<FileResult | Taking> {
    const { entry, path, target } = wanted;
    const isReplacing = this.#policy === "version" || this.#policy === "overwrite";
    const existing = isReplacing && found?.type === "file" ? await this.#hashed(target) : undefined;
    const decision = decideDuplicate(
      this.#policy,
      found === null
        ? undefined
        : {
            isSameType: found.type === "file" || found.type === "symlink",
            isSameContent:
              entry.fileType === "symlink"
                ? found.type === "symlink" && found.target === entry.target
                : existing !== undefined && existing.contentId === entry.contentId,
          },
    );
    switch (decision.type) {
      case "create":
        return { take: this.#policy === "rename" ? "number" : "create", existing };
      case "replace":
        return { take: "replace", existing };
      case "rename":
        return { take: "number", existing };
      case "unchanged":
        return {
          ...this.#settled(path, entry.size, "unchanged"),
          hash: existing === undefined ? null : `sha256:${existing.sha256}`,
        };
      case "skip":
        return this.#settled(path, entry.size, "skipped");
      case "fail":
        return this.#failed(path, entry.size, "E_EXISTS", `${printable(target)} exists`);
      case "in-the-way":
        return this.#failed(path, entry.size, "E_EXISTS", `${printable(target)} is in the way: it is no file`);
    }
  }

  async #hashed(target: string): Promise<HashedFile | undefined> {
    try {
      return await this.#run.thread.call("hash", [target]);
    } catch (error) {
      // It cannot be read: then it is no base, and other content.
      if (error instanceof SyncError && error.code !== "E_INTERRUPTED") return undefined;
      throw error;
    }
  }

  #context(stage: FetchStage, bases: Bases): FetchContext {
    const { clock, hasher, log, index, request } = this.#run;
    const chunkList = (contentId: ContentId): Uint8Array | undefined =>
      bases.lists.get(contentId) ?? (request.reuse ? index.read.chunkList(contentId) : undefined);
    return {
      clock,
      hasher,
      log,
      sources: this.#sources,
      stage,
      chunkList,
      ...(request.reuse ? { elsewhere: chunksHere(this.#run) } : {}),
      options: { delta: request.delta, compression: request.compression },
    };
  }

  /** Where nothing went over a wire, all of it was here. */
  #costOf(bytes: TransferBytes): TransferBytes {
    return this.#run.serving.peer === undefined ? transferOf({ reusedBytes: bytes.fileBytes }) : bytes;
  }

  #lost({ path, entry }: Wanted, { code, message }: { readonly code: string; readonly message: string }): FileResult {
    const shown =
      code === "E_NO_SOURCE" ? `${path} cannot be had any more: it was changed or removed meanwhile` : message;
    return this.#failed(path, entry.size, code, shown);
  }

  #installed(wanted: Wanted, installed: Installed | undefined, cost: TransferBytes, durationMs: number): FileResult {
    const { path, entry, target } = wanted;
    switch (installed?.type) {
      case "stored": {
        const { wire, saved } = cost;
        const hash = installed.sha256 === "" ? null : `sha256:${installed.sha256}`;
        const settled = this.#settled(path, entry.size, "stored");
        return { ...settled, storedAs: installed.path, wireBytes: wire.sent + wire.received, saved, hash, durationMs };
      }
      case "exists":
        return this.#failed(path, entry.size, "E_EXISTS", `${printable(target)} appeared meanwhile`);
      case "failed":
        return this.#failed(path, entry.size, installed.code, installed.message);
      case undefined:
        throw new Error("bug: a file without an outcome");
    }
  }

  #settled(path: string, fileBytes: number, outcome: FileResult["outcome"]): FileResult {
    const { transport, why } = this.#run.job;
    const saved = { delta: 0, reuse: 0, compression: 0 };
    const facts = { path, storedAs: null, fileBytes, wireBytes: 0, saved, transport, why };
    return { ...facts, hash: null, durationMs: 0, outcome, code: null, message: null };
  }

  #failed(path: string, fileBytes: number, code: string, message: string): FileResult {
    return { ...this.#settled(path, fileBytes, code === "E_EXISTS" ? "exists" : "failed"), code, message };
  }
}

function fileOf({ entry, target }: Wanted, take: TakeName): InstallFile {
  return { target, take, mode: entry.mode, mtimeNs: BigInt(entry.mtimeNs) };
}

/** Where nothing is staged: small files are put together in memory. */
export const NO_STAGE: FetchStage = {
  assemble: () => Promise.reject(new Error("bug: a small file is not staged")),
  cutAnew: () => Promise.reject(new Error("bug: a small file is one chunk")),
  writeStaged: () => Promise.reject(new Error("bug: a small file is not staged")),
  describeRegions: () => Promise.reject(new Error("bug: a small file has no regions")),
  rebuildRegions: () => Promise.reject(new Error("bug: a small file has no regions")),
  dropStaged: async () => undefined,
  free: async () => ({ bytes: Number.MAX_SAFE_INTEGER, totalBytes: Number.MAX_SAFE_INTEGER, inodes: undefined }),
};

/** A name from another device is one name here, whatever this platform takes for a separator. */
export function localName(name: string): string {
  if (basename(name) === name && name !== "." && name !== ".." && !name.includes("\0")) return name;
  throw new SyncError("E_NAME_UNHOLDABLE", `${printable(name)} cannot be a file name here`, {
    hint: "name the target yourself with -o",
  });
}
