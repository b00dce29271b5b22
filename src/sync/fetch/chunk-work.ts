/** The missing chunks of one large file as work for several devices. */
import { FEATURES } from "../../shared/features.ts";
import { LIMITS } from "../../shared/limits.ts";
import { addShare, NO_WIRE, type Share } from "../../shared/transfer-bytes.ts";
import { WIRE_HASH_BYTES, type WireChunkList } from "../delta/wire-chunk-list.ts";
import type { AnsweredRegion, DescribedRegion } from "../folder-disk.ts";
import type { FetchContext, FetchLink, WantedFile } from "./fetch-context.ts";
import type { Progress } from "./fetch-large.ts";
import { chunkOffsets, nextRun, provenHashes, type Run, runBytes } from "./missing-runs.ts";
import type { PlannedRegion } from "./region-plan.ts";
import type { Outcome, Piece, Work } from "./work-loop.ts";

interface RunPiece extends Piece {
  readonly type: "run";
  readonly run: Run;
  /** Devices that failed at it. */
  readonly failed: Set<FetchLink>;
}

/** Regions that are asked for together: one question, one answer. */
interface RegionsPiece extends Piece {
  readonly type: "regions";
  readonly regions: readonly PlannedRegion[];
  readonly failed: Set<FetchLink>;
}

type ChunkPiece = RunPiece | RegionsPiece;

export interface ChunkWorkParts {
  readonly context: FetchContext;
  readonly file: WantedFile;
  readonly list: WireChunkList;
  /** Full hashes of the chunks that are in place; filled in as more come. */
  readonly hashes: (Uint8Array | undefined)[];
  /** Missing chunks that come from what is here, as far as they can be. */
  readonly regions: readonly PlannedRegion[];
  /** Chunks that are not asked for: earlier ones are the same. */
  readonly isRepeat: (chunk: number) => boolean;
  readonly progress: Progress;
}

export class ChunkWork implements Work<ChunkPiece> {
  readonly #parts: ChunkWorkParts;
  readonly #offsets: Float64Array;
  /** Not to be asked for whole: in place, in a region, a repeat, or taken. */
  readonly #isSpoken: Uint8Array;
  /** Every chunk before it is spoken for. */
  #next = 0;
  #regions: readonly PlannedRegion[];
  /** Taken, and given back. */
  readonly #waiting: ChunkPiece[] = [];
  /** Devices that no longer have the file. */
  readonly #without = new Set<FetchLink>();
  /** Names of devices that sent wrong bytes. */
  readonly #liars = new Set<string>();
  #rebuilt: Share = { fileBytes: 0, wire: NO_WIRE };
  #whole: Share = { fileBytes: 0, wire: NO_WIRE };

  constructor(parts: ChunkWorkParts) {
    const { list, hashes, regions, isRepeat } = parts;
    this.#parts = parts;
    this.#offsets = chunkOffsets(list);
    this.#regions = regions;
    this.#isSpoken = Uint8Array.from(list.sizes, (_, chunk) =>
      hashes[chunk] !== undefined || isRepeat(chunk) ? 1 : 0,
    );
    for (const { first, count } of regions) this.#isSpoken.fill(1, first, first + count);
  }

  /** Regions that were rebuilt, and what asking about regions took. */
  get rebuilt(): Share {
    return this.#rebuilt;
  }

  /** Chunks that came whole. */
  get whole(): Share {
    return this.#whole;
  }

  get liars(): readonly string[] {
    return [...this.#liars];
  }

  take(link: FetchLink, bytes: number): ChunkPiece | undefined {
    if (this.#without.has(link)) return undefined;
    const position = this.#waiting.findIndex((piece) => !piece.failed.has(link));
    if (position >= 0) return this.#waiting.splice(position, 1)[0];
    return this.#takeRegions(link) ?? this.#takeRun(bytes) ?? this.#takeRegionWhole(bytes);
  }

  /** As many regions as one request holds: scattered edits cost one round trip together. */
  #takeRegions(link: FetchLink): RegionsPiece | undefined {
    if (this.#regions.length === 0 || !link.speaks(FEATURES.delta)) return undefined;
    let bytes = 0;
    let count = 0;
    for (const { size } of this.#regions) {
      if (count > 0 && (bytes + size > LIMITS.requestBytes.value || count >= LIMITS.requestItems.value)) break;
      bytes += size;
      count++;
    }
    const regions = this.#regions.slice(0, count);
    this.#regions = this.#regions.slice(count);
    return { type: "regions", regions, bytes: Math.ceil(bytes / REGION_SHARE), failed: new Set() };
  }

  #takeRun(bytes: number): RunPiece | undefined {
    const { list } = this.#parts;
    const run = nextRun(list, (chunk) => this.#isSpoken[chunk] === 0, this.#next, bytes);
    if (run === undefined) return undefined;
    this.#next = run.first + run.count;
    this.#isSpoken.fill(1, run.first, this.#next);
    return { type: "run", run, bytes: runBytes(list, run), failed: new Set() };
  }

  /** A device that does not speak of regions has nothing else left to do. */
  #takeRegionWhole(bytes: number): RunPiece | undefined {
    const region = this.#regions.at(-1);
    if (region === undefined) return undefined;
    this.#regions = this.#regions.slice(0, -1);
    this.#askWhole(region);
    return this.#takeRun(bytes);
  }

  mayAsk(link: FetchLink, piece: ChunkPiece): boolean {
    const isAble = piece.type === "run" || link.speaks(FEATURES.delta);
    return isAble && !this.#without.has(link) && !piece.failed.has(link);
  }

  ask(link: FetchLink, piece: ChunkPiece, signal: AbortSignal): Promise<Outcome> {
    return piece.type === "run" ? this.#askRun(link, piece, signal) : this.#askRegions(link, piece, signal);
  }

  exclude(link: FetchLink, piece: ChunkPiece, why: "not-here" | "wrong" | "failed"): void {
    piece.failed.add(link);
    if (why === "not-here") this.#without.add(link);
    if (why !== "wrong") return;
    this.#liars.add(link.name);
    this.#parts.context.sources.noteBadAnswer(link);
  }

  giveBack(piece: ChunkPiece): void {
    // Whoever could not say how a region follows may still have its bytes, and so may others.
    if (piece.type === "regions") for (const region of piece.regions) this.#askWhole(region);
    else this.#waiting.push(piece);
  }

  async #askRun(link: FetchLink, { run, bytes: size }: RunPiece, signal: AbortSignal): Promise<Outcome> {
    const { context, file, list } = this.#parts;
    const { path, contentId } = file;
    const offset = this.#offsets[run.first] ?? 0;
    const { answer, wire } = await link.fetchChunks(
      [{ path, contentId, offset, size }],
      signal,
      context.options.compression,
    );
    this.#whole = addShare(this.#whole, { fileBytes: 0, wire });
    const [bytes] = answer;
    if (bytes === undefined) return { type: "not-here" };
    const proven = provenHashes(context.hasher, list, run, bytes);
    if (proven === undefined) return { type: "wrong" };
    return { type: "proven", bytes: size, put: () => this.#put(run, bytes, proven) };
  }

  async #put(run: Run, bytes: Uint8Array, proven: readonly Uint8Array[]): Promise<void> {
    const { context, file, progress } = this.#parts;
    // They move to the disk's thread: afterwards they have no length any more.
    const fileBytes = bytes.length;
    progress.done += fileBytes;
    await context.stage.writeStaged(file.contentId, [{ offset: this.#offsets[run.first] ?? 0, bytes }]);
    this.#prove(run, proven);
    this.#whole = addShare(this.#whole, { fileBytes, wire: NO_WIRE });
  }

  #prove({ first }: Run, proven: readonly Uint8Array[]): void {
    for (const [position, hash] of proven.entries()) this.#parts.hashes[first + position] = hash;
  }

  async #askRegions(link: FetchLink, { regions }: RegionsPiece, signal: AbortSignal): Promise<Outcome> {
    const { context, file } = this.#parts;
    const { path, contentId } = file;
    const described = await context.stage.describeRegions(
      regions.map(({ old, size, count, failed }) => ({
        old,
        newSize: size,
        chunkCount: count,
        ...(failed === undefined ? {} : { failed }),
      })),
    );
    const asked = regions.flatMap((region, i) => {
      const description = described[i];
      return description === undefined || description.tier === "whole" ? [] : [{ region, description }];
    });
    const others = regions.filter((_, i) => described[i] === undefined || described[i].tier === "whole");
    const request = {
      path,
      contentId,
      regions: asked.map(({ region, description }) => ({
        offset: region.offset,
        size: region.size,
        query: description.query,
      })),
    };
    const { answer, wire } =
      asked.length === 0
        ? { answer: [], wire: NO_WIRE }
        : await link.fetchRegions(request, signal, context.options.compression);
    this.#rebuilt = addShare(this.#rebuilt, { fileBytes: 0, wire });
    const put = async (): Promise<void> => {
      for (const region of others) this.#askWhole(region);
      await this.#rebuild(asked, answer);
    };
    return { type: "proven", bytes: 0, put };
  }

  async #rebuild(
    asked: readonly { readonly region: PlannedRegion; readonly description: DescribedRegion }[],
    answers: readonly (Uint8Array | undefined)[],
  ): Promise<void> {
    const { context, file, list, progress } = this.#parts;
    const answered = asked.flatMap(({ region, description }, i) => {
      const answer = answers[i];
      if (answer === undefined) return [];
      const { first, count, old, offset } = region;
      const regionAnswer: AnsweredRegion = {
        old,
        query: description.query,
        answer,
        offset,
        sizes: list.sizes.slice(first, first + count),
        hashes: list.hashes.slice(first * WIRE_HASH_BYTES, (first + count) * WIRE_HASH_BYTES),
      };
      return [{ region, answer: regionAnswer }];
    });
    const rebuilt = await context.stage.rebuildRegions(
      file.contentId,
      answered.map(({ answer }) => answer),
    );
    const done = new Set<PlannedRegion>();
    for (const [i, { region }] of answered.entries()) {
      const hashes = rebuilt[i];
      if (hashes === undefined) continue;
      done.add(region);
      this.#prove(region, hashes);
      progress.done += region.size;
      this.#rebuilt = addShare(this.#rebuilt, { fileBytes: region.size, wire: NO_WIRE });
    }
    for (const { region, description } of asked) if (!done.has(region)) this.#fallBack(region, description);
  }

  /** The next tier: a signature after a sketch, the whole bytes after a signature. */
  #fallBack(region: PlannedRegion, { tier }: DescribedRegion): void {
    if (tier === "sketch") this.#regions = [...this.#regions, { ...region, failed: "sketch" }];
    else this.#askWhole(region);
  }

  #askWhole({ first, count }: PlannedRegion): void {
    this.#isSpoken.fill(0, first, first + count);
    this.#next = Math.min(this.#next, first);
  }
}

/** A region costs far less than its bytes, as a rule; how much less decides only what waits behind it. */
const REGION_SHARE = 8;
