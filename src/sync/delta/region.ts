/**
 * Brings a changed run of a file over by what changed in it.
 *
 * A region is a run of new chunks that the receiver lacks, in whose place it
 * holds other, similar bytes. It describes these ({@link describeRegion}), the
 * sender says how the new bytes follow from them ({@link answerRegion}), and the
 * receiver rebuilds (rebuild-region.ts). What is rebuilt is a guess until
 * the caller has checked each chunk by its hash: when one is wrong, or nothing
 * was rebuilt, the receiver asks again with the next tier.
 *
 * Tiers, cheapest first: sketch, signature, whole.
 */
import { assert } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { RegionAnswer } from "./region-answer.ts";
import { BLOCK_STEP_LENGTH, blockStepsBytes } from "./region-answer.ts";
import type { RegionKernel } from "./region-loops.ts";
import type { RegionQuery } from "./region-query.ts";
import type { Signature } from "./signature.ts";
import { blockCount } from "./signature.ts";
import { differenceOf, locate, withoutRoot } from "./sketch.ts";
import type { SubChunks } from "./sub-chunks.ts";
import { SUB_CHUNK_BYTES_AVERAGE } from "./sub-chunks.ts";

export interface RegionTools {
  readonly kernel: RegionKernel;
}

export interface RegionShape {
  /** Bytes of the new region. */
  readonly newSize: number;
  /** Chunks of the new region. Many mean that much changed. */
  readonly chunkCount: number;
  /** The tier that has failed for this region: only what comes behind it is used. */
  readonly failed?: "sketch" | "signature";
}

/** Bytes of a block of a signature. The best of 256, 512 and 1024 on source archives (docs/delta.md). */
const BLOCK_BYTES = 512;
/**
 * Up to this size one byte of a strong sum is enough, above two: at the limit a
 * chunk in a hundred regions comes out wrong and is asked for again, which costs
 * less than a second byte for every block.
 */
const SHORT_STRONG_BYTES_MAX = 2 * 1024 * 1024;
/**
 * What a sketch can tell beyond what the change of length makes likely. Half as
 * many save 24 bytes where one byte changed, and fail where two edits share a
 * region or a line was replaced (docs/delta.md).
 */
const CAPACITY_MIN = 12;
/** More replaced chunks mean dense edits, which overflow a sketch. */
const SKETCH_CHUNKS_MAX = 3;
/** Below this a region is sent whole: describing it costs as much. */
const DESCRIBED_BYTES_MIN = 128;

/**
 * Chooses a tier and describes `old`, the bytes here that resemble the new
 * region most. Neither may exceed the limit on a region.
 */
export function describeRegion(old: Uint8Array, shape: RegionShape, { kernel }: RegionTools): RegionQuery {
  const { newSize, failed } = shape;
  assert(old.length <= LIMITS.regionBytes.value, "old bytes above the limit on a region");
  assert(newSize <= LIMITS.regionBytes.value, "a new region above the limit");
  if (newSize < DESCRIBED_BYTES_MIN || failed === "signature") return { type: "whole" };
  const capacity = failed === "sketch" ? undefined : sketchCapacity(old.length, shape);
  if (capacity !== undefined) {
    const elements = distinct(kernel.subChunks(old).hashes);
    return { type: "sketch", elementCount: elements.length, syndromes: kernel.syndromes(elements, capacity) };
  }
  if (!isSignatureWorthwhile(old.length, newSize)) return { type: "whole" };
  const strongBits = old.length <= SHORT_STRONG_BYTES_MAX ? 8 : 16;
  const sums = kernel.blockSums(old, BLOCK_BYTES);
  return { type: "signature", signature: { size: old.length, blockBytes: BLOCK_BYTES, strongBits, ...sums } };
}

/** The capacity of a sketch that is likely to do, or undefined where a signature is likely to cost less. */
function sketchCapacity(oldSize: number, { newSize, chunkCount }: RegionShape): number | undefined {
  const change = Math.abs(newSize - oldSize);
  if (chunkCount > SKETCH_CHUNKS_MAX || 4 * change >= Math.max(oldSize, newSize)) return undefined;
  const capacity = CAPACITY_MIN + Math.ceil((1.1 * change) / SUB_CHUNK_BYTES_AVERAGE);
  // At its limit it is as long as half the block that a signature would have sent in vain around an edit.
  return capacity <= LIMITS.sketchCapacity.value ? capacity : undefined;
}

/** Old bytes much fewer than the new ones save little; many more cost a signature that is longer than it can save. */
function isSignatureWorthwhile(oldSize: number, newSize: number): boolean {
  return oldSize >= BLOCK_BYTES && 4 * oldSize >= newSize && 2 * signatureBytes(oldSize) <= newSize;
}

function signatureBytes(size: number): number {
  return blockCount(size, BLOCK_BYTES) * (size <= SHORT_STRONG_BYTES_MAX ? 5 : 6);
}

function distinct(hashes: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set(hashes));
}

/** Says how `next` follows from the bytes that `query` describes, in the fewest bytes. */
export function answerRegion(query: RegionQuery, next: Uint8Array, { kernel }: RegionTools): RegionAnswer {
  if (query.type === "whole") return { type: "whole", literals: next };
  const answer =
    query.type === "sketch" ? answerSketch(query, next, kernel) : answerSignature(query.signature, next, kernel);
  // A region so short is sent whole rather than asked for again.
  if (answer.type === "none") return next.length <= DESCRIBED_BYTES_MIN ? { type: "whole", literals: next } : answer;
  return answerBytes(answer) < next.length ? answer : { type: "whole", literals: next };
}

/** About what an answer takes when encoded. */
function answerBytes(answer: RegionAnswer): number {
  switch (answer.type) {
    case "none":
      return 0;
    case "sketch":
      return 4 * answer.removed.length + 2 * answer.steps.length + answer.literals.length;
    case "blocks":
      return blockStepsBytes(answer.steps) + answer.literals.length;
    default:
      return answer.literals.length;
  }
}

function answerSketch(
  { elementCount, syndromes }: Extract<RegionQuery, { type: "sketch" }>,
  next: Uint8Array,
  kernel: RegionKernel,
): RegionAnswer {
  const chunks = kernel.subChunks(next);
  const elements = distinct(chunks.hashes);
  const locator = locate(differenceOf(syndromes, kernel.syndromes(elements, syndromes.length)));
  if (locator === undefined) return { type: "none" };
  const flags = kernel.roots(locator, elements);
  const added = new Set(elements.filter((_, i) => flags[i] === 1));
  let removed = locator;
  for (const element of added) removed = withoutRoot(removed, element);
  // A difference above the capacity can give a polynomial that looks well; its numbers hardly ever add up.
  if (elementCount !== elements.length - added.size + removed.length) return { type: "none" };
  return { type: "sketch", removed, ...sketchSteps(next, chunks, added) };
}

/** Alternately how many sub-chunks are the old ones' and how many literal bytes follow. */
function sketchSteps(
  next: Uint8Array,
  { ends, hashes }: SubChunks,
  added: ReadonlySet<number>,
): { readonly steps: Uint32Array; readonly literals: Uint8Array } {
  const steps = [0];
  const literals: Uint8Array[] = [];
  let start = 0;
  hashes.forEach((hash, i) => {
    const end = ends[i] as number;
    const isOld = !added.has(hash);
    const isCopying = steps.length % 2 === 1;
    if (isOld !== isCopying) steps.push(0);
    steps[steps.length - 1] = (steps.at(-1) as number) + (isOld ? 1 : end - start);
    if (!isOld) literals.push(next.subarray(start, end));
    start = end;
  });
  return { steps: Uint32Array.from(steps), literals: concatenate(literals) };
}

function answerSignature(signature: Signature, next: Uint8Array, kernel: RegionKernel): RegionAnswer {
  const matches = kernel.match(next, signature);
  const steps: number[] = [];
  const literals: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < matches.length; i += 2) {
    const offset = matches[i] as number;
    const block = matches[i + 1] as number;
    const last = steps.length - BLOCK_STEP_LENGTH;
    if (offset === at && last >= 0 && (steps[last + 1] as number) + (steps[last + 2] as number) === block)
      steps[last + 2] = (steps[last + 2] as number) + 1;
    else {
      steps.push(offset - at, block, 1);
      literals.push(next.subarray(at, offset));
    }
    at = offset + Math.min(signature.blockBytes, signature.size - block * signature.blockBytes);
  }
  if (at < next.length) {
    steps.push(next.length - at, 0, 0);
    literals.push(next.subarray(at));
  }
  return { type: "blocks", steps: Uint32Array.from(steps), literals: concatenate(literals) };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
