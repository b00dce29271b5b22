/** The records of a folder as a set of elements under one key, in directory order. */
import type { Hasher } from "../../shared/ports.ts";
import type { Element } from "../delta/reconcile-mapping.ts";
import { RecordBytes, RootSum } from "../delta/reconcile-record.ts";
import { ElementSet } from "../delta/reconcile-symbols.ts";
import type { LocalRow } from "./index-port.ts";
import { isWanted, kindOf } from "./local-kind.ts";
import type { ElementBytes, MeetingForm } from "./meeting-port.ts";

const ELEMENT_BYTES = 8;

/** Digests of rows, 24 bytes each. */
export class MeetingDigests {
  readonly elements: ElementSet = new ElementSet();
  readonly root: RootSum = new RootSum();
  /** Of every row that was read, in its order: its sequence, negative when it is no element. */
  readonly rows: number[] = [];
  /** The next 64 bits of each element's digest: what proves that sets are equal in the end. */
  readonly #proofs = new ElementSet();
  readonly #form: MeetingForm;
  readonly #bytes: RecordBytes;
  readonly #hasher: Hasher;

  constructor(form: MeetingForm, key: Uint8Array, hasher: Hasher) {
    this.#form = form;
    this.#bytes = new RecordBytes(key);
    this.#hasher = hasher;
  }

  add(row: LocalRow): void {
    const bytes = this.#bytesOf(row);
    this.rows.push(bytes === undefined ? -row.sequence : row.sequence);
    if (bytes === undefined) return;
    const digest = this.#hasher.chunk(bytes);
    const view = new DataView(digest.buffer, digest.byteOffset, digest.length);
    const [lo, hi] = [view.getUint32(0, true), view.getUint32(4, true)];
    const [proofLo, proofHi] = [view.getUint32(8, true), view.getUint32(12, true)];
    this.elements.add(lo, hi);
    this.#proofs.add(proofLo, proofHi);
    this.root.add(lo, hi, proofLo, proofHi);
  }

  /** The sum of all elements that are not among `others`. */
  sumWithout(others: ElementLookup): Uint8Array<ArrayBuffer> {
    const sum = new RootSum();
    for (let i = 0; i < this.elements.size; i++) {
      const [lo, hi] = [this.elements.lo(i), this.elements.hi(i)];
      if (!others.has(lo, hi)) sum.add(lo, hi, this.#proofs.lo(i), this.#proofs.hi(i));
    }
    return sum.bytes;
  }

  /** What is not announced is no element; nor, by its facts, what is deleted or in conflict. */
  #bytesOf(row: LocalRow): Uint8Array | undefined {
    const [head] = row.heads;
    if (head === undefined || isWanted(kindOf(head, row.stamp))) return undefined;
    if (this.#form === "whole") return this.#bytes.whole(row);
    return head.deleted || row.heads.length > 1 ? undefined : this.#bytes.facts(row.path, head);
  }
}

/** A few elements, to be found among many. */
export class ElementLookup {
  readonly #highs = new Map<number, number[]>();

  add({ lo, hi }: Element): void {
    const highs = this.#highs.get(lo);
    if (highs === undefined) this.#highs.set(lo, [hi]);
    else highs.push(hi);
  }

  has(lo: number, hi: number): boolean {
    return this.#highs.get(lo)?.includes(hi) === true;
  }
}

export function elementsToBytes(elements: readonly Element[]): ElementBytes {
  const bytes = new Uint8Array(elements.length * ELEMENT_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, { lo, hi }] of elements.entries()) {
    view.setUint32(i * ELEMENT_BYTES, lo, true);
    view.setUint32(i * ELEMENT_BYTES + 4, hi, true);
  }
  return bytes;
}

export function lookupOf(bytes: Uint8Array): ElementLookup {
  const lookup = new ElementLookup();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + ELEMENT_BYTES <= bytes.length; at += ELEMENT_BYTES)
    lookup.add({ lo: view.getUint32(at, true), hi: view.getUint32(at + 4, true) });
  return lookup;
}
