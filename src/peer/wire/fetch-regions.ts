/**
 * Requests for changed regions, and the answers.
 *
 * What describes the old bytes, and what is said of the new ones, is opaque
 * here: src/sync/delta writes and reads it. An answer is, for each region in
 * the order asked, a varint: 0 for not here, else one more than the length of
 * the region's answer, which follows.
 */
import { create } from "@bufbuild/protobuf";
import { fromHex } from "../../shared/hex.ts";
import type { FolderId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { RegionRequest, Switch, WantedRegion } from "../../shared/messages.ts";
import type { AnswerReader } from "./answers.ts";
import { fromBytes, toBytes } from "./codec.ts";
import { compressionNumber, compressionWish } from "./fetch.ts";
import { FetchRegionsSchema, WantedRegionSchema } from "./messages_pb.ts";
import { checkRepeats } from "./proto-reader.ts";
import { broken, contentIdFrom, countFrom, folderIdFrom, relPathFrom } from "./wire-values.ts";

export interface FetchRegions extends RegionRequest {
  readonly folder: FolderId;
  /** Of the answer; "auto" when not said. */
  readonly compression?: Switch;
}

/** What an answer may take beyond the bytes of its region: its type and lengths. */
const ANSWER_HEAD_BYTES = 64;
const VARINT_BYTES_MAX = 4;

export function encodeFetchRegions({
  folder,
  path,
  contentId,
  regions,
  compression,
}: FetchRegions): Uint8Array<ArrayBuffer> {
  let end = 0;
  const rows = regions.map(({ offset, size, query }) => {
    const gap = BigInt(offset - end);
    end = offset + size;
    return create(WantedRegionSchema, { gap, size, query });
  });
  const row = {
    folder,
    path,
    contentId: fromHex(contentId),
    regions: rows,
    compression: compressionNumber(compression),
  };
  return toBytes(FetchRegionsSchema, create(FetchRegionsSchema, row));
}

/** Decodes a request. Throws E_PROTOCOL. */
export function decodeFetchRegions(body: Uint8Array): FetchRegions {
  checkRepeats(body, { 4: LIMITS.requestItems.value });
  const request = fromBytes(FetchRegionsSchema, body);
  if (request.regions.length === 0) throw broken("a request for nothing");
  const regions: WantedRegion[] = [];
  let end = 0;
  let total = 0;
  for (const { gap, size, query } of request.regions) {
    const offset = end + countFrom(gap, "gap", LIMITS.fileBytes.value);
    end = offset + size;
    total += size;
    if (size === 0 || size > LIMITS.regionBytes.value || end > LIMITS.fileBytes.value)
      throw broken(`a region of ${size} bytes at ${offset}`);
    // A copy: the request waits for its turn, and the body is on loan.
    regions.push({ offset, size, query: new Uint8Array(query) });
  }
  if (total > LIMITS.requestBytes.value) throw broken(`a request for ${total} bytes`);
  return {
    folder: folderIdFrom(request.folder),
    path: relPathFrom(request.path),
    contentId: contentIdFrom(request.contentId),
    regions,
    ...compressionWish(request.compression),
  };
}

/** One region's part of an answer; undefined for what is not here. */
export function encodeRegionPart(answer: Uint8Array | undefined): Uint8Array {
  if (answer === undefined) return Uint8Array.of(0);
  const head: number[] = [];
  for (let value = answer.length + 1; ; value = Math.floor(value / 128)) {
    if (value < 128) {
      head.push(value);
      break;
    }
    head.push((value % 128) + 128);
  }
  const part = new Uint8Array(head.length + answer.length);
  part.set(head);
  part.set(answer, head.length);
  return part;
}

/** An answer for each region, undefined where it is not there. */
export interface RegionsAnswer {
  readonly answers: readonly (Uint8Array<ArrayBuffer> | undefined)[];
}

/** Gathers the answer to a request for regions; its bytes are bounded by what was asked for. */
export class RegionsAnswerReader implements AnswerReader<RegionsAnswer> {
  readonly #regions: readonly WantedRegion[];
  readonly #bytesMax: number;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  constructor(regions: readonly WantedRegion[]) {
    this.#regions = regions;
    this.#bytesMax = regions.reduce((sum, { size }) => sum + size + VARINT_BYTES_MAX + ANSWER_HEAD_BYTES, 0);
  }

  take(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > this.#bytesMax) throw broken("more of regions than was asked for");
    // A copy: the piece is a view of bytes that are on loan.
    this.#parts.push(new Uint8Array(bytes));
  }

  finish(): RegionsAnswer {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    at = 0;
    const answers = this.#regions.map(({ size }) => {
      let length = 0;
      for (let scale = 1, count = 0; ; scale *= 128, count++) {
        const byte = all[at++];
        if (byte === undefined || count === VARINT_BYTES_MAX) throw broken("an answer that is cut off");
        length += (byte & 0x7f) * scale;
        if (byte < 0x80) break;
      }
      if (length === 0) return undefined;
      const end = at + length - 1;
      if (end > all.length || length - 1 > size + ANSWER_HEAD_BYTES) throw broken("an answer that is cut off");
      const answer = all.slice(at, end);
      at = end;
      return answer;
    });
    if (at !== all.length) throw broken("more than was asked for");
    return { answers };
  }
}
