import { LIMITS } from "../../shared/limits.ts";
import { FieldReader, FieldWriter, varintBytes } from "./byte-fields.ts";

/**
 * How the new bytes of a region follow from the old ones.
 *
 * - `whole`: they are these.
 * - `none`: the query told too little; ask with the next tier.
 * - `sketch`: drop those sub-chunks of the old bytes that are roots of `removed`;
 *   of what remains, `steps` alternately take so many and insert so many literal bytes.
 * - `blocks`: `steps` in threes: insert so many literal bytes, then take `count`
 *   blocks from `block` on.
 */
export type RegionAnswer =
  | { readonly type: "whole"; readonly literals: Uint8Array }
  | { readonly type: "none" }
  | {
      readonly type: "sketch";
      readonly removed: Uint32Array;
      readonly steps: Uint32Array;
      readonly literals: Uint8Array;
    }
  | { readonly type: "blocks"; readonly steps: Uint32Array; readonly literals: Uint8Array };

const WHOLE = 0;
const NONE = 1;
const SKETCH = 2;
const BLOCKS = 3;

/** Of three numbers in a `blocks` step: literal bytes, first block, count of blocks. */
export const BLOCK_STEP_LENGTH = 3;

/** Encodes an answer. docs/delta.md has the format. Literals come last, where a compressor does best. */
export function encodeRegionAnswer(answer: RegionAnswer): Uint8Array {
  const out = new FieldWriter();
  switch (answer.type) {
    case "whole":
      out.byte(WHOLE);
      out.bytes(answer.literals);
      break;
    case "none":
      out.byte(NONE);
      break;
    case "sketch":
      out.byte(SKETCH);
      out.varint(answer.removed.length);
      out.words(answer.removed);
      out.varint(answer.steps.length);
      for (const step of answer.steps) out.varint(step);
      out.bytes(answer.literals);
      break;
    case "blocks":
      out.byte(BLOCKS);
      writeBlockSteps(out, answer.steps);
      out.bytes(answer.literals);
  }
  return out.finish();
}

/**
 * Decodes an answer that a peer sent. Throws E_PROTOCOL unless it is one,
 * within the limits and consistent in itself; whether it fits the old bytes is
 * found out when it is applied. Literals are views of `bytes`.
 */
export function decodeRegionAnswer(bytes: Uint8Array): RegionAnswer {
  const fields = new FieldReader(bytes, "region answer");
  const type = fields.byte();
  switch (type) {
    case WHOLE:
      return { type: "whole", literals: fields.rest() };
    case NONE:
      if (fields.left > 0) throw fields.broken("has bytes behind its end");
      return { type: "none" };
    case SKETCH: {
      const removed = fields.words(fields.varint(LIMITS.sketchCapacity.value));
      const steps = readSteps(fields);
      return { type: "sketch", removed, steps, literals: readLiterals(fields, steps, 1, 2) };
    }
    case BLOCKS: {
      const steps = readBlockSteps(fields);
      return { type: "blocks", steps, literals: readLiterals(fields, steps, 0, BLOCK_STEP_LENGTH) };
    }
    default:
      throw fields.broken(`is of the unknown type ${type}`);
  }
}

/** Bytes of `steps` of blocks when encoded. */
export function blockStepsBytes(steps: Uint32Array): number {
  let bytes = varintBytes(steps.length / BLOCK_STEP_LENGTH);
  eachBlockStep(steps, (literal, distance, count) => {
    bytes += varintBytes(literal) + varintBytes(distance) + varintBytes(count);
  });
  return bytes;
}

function writeBlockSteps(out: FieldWriter, steps: Uint32Array): void {
  out.varint(steps.length / BLOCK_STEP_LENGTH);
  eachBlockStep(steps, (literal, distance, count) => {
    out.varint(literal);
    out.varint(distance);
    out.varint(count);
  });
}

/** Blocks mostly follow each other: instead of its number, a step has the zigzag distance to the block behind the last one taken. */
function eachBlockStep(steps: Uint32Array, take: (literal: number, distance: number, count: number) => void): void {
  let expected = 0;
  for (let i = 0; i < steps.length; i += BLOCK_STEP_LENGTH) {
    const block = steps[i + 1] as number;
    const count = steps[i + 2] as number;
    const distance = block - expected;
    take(steps[i] as number, distance < 0 ? -2 * distance - 1 : 2 * distance, count);
    expected = block + count;
  }
}

function readBlockSteps(fields: FieldReader): Uint32Array {
  const max = LIMITS.regionBytes.value;
  const steps = new Uint32Array(readCount(fields, BLOCK_STEP_LENGTH) * BLOCK_STEP_LENGTH);
  let expected = 0;
  for (let i = 0; i < steps.length; i += BLOCK_STEP_LENGTH) {
    steps[i] = fields.varint(max);
    const zigzag = fields.varint(2 * max);
    const block = expected + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2);
    const count = fields.varint(max);
    if (block < 0 || block + count > max) throw fields.broken("names a block that cannot be");
    steps[i + 1] = block;
    steps[i + 2] = count;
    expected = block + count;
  }
  return steps;
}

function readSteps(fields: FieldReader): Uint32Array {
  const steps = new Uint32Array(readCount(fields, 1));
  for (let i = 0; i < steps.length; i++) steps[i] = fields.varint(LIMITS.regionBytes.value);
  return steps;
}

/** A count of things that take at least `bytesEach` bytes: more than could follow is refused before anything is allocated. */
function readCount(fields: FieldReader, bytesEach: number): number {
  const count = fields.varint(LIMITS.regionBytes.value);
  if (count * bytesEach > fields.left) throw fields.broken("is cut off");
  return count;
}

/** The literals behind steps, of which every `stride`th from `first` on counts some. */
function readLiterals(fields: FieldReader, steps: Uint32Array, first: number, stride: number): Uint8Array {
  let total = 0;
  for (let i = first; i < steps.length; i += stride) total += steps[i] as number;
  if (total !== fields.left) throw fields.broken(`has ${fields.left} literal bytes where its steps name ${total}`);
  return fields.rest();
}
