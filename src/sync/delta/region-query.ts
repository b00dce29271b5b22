import { LIMITS } from "../../shared/limits.ts";
import { FieldReader, FieldWriter } from "./byte-fields.ts";
import type { Signature } from "./signature.ts";
import { blockCount } from "./signature.ts";

/**
 * What a receiver tells of the old bytes it holds where the new ones belong.
 *
 * - `sketch`: for bytes that differ in few places. A few dozen bytes.
 * - `signature`: for bytes that share long stretches. About a hundredth of their size.
 * - `whole`: nothing; there is nothing here worth comparing.
 */
export type RegionQuery =
  | {
      readonly type: "sketch";
      /** Different elements of the old bytes. */
      readonly elementCount: number;
      /** As many as the sketch can tell differences. */
      readonly syndromes: Uint32Array;
    }
  | { readonly type: "signature"; readonly signature: Signature }
  | { readonly type: "whole" };

/** What a region's blocks may measure. Smaller ones would make a signature longer than what it saves. */
const BLOCK_BYTES_MIN = 128;
const BLOCK_BYTES_MAX = 65_536;

const WHOLE = 0;
const SKETCH = 1;
const SIGNATURE = 2;
const WORD_BYTES = 4;

/** Encodes a query. docs/delta.md has the format. */
export function encodeRegionQuery(query: RegionQuery): Uint8Array {
  const out = new FieldWriter();
  switch (query.type) {
    case "whole":
      out.byte(WHOLE);
      break;
    case "sketch":
      out.byte(SKETCH);
      out.varint(query.elementCount);
      out.words(query.syndromes);
      break;
    case "signature":
      out.byte(SIGNATURE);
      writeSignature(out, query.signature);
  }
  return out.finish();
}

/** Decodes a query that a peer sent. Throws E_PROTOCOL unless it is one, within the limits. */
export function decodeRegionQuery(bytes: Uint8Array): RegionQuery {
  const fields = new FieldReader(bytes, "region query");
  const query = readQuery(fields);
  if (fields.left > 0) throw fields.broken("has bytes behind its end");
  return query;
}

function readQuery(fields: FieldReader): RegionQuery {
  const type = fields.byte();
  switch (type) {
    case WHOLE:
      return { type: "whole" };
    case SKETCH:
      return readSketch(fields);
    case SIGNATURE:
      return { type: "signature", signature: readSignature(fields) };
    default:
      throw fields.broken(`is of the unknown type ${type}`);
  }
}

function readSketch(fields: FieldReader): RegionQuery {
  const elementCount = fields.varint(LIMITS.regionBytes.value);
  const capacity = fields.left / WORD_BYTES;
  if (!Number.isInteger(capacity) || capacity === 0 || capacity > LIMITS.sketchCapacity.value)
    throw fields.broken(`has a sketch of ${fields.left} bytes`);
  return { type: "sketch", elementCount, syndromes: fields.words(capacity) };
}

function writeSignature(out: FieldWriter, { size, blockBytes, strongBits, weak, strong }: Signature): void {
  const strongBytes = strongBits / 8;
  out.varint(size);
  out.varint(blockBytes);
  out.byte(strongBytes);
  out.words(weak);
  const lowest = new Uint8Array(strong.length * strongBytes);
  strong.forEach((sum, block) => {
    for (let i = 0; i < strongBytes; i++) lowest[block * strongBytes + i] = sum >>> (8 * i);
  });
  out.bytes(lowest);
}

function readSignature(fields: FieldReader): Signature {
  const size = fields.varint(LIMITS.regionBytes.value);
  const blockBytes = fields.varint(BLOCK_BYTES_MAX);
  if (blockBytes < BLOCK_BYTES_MIN) throw fields.broken(`has blocks of ${blockBytes} bytes`);
  const strongBytes = fields.byte();
  if (strongBytes < 1 || strongBytes > WORD_BYTES) throw fields.broken(`has strong sums of ${strongBytes} bytes`);
  const count = blockCount(size, blockBytes);
  const weak = fields.words(count);
  const lowest = fields.bytes(count * strongBytes);
  const strong = new Uint32Array(count);
  for (let block = 0; block < count; block++) {
    let sum = 0;
    for (let i = strongBytes - 1; i >= 0; i--) sum = (sum << 8) | (lowest[block * strongBytes + i] as number);
    strong[block] = sum;
  }
  return { size, blockBytes, strongBits: 8 * strongBytes, weak, strong };
}
