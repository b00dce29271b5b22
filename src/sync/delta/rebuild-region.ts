import type { RegionTools } from "./region.ts";
import type { RegionAnswer } from "./region-answer.ts";
import { BLOCK_STEP_LENGTH } from "./region-answer.ts";
import type { RegionKernel } from "./region-loops.ts";
import type { RegionQuery } from "./region-query.ts";
import { blockCount } from "./signature.ts";

/** What a receiver has asked, and of what. */
export interface AskedRegion {
  /** The very bytes that the query describes. */
  readonly old: Uint8Array;
  readonly query: RegionQuery;
  /** Bytes of the new region, by its chunk list; at most the limit on a region. */
  readonly newSize: number;
}

/**
 * The new bytes as an answer has them, or undefined when it does not fit what
 * was asked: then the next tier is due. Whatever the answer says, at most
 * `newSize` bytes are made. They are a guess: the caller checks each chunk's hash.
 */
export function rebuildRegion(asked: AskedRegion, answer: RegionAnswer, tools: RegionTools): Uint8Array | undefined {
  const { old, query, newSize } = asked;
  switch (answer.type) {
    case "none":
      return undefined;
    case "whole":
      return answer.literals.length === newSize ? answer.literals : undefined;
    case "sketch":
      return query.type === "sketch" && answer.removed.length <= query.syndromes.length
        ? rebuildFromSketch(old, newSize, answer, tools.kernel)
        : undefined;
    case "blocks":
      return query.type === "signature"
        ? rebuildFromBlocks(old, newSize, answer, query.signature.blockBytes)
        : undefined;
  }
}

function rebuildFromSketch(
  old: Uint8Array,
  newSize: number,
  { removed, steps, literals }: Extract<RegionAnswer, { type: "sketch" }>,
  kernel: RegionKernel,
): Uint8Array | undefined {
  const { ends, hashes } = kernel.subChunks(old);
  const isRemoved = kernel.roots(removed, hashes);
  const output = new Output(newSize);
  let chunk = 0;
  let literal = 0;
  for (let i = 0; i < steps.length; i++) {
    const length = steps[i] as number;
    if (i % 2 === 1) {
      if (!output.append(literals, literal, literal + length)) return undefined;
      literal += length;
      continue;
    }
    for (let left = length; left > 0; chunk++) {
      if (chunk === hashes.length) return undefined;
      if (isRemoved[chunk] === 1) continue;
      if (!output.append(old, chunk === 0 ? 0 : (ends[chunk - 1] as number), ends[chunk] as number)) return undefined;
      left--;
    }
  }
  return output.finish();
}

function rebuildFromBlocks(
  old: Uint8Array,
  newSize: number,
  { steps, literals }: Extract<RegionAnswer, { type: "blocks" }>,
  blockBytes: number,
): Uint8Array | undefined {
  const count = blockCount(old.length, blockBytes);
  const output = new Output(newSize);
  let literal = 0;
  for (let i = 0; i < steps.length; i += BLOCK_STEP_LENGTH) {
    const length = steps[i] as number;
    const block = steps[i + 1] as number;
    const end = block + (steps[i + 2] as number);
    if (end > count) return undefined;
    if (!output.append(literals, literal, literal + length)) return undefined;
    if (!output.append(old, block * blockBytes, Math.min(end * blockBytes, old.length))) return undefined;
    literal += length;
  }
  return output.finish();
}

/** A region under construction, of a size known before. */
class Output {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** Appends `bytes[start..end)`; false when that is more than fits. */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    const length = Math.max(0, end - start);
    if (length > this.#bytes.length - this.#length) return false;
    if (length > 0) this.#bytes.set(bytes.subarray(start, end), this.#length);
    this.#length += length;
    return true;
  }

  /** All of it, or undefined when some is missing. */
  finish(): Uint8Array | undefined {
    return this.#length === this.#bytes.length ? this.#bytes : undefined;
  }
}
