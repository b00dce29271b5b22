/** The missing chunks of one large file as work for several devices. */
import { addWire, NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import type { FetchContext, FetchLink, WantedFile } from "./fetch-context.ts";
import type { Progress } from "./fetch-large.ts";
import { chunkOffsets, nextRun, provenHashes, type Run, runBytes } from "./missing-runs.ts";
import type { Outcome, Piece, Work } from "./work-loop.ts";

interface ChunkPiece extends Piece {
  readonly run: Run;
  /** Devices that failed at it. */
  readonly failed: Set<FetchLink>;
}

export interface ChunkWorkParts {
  readonly context: FetchContext;
  readonly file: WantedFile;
  readonly list: WireChunkList;
  /** Full hashes of the chunks that are in place; filled in as more come. */
  readonly hashes: (Uint8Array | undefined)[];
  readonly progress: Progress;
}

export class ChunkWork implements Work<ChunkPiece> {
  readonly #parts: ChunkWorkParts;
  readonly #offsets: Float64Array;
  /** Everything before it is here or was taken. */
  #next = 0;
  /** Taken, and given back. */
  readonly #waiting: ChunkPiece[] = [];
  /** Devices that no longer have the file. */
  readonly #without = new Set<FetchLink>();
  #wire: WireBytes = NO_WIRE;
  /** Names of devices that sent wrong bytes. */
  readonly #liars = new Set<string>();

  constructor(parts: ChunkWorkParts) {
    this.#parts = parts;
    this.#offsets = chunkOffsets(parts.list);
  }

  /** What asking and answers took so far. */
  get wire(): WireBytes {
    return this.#wire;
  }

  get liars(): readonly string[] {
    return [...this.#liars];
  }

  take(link: FetchLink, bytes: number): ChunkPiece | undefined {
    if (this.#without.has(link)) return undefined;
    const position = this.#waiting.findIndex((piece) => !piece.failed.has(link));
    if (position >= 0) return this.#waiting.splice(position, 1)[0];
    const { list, hashes } = this.#parts;
    const run = nextRun(list, hashes, this.#next, bytes);
    if (run === undefined) return undefined;
    this.#next = run.first + run.count;
    return { run, bytes: runBytes(list, run), failed: new Set() };
  }

  mayAsk(link: FetchLink, piece: ChunkPiece): boolean {
    return !this.#without.has(link) && !piece.failed.has(link);
  }

  async ask(link: FetchLink, { run, bytes: size }: ChunkPiece, signal: AbortSignal): Promise<Outcome> {
    const { context, file, list } = this.#parts;
    const { path, contentId } = file;
    const offset = this.#offsets[run.first] ?? 0;
    const { answer, wire } = await link.fetchChunks([{ path, contentId, offset, size }], signal);
    this.#wire = addWire(this.#wire, wire);
    const [bytes] = answer;
    if (bytes === undefined) return { type: "not-here" };
    const proven = provenHashes(context.hasher, list, run, bytes);
    if (proven === undefined) return { type: "wrong" };
    return { type: "proven", bytes: size, put: () => this.#put(run, bytes, proven) };
  }

  exclude(link: FetchLink, piece: ChunkPiece, why: "not-here" | "wrong" | "failed"): void {
    piece.failed.add(link);
    if (why === "not-here") this.#without.add(link);
    if (why !== "wrong") return;
    this.#liars.add(link.name);
    this.#parts.context.sources.noteBadAnswer(link);
  }

  giveBack(piece: ChunkPiece): void {
    this.#waiting.push(piece);
  }

  async #put(run: Run, bytes: Uint8Array, proven: readonly Uint8Array[]): Promise<void> {
    const { context, file, hashes, progress } = this.#parts;
    progress.done += bytes.length;
    await context.stage.writeStaged(file.contentId, [{ offset: this.#offsets[run.first] ?? 0, bytes }]);
    for (const [position, hash] of proven.entries()) hashes[run.first + position] = hash;
  }
}
