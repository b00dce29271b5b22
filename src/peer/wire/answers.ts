/**
 * Takes the raw answers to requests apart as they arrive, in pieces cut
 * anywhere, into one buffer of the size that was asked for.
 */
import type { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { ChunkRequest } from "../../shared/messages.ts";
import { BYTES_FOLLOW, bytesOf, NOT_HERE, RELATION_FOLLOWS, SPLICE_FOLLOWS } from "./fetch.ts";
import { broken } from "./wire-values.ts";

/** Gathers one answer. Every method throws E_PROTOCOL when the answer does not fit its request. */
export interface AnswerReader<T> {
  /** Takes the next bytes of the answer. */
  take(bytes: Uint8Array): void;
  /** Says what was answered, after the last piece. */
  finish(): T;
}

/** Where each range's bytes lie in the buffer; -1 for what is not there. */
export interface ChunkAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly offsets: readonly number[];
}

/** Reads the answer to a request for chunks. The buffer is made when the first byte comes, of the size asked for. */
export class ChunkAnswerReader implements AnswerReader<ChunkAnswer> {
  readonly #ranges: readonly ChunkRequest[];
  readonly #offsets: number[] = [];
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #filled = 0;
  /** Bytes of the current range still to come. */
  #missing = 0;

  constructor(ranges: readonly ChunkRequest[]) {
    this.#ranges = ranges;
  }

  take(bytes: Uint8Array): void {
    this.#bytes ??= new Uint8Array(bytesOf(this.#ranges));
    for (let at = 0; at < bytes.length; ) {
      if (this.#missing === 0) this.#startRange(bytes[at++]);
      const count = Math.min(this.#missing, bytes.length - at);
      this.#bytes.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      this.#missing -= count;
      at += count;
    }
  }

  finish(): ChunkAnswer {
    if (this.#missing > 0 || this.#offsets.length < this.#ranges.length) throw broken("an answer that is cut off");
    return { bytes: this.#bytes ?? new Uint8Array(), offsets: this.#offsets };
  }

  #startRange(status: number | undefined): void {
    const range = this.#ranges[this.#offsets.length];
    if (range === undefined) throw broken("more than was asked for");
    if (status === NOT_HERE) {
      this.#offsets.push(-1);
      return;
    }
    if (status !== BYTES_FOLLOW) throw broken(`an answer with the status ${status}`);
    this.#offsets.push(this.#filled);
    this.#missing = range.size;
  }
}

/** A piece of a chunk list, and how long the whole list is; or how it follows from what the asker holds. */
export interface ChunkListAnswer {
  readonly totalBytes: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Which of the bases that the request named `bytes` is a splice of; null for the list itself. */
  readonly base: number | null;
  /** `bytes` say how the list follows from the one that the request describes. */
  readonly isRelation: boolean;
}

/** Bytes before the list in an answer: status and whole length. */
export const LIST_HEAD_BYTES = 9;
/** Bytes before a splice: status and number of the base. */
export const SPLICE_HEAD_BYTES = 2;
/** List bytes in one answer at most. */
export const LIST_PIECE_BYTES: number = LIMITS.requestBytes.value;

/** Reads the answer to a request for a chunk list; undefined when it is not there. */
export class ChunkListAnswerReader implements AnswerReader<ChunkListAnswer | undefined> {
  readonly #offset: number;
  readonly #baseCount: number;
  readonly #hasQuery: boolean;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** `baseCount`: how many bases the request named; `hasQuery`: whether it describes a list. */
  constructor(offset: number, baseCount = 0, hasQuery = false) {
    this.#offset = offset;
    this.#baseCount = baseCount;
    this.#hasQuery = hasQuery;
  }

  take(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length > LIST_HEAD_BYTES + LIST_PIECE_BYTES) throw broken("more of a chunk list than fits one answer");
    // A copy: the piece is a view of bytes that are on loan.
    this.#parts.push(new Uint8Array(bytes));
  }

  finish(): ChunkListAnswer | undefined {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    if (all.length === 1 && all[0] === NOT_HERE) return undefined;
    if (all[0] === SPLICE_FOLLOWS) return this.#splice(all);
    const isRelation = all[0] === RELATION_FOLLOWS && this.#hasQuery;
    if (all.length < LIST_HEAD_BYTES || !(isRelation || all[0] === BYTES_FOLLOW)) throw listFault();
    const totalBytes = Number(new DataView(all.buffer).getBigUint64(1, true));
    const bytes = all.slice(LIST_HEAD_BYTES);
    if (totalBytes > LIMITS.chunkListBytes.value) throw broken(`a chunk list of ${totalBytes} bytes`);
    if (isRelation) return { totalBytes, bytes, base: null, isRelation };
    const expected = Math.min(totalBytes - this.#offset, LIST_PIECE_BYTES);
    if (bytes.length === 0 || bytes.length !== expected) throw listFault();
    return { totalBytes, bytes, base: null, isRelation };
  }

  #splice(all: Uint8Array<ArrayBuffer>): ChunkListAnswer {
    const base = all[1] ?? this.#baseCount;
    const bytes = all.slice(SPLICE_HEAD_BYTES);
    if (base >= this.#baseCount || bytes.length === 0) throw listFault();
    return { totalBytes: bytes.length, bytes, base, isRelation: false };
  }
}

function listFault(): SyncError {
  return broken("a chunk list's answer that is no answer");
}

/** The head of a chunk list's answer, before its bytes, or before how it follows. */
export function writeListHead(
  target: Uint8Array,
  totalBytes: number,
  status: typeof BYTES_FOLLOW | typeof RELATION_FOLLOWS = BYTES_FOLLOW,
): void {
  target[0] = status;
  new DataView(target.buffer, target.byteOffset, LIST_HEAD_BYTES).setBigUint64(1, BigInt(totalBytes), true);
}
