/**
 * The fetching half of the puller: what is on its way, what has arrived, and
 * what it cost. Fetches run beside the folder's loop and wake it.
 */
import PQueue from "p-queue";
import type { Head, PathProblem } from "../../shared/file-info.ts";
import type { ContentId, RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { addTransfer, NO_TRANSFER, type TransferBytes, transferOf } from "../../shared/transfer-bytes.ts";
import { winnerOf } from "../core/heads.ts";
import type { Base, FetchContext, WantedFile } from "../fetch/fetch-context.ts";
import { fetchLarge, type Progress } from "../fetch/fetch-large.ts";
import { fetchSmall } from "../fetch/fetch-small.ts";
import type { FolderContext } from "../folder-context.ts";
import type { ContentSource } from "../folder-disk.ts";
import { fetchContextOf, type Sources } from "./sources.ts";

const GROUP_FILES = 256;
const GROUP_BYTES = 1024 * 1024;
const SMALL_GROUPS_AT_ONCE = 6;
const LARGE_FILES_AT_ONCE = 3;

export interface FetcherHooks {
  /** Something is ready to be applied. */
  wake(): void;
  /** Paths that waited for a content are to be planned anew. */
  restart(): void;
  failed(problem: PathProblem): void;
}

/** Content that has arrived for a path. */
export interface Ready {
  readonly path: RelPath;
  readonly contentId: ContentId;
  readonly source: ContentSource;
}

/** A file that is on its way, for `status` and `watch`. */
export interface Transfer extends Progress {
  readonly path: RelPath;
}

export class Fetcher {
  readonly #context: FolderContext;
  readonly #fetching: FetchContext;
  readonly #hooks: FetcherHooks;
  readonly #small = new PQueue({ concurrency: SMALL_GROUPS_AT_ONCE });
  readonly #large = new PQueue({ concurrency: LARGE_FILES_AT_ONCE });
  readonly #stop = new AbortController();
  /** Paths whose content is on its way or ready. */
  readonly #active = new Set<RelPath>();
  /** Contents that are on their way: a second path that wants one takes it from here once it has arrived. */
  readonly #arriving = new Set<ContentId>();
  #hasTwinWaiting = false;
  /** Wanted, and to be asked for when the plan in hand is done. */
  #wanted: WantedFile[] = [];
  readonly #ready: Ready[] = [];
  /** Contents of the batch in hand. */
  readonly #takenUp: ContentId[] = [];
  readonly #transfers = new Map<RelPath, Transfer>();
  #traffic: TransferBytes = NO_TRANSFER;

  constructor(context: FolderContext, sources: Sources, hooks: FetcherHooks) {
    this.#context = context;
    this.#fetching = fetchContextOf(context, sources);
    this.#hooks = hooks;
  }

  get isIdle(): boolean {
    return this.#active.size === 0 && this.#ready.length === 0;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Paths whose content is on its way or ready. */
  get activeCount(): number {
    return this.#active.size;
  }

  isActive(path: RelPath): boolean {
    return this.#active.has(path);
  }

  get wantedCount(): number {
    return this.#wanted.length;
  }

  get transfers(): readonly Transfer[] {
    return [...this.#transfers.values()];
  }

  get traffic(): TransferBytes {
    return this.#traffic;
  }

  /** Counts a file whose bytes were all here. */
  countReused(bytes: number): void {
    this.#count(transferOf({ reusedBytes: bytes }));
  }

  /** Counts a file whose bytes came along with its record. */
  countPushed(bytes: number): void {
    this.#count(transferOf({ whole: { fileBytes: bytes, wire: { sent: 0, received: bytes } } }));
  }

  /** Stops fetching and waits for what runs. */
  async dispose(): Promise<void> {
    this.#stop.abort();
    this.#small.clear();
    this.#large.clear();
    await Promise.all([this.#small.onIdle(), this.#large.onIdle()]);
  }

  /** Notes a file to be asked for at the next `start`; false when its content is on its way for another path. */
  want(path: RelPath, { contentId, size }: Head): boolean {
    if (contentId === null) throw new Error("bug: fetching something without content");
    if (this.#arriving.has(contentId)) {
      this.#hasTwinWaiting = true;
      return false;
    }
    this.#arriving.add(contentId);
    this.#wanted.push({ path, contentId, size });
    return true;
  }

  /** Asks for what was wanted since the last time. */
  start(): void {
    const wanted = this.#wanted;
    this.#wanted = [];
    const isSmall = ({ size }: WantedFile): boolean => size <= LIMITS.smallFileBytes.value;
    for (const group of groupsOf(wanted.filter(isSmall))) this.#startSmall(group);
    for (const file of wanted.filter((each) => !isSmall(each))) this.#startLarge(file);
  }

  /** Hands over up to `limit` contents that have arrived; `applied` ends it. */
  take(limit: number): readonly Ready[] {
    const taken = this.#ready.splice(0, limit);
    for (const { path, contentId } of taken) {
      this.#active.delete(path);
      this.#takenUp.push(contentId);
    }
    return taken;
  }

  /** What was taken is on the disk, or never will be. */
  applied(): void {
    for (const contentId of this.#takenUp.splice(0)) this.#arrived(contentId);
  }

  #count(bytes: TransferBytes): void {
    this.#traffic = addTransfer(this.#traffic, bytes);
  }

  #tellDone(path: RelPath, { fileBytes, wire, saved }: TransferBytes): void {
    const data = { kind: "sync", fileBytes, wireBytes: wire.sent + wire.received, saved };
    this.#context.emit({ type: "transfer.done", path, device: this.#context.self, data });
  }

  #startSmall(files: readonly WantedFile[]): void {
    for (const file of files) this.#active.add(file.path);
    void this.#small.add(async () => {
      let bytes = 0;
      let count = 0;
      try {
        const { fetched, wire } = await fetchSmall(this.#fetching, files, this.#stop.signal);
        for (const result of fetched) {
          if (result.type === "bytes") {
            bytes += result.bytes.length;
            count++;
            this.#ready.push({ ...result.file, source: { from: "bytes", bytes: result.bytes } });
          } else this.#failed(result.file, result);
        }
        this.#count(transferOf({ whole: { fileBytes: bytes, wire } }));
      } catch (error) {
        for (const file of files) this.#failed(file, { code: "E_NO_SOURCE", message: String(error) });
      }
      if (count > 0) this.#context.log.info("Fetched files", { files: count, bytes });
      this.#hooks.wake();
    });
  }

  #startLarge(file: WantedFile): void {
    const { path, contentId, size } = file;
    this.#active.add(path);
    const transfer: Transfer = { path, total: size, done: 0 };
    void this.#large.add(async () => {
      this.#transfers.set(path, transfer);
      try {
        const wanted = { ...file, bases: this.#basesOf(path) };
        const result = await fetchLarge(this.#fetching, wanted, transfer, this.#stop.signal);
        if (result.type === "staged") {
          await this.#context.index.write.putChunkLists([[contentId, result.chunkList]]);
          this.#count(result.bytes);
          this.#ready.push({ path, contentId, source: { from: "stage" } });
          this.#context.log.info("Fetched file", { path, bytes: size, ...figures(result.bytes) });
          this.#tellDone(path, result.bytes);
        } else await this.#failedLarge(file, result);
      } catch (error) {
        const code = isCoded(error) ? error.code : "E_NO_SOURCE";
        const message = `${path}: ${error instanceof Error ? error.message : String(error)}`;
        await this.#failedLarge(file, { code, message });
      }
      this.#transfers.delete(path);
      this.#hooks.wake();
    });
  }

  /** What this path shows now, on the disk: the likeliest to share chunks. */
  #basesOf(path: RelPath): readonly Base[] {
    const row = this.#context.index.read.local(this.#context.folder, path);
    const shown = row?.stamp == null ? undefined : winnerOf(row.heads);
    if (shown === undefined || shown.type !== "file" || shown.contentId === null) return [];
    return [{ contentId: shown.contentId, size: shown.size, from: "path", name: path }];
  }

  /** The content is taken up, or will not come: who waited for it is planned anew. */
  #arrived(contentId: ContentId): void {
    this.#arriving.delete(contentId);
    if (this.#hasTwinWaiting) this.#hooks.restart();
    this.#hasTwinWaiting = false;
  }

  /** What a full disk could not take must not fill it while somebody makes room, nor what other transfers left there. */
  async #failedLarge(file: WantedFile, problem: Omit<PathProblem, "path">): Promise<void> {
    const { disk } = this.#context;
    const isFull = problem.code === "E_DISK_FULL";
    const settle = isFull
      ? disk.dropStaged(file.contentId).then(() => disk.cleanStage(0))
      : disk.leaveStaged(file.contentId);
    await settle.catch(() => undefined);
    this.#failed(file, problem);
  }

  #failed({ path, contentId }: WantedFile, { code, message }: Omit<PathProblem, "path">): void {
    this.#active.delete(path);
    this.#arrived(contentId);
    if (!this.#stop.signal.aborted) this.#hooks.failed({ path, code, message });
  }
}

function groupsOf(files: readonly WantedFile[]): readonly (readonly WantedFile[])[] {
  const groups: WantedFile[][] = [];
  let group: WantedFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (group.length === GROUP_FILES || bytes + file.size > GROUP_BYTES) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(file);
    bytes += file.size;
  }
  return group.length > 0 ? [...groups, group] : groups;
}

/** What a transfer cost, for the log. */
function figures({ wire, saved }: TransferBytes): Readonly<Record<string, number>> {
  return { wire: wire.sent + wire.received, reused: saved.reuse, delta: saved.delta, compression: saved.compression };
}

function isCoded(error: unknown): error is { readonly code: string } {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    typeof error.code === "string" &&
    error.code.startsWith("E_")
  );
}
