/**
 * The sending half of a connection: three queues, the urgent one first.
 *
 * Only so much is handed to the socket that a frame which comes now waits for
 * little: what the kernel has taken cannot be overtaken any more.
 */
import type { Duplex } from "node:stream";
import { LIMITS } from "../shared/limits.ts";
import { FRAMES, type FrameType, type Urgency } from "./wire/frame-types.ts";
import { encodeFrame, encodePackedFrame } from "./wire/frames.ts";

/** Handed to the socket ahead of the kernel's taking it. */
const WRITE_AHEAD_BYTES = 768 * 1024;
/** Small frames that go out in one write. */
const COALESCE_BYTES = 64 * 1024;
/** Frames a peer can make us queue without reading any: answers to pings and requests. */
const CONTROL_FRAMES_MAX = 4096;

interface Queued {
  readonly bytes: Uint8Array;
  /** Called when the bytes may be used for something else. */
  readonly onWritten: (() => void) | undefined;
}

export class FrameSender {
  readonly #stream: Duplex;
  readonly #onFlood: () => void;
  readonly #queues: Record<Urgency, Queued[]> = { control: [], metadata: [], bulk: [] };
  #queuedBytes = 0;
  #bulkBytes = 0;
  #isPumpDue = false;
  #isEnded = false;
  readonly #waiting: (() => void)[] = [];

  constructor(stream: Duplex, onFlood: () => void) {
    this.#stream = stream;
    this.#onFlood = onFlood;
  }

  /** Queues a frame. */
  send(type: FrameType, body?: Uint8Array, requestId?: number): void {
    this.#enqueue(FRAMES[type].urgency, { bytes: encodeFrame(type, body, requestId), onWritten: undefined });
  }

  /** Queues a frame whose body is compressed. */
  sendPacked(type: FrameType, body: Uint8Array): void {
    this.#enqueue(FRAMES[type].urgency, { bytes: encodePackedFrame(type, body), onWritten: undefined });
  }

  /** Queues a whole bulk frame, header included. Its bytes belong to the sender until `onWritten`. */
  sendBulk(frame: Uint8Array, onWritten: () => void): void {
    this.#enqueue("bulk", { bytes: frame, onWritten });
  }

  /** Resolves when little enough waits to send more; at once after the end. */
  drained(): Promise<void> {
    return this.#until(() => this.#queuedBytes - this.#bulkBytes <= LIMITS.sendBacklogBytes.value / 4);
  }

  /** Resolves when a bulk frame would not wait behind another; at once after the end. */
  bulkRoom(): Promise<void> {
    return this.#until(() => this.#bulkBytes === 0);
  }

  /** Drops what waits and lets go of everybody who waits. */
  end(): void {
    this.#isEnded = true;
    for (const queue of Object.values(this.#queues)) for (const { onWritten } of queue.splice(0)) onWritten?.();
    this.#queuedBytes = 0;
    this.#bulkBytes = 0;
    this.#wake();
  }

  /** Hands over all control frames at once: for the last word before the end. */
  flushControl(): void {
    for (const { bytes } of this.#queues.control.splice(0)) {
      this.#queuedBytes -= bytes.length;
      this.#stream.write(bytes);
    }
  }

  #enqueue(urgency: Urgency, queued: Queued): void {
    if (this.#isEnded) {
      queued.onWritten?.();
      return;
    }
    this.#queues[urgency].push(queued);
    this.#queuedBytes += queued.bytes.length;
    if (urgency === "bulk") this.#bulkBytes += queued.bytes.length;
    // Once: what is said because of it is queued here, too.
    if (this.#queues.control.length === CONTROL_FRAMES_MAX) this.#onFlood();
    this.#pumpSoon();
  }

  /** Later in this turn, so that frames sent together leave together. */
  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (!this.#isEnded && this.#stream.writableLength < WRITE_AHEAD_BYTES) {
      const small = this.#takeSmall();
      if (small !== undefined) {
        this.#stream.write(small, this.#onProgress);
        continue;
      }
      const bulk = this.#queues.bulk.shift();
      if (bulk === undefined) break;
      this.#queuedBytes -= bulk.bytes.length;
      this.#bulkBytes -= bulk.bytes.length;
      this.#stream.write(bulk.bytes, () => {
        bulk.onWritten?.();
        this.#onProgress();
      });
    }
    this.#wake();
  }

  readonly #onProgress = (): void => {
    this.#pump();
  };

  /** The most urgent small frames, together. */
  #takeSmall(): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const queue of [this.#queues.control, this.#queues.metadata]) {
      for (
        let next = queue[0];
        next !== undefined && (length === 0 || length + next.bytes.length <= COALESCE_BYTES);
        next = queue[0]
      ) {
        queue.shift();
        parts.push(next.bytes);
        length += next.bytes.length;
      }
      if (queue.length > 0) break;
    }
    this.#queuedBytes -= length;
    const [only] = parts;
    return parts.length > 1 ? Buffer.concat(parts, length) : only;
  }

  #until(isMet: () => boolean): Promise<void> {
    if (this.#isEnded || isMet()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.#isEnded || isMet()) resolve();
      else this.#waiting.push(check);
    };
    this.#waiting.push(check);
    return promise;
  }

  #wake(): void {
    for (const check of this.#waiting.splice(0)) check();
  }
}
