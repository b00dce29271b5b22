/**
 * What this side asked of a peer: requests wait for a slot, go out, and their
 * answers are gathered as they come, in any order.
 *
 * Invariants:
 * 1. At most `requestsInFlightPerPeer` requests, and `sendBacklogBytes` of file
 *    bytes, are unanswered; a cancelled one counts until its answer has ended.
 * 2. A request ends in every case: with its answer, its signal, its deadline or
 *    the connection.
 */
import { SyncError } from "../shared/errors.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Clock } from "../shared/ports.ts";
import type { WireBytes } from "../shared/transfer-bytes.ts";
import { bytesOnWire } from "./bytes-on-wire.ts";
import {
  type AnswerReader,
  type ChunkAnswer,
  ChunkAnswerReader,
  type ChunkListAnswer,
  ChunkListAnswerReader,
  LIST_PIECE_BYTES,
} from "./wire/answers.ts";
import {
  bytesOf,
  encodeFetchChunkList,
  encodeFetchChunks,
  type FetchChunkList,
  type FetchChunks,
} from "./wire/fetch.ts";
import {
  encodeFetchRegions,
  type FetchRegions,
  type RegionsAnswer,
  RegionsAnswerReader,
} from "./wire/fetch-regions.ts";
import type { FrameType } from "./wire/frame-types.ts";
import type { FrameHeader } from "./wire/frames.ts";
import { broken } from "./wire/wire-values.ts";

/** A stalled request is given up after `requestMs`; one that only trickles after this many times as long. */
const SLOW_FACTOR = 10;
const WATCHES_PER_DEADLINE = 4;

interface Request {
  readonly question: "fetchChunks" | "fetchChunkList" | "fetchRegions";
  readonly answer: "chunks" | "chunkList" | "regions";
  readonly body: Uint8Array;
  readonly bytes: number;
  readonly reader: AnswerReader<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly detach: () => void;
  /** When it was sent, and when its last bytes came. */
  sentAt: number;
  heardAt: number;
  /** Nobody waits for the answer any more; it is read and dropped. */
  isDropped: boolean;
  /** What the request and its answer took on the connection so far. */
  sent: number;
  received: number;
}

/** An answer, and what it took on the connection. */
export type Costed<T> = T & { readonly wire: WireBytes };

export interface RequestDeps {
  readonly clock: Clock;
  readonly requestMs: number;
  readonly send: (type: FrameType, body: Uint8Array | undefined, requestId: number) => void;
  /** The peer leaves requests unanswered: the connection is of no use. */
  readonly onStuck: () => void;
}

export class RequestTable {
  readonly #deps: RequestDeps;
  readonly #waiting: Request[] = [];
  readonly #inFlight = new Map<number, Request>();
  readonly #ended = new AbortController();
  #inFlightBytes = 0;
  #nextId = 1;
  /** When bulk last came for any request. */
  #heardAt = 0;
  #isWatching = false;
  #error: SyncError | undefined;

  constructor(deps: RequestDeps) {
    this.#deps = deps;
  }

  /** Asks for file bytes; `ranges` fit one request. Rejects with the signal's reason, E_TIMEOUT, or why the connection ended. */
  fetchChunks(wanted: FetchChunks, signal: AbortSignal): Promise<Costed<ChunkAnswer>> {
    const { ranges } = wanted;
    const reader = new ChunkAnswerReader(ranges);
    return this.#ask(
      {
        question: "fetchChunks",
        answer: "chunks",
        body: encodeFetchChunks(wanted),
        bytes: bytesOf(ranges),
        reader,
      },
      signal,
    );
  }

  /** Asks for a piece of a chunk list. Rejects as `fetchChunks` does. */
  fetchChunkList(wanted: FetchChunkList, signal: AbortSignal): Promise<Costed<Partial<ChunkListAnswer>>> {
    const reader = new ChunkListAnswerReader(wanted.offset, wanted.bases.length, wanted.query.length > 0);
    return this.#ask(
      {
        question: "fetchChunkList",
        answer: "chunkList",
        body: encodeFetchChunkList(wanted),
        bytes: LIST_PIECE_BYTES,
        reader,
      },
      signal,
    );
  }

  /** Asks for changed regions; they fit one request. Rejects as `fetchChunks` does. */
  fetchRegions(wanted: FetchRegions, signal: AbortSignal): Promise<Costed<RegionsAnswer>> {
    const reader = new RegionsAnswerReader(wanted.regions);
    const bytes = wanted.regions.reduce((sum, { size }) => sum + size, 0);
    return this.#ask(
      { question: "fetchRegions", answer: "regions", body: encodeFetchRegions(wanted), bytes, reader },
      signal,
    );
  }

  /** Takes the next bytes of an answer. Throws E_PROTOCOL when they answer nothing that was asked. */
  takePiece(header: FrameHeader, bytes: Uint8Array, isLast: boolean): void {
    const request = this.#inFlight.get(header.requestId);
    if (request === undefined || request.answer !== header.type) throw broken("an answer to nothing that was asked");
    request.heardAt = this.#deps.clock.monotonic();
    this.#heardAt = request.heardAt;
    if (isLast) request.received += bytesOnWire(header.bodyBytes);
    if (!request.isDropped) request.reader.take(bytes);
    if (isLast && !header.hasMore) this.#finish(header.requestId, request);
  }

  /** Rejects everything, now and later. */
  end(error: SyncError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#ended.abort();
    for (const request of [...this.#waiting.splice(0), ...this.#inFlight.values()]) this.#drop(request, error);
    this.#inFlight.clear();
  }

  #ask<T>(
    wanted: Pick<Request, "question" | "answer" | "body" | "bytes"> & { readonly reader: AnswerReader<T> },
    signal: AbortSignal,
  ): Promise<Costed<T>> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise<Costed<T>>((resolve, reject) => {
      const cancel = (): void => this.#cancel(request, signal.reason);
      signal.addEventListener("abort", cancel, { once: true });
      const request: Request = {
        ...wanted,
        resolve: resolve as (answer: unknown) => void,
        reject,
        detach: () => signal.removeEventListener("abort", cancel),
        sentAt: 0,
        heardAt: 0,
        isDropped: false,
        sent: 0,
        received: 0,
      };
      this.#waiting.push(request);
      this.#sendNext();
    });
  }

  #sendNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next); next = this.#waiting[0]) {
      this.#waiting.shift();
      const id = this.#nextId++;
      next.sentAt = this.#deps.clock.monotonic();
      next.heardAt = next.sentAt;
      this.#inFlight.set(id, next);
      this.#inFlightBytes += next.bytes;
      next.sent = bytesOnWire(next.body.length);
      this.#deps.send(next.question, next.body, id);
    }
    void this.#watch();
  }

  #hasRoom({ bytes }: Request): boolean {
    if (this.#inFlight.size === 0) return true;
    return (
      this.#inFlight.size < LIMITS.requestsInFlightPerPeer.value &&
      this.#inFlightBytes + bytes <= LIMITS.sendBacklogBytes.value
    );
  }

  #finish(id: number, request: Request): void {
    this.#inFlight.delete(id);
    this.#inFlightBytes -= request.bytes;
    if (!request.isDropped) {
      request.detach();
      const { sent, received } = request;
      request.resolve({ ...(request.reader.finish() as object), wire: { sent, received } });
    }
    this.#sendNext();
  }

  #cancel(request: Request, reason: unknown): void {
    const position = this.#waiting.indexOf(request);
    if (position >= 0) this.#waiting.splice(position, 1);
    for (const [id, other] of this.#inFlight) if (other === request) this.#deps.send("cancel", undefined, id);
    this.#drop(request, reason);
  }

  #drop(request: Request, reason: unknown): void {
    if (request.isDropped) return;
    request.isDropped = true;
    request.detach();
    request.reject(reason);
  }

  /** Looks at deadlines for as long as something is unanswered. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    try {
      while (this.#inFlight.size > 0 && this.#error === undefined) {
        await this.#deps.clock.sleep(this.#deps.requestMs / WATCHES_PER_DEADLINE, this.#ended.signal);
        this.#checkDeadlines(this.#deps.clock.monotonic());
      }
    } catch {
      // The connection ended; so did every request.
    } finally {
      this.#isWatching = false;
    }
  }

  #checkDeadlines(now: number): void {
    const { requestMs } = this.#deps;
    for (const [id, request] of this.#inFlight) {
      // While bulk comes for others this one may just wait for its turn.
      const isStalled = now - Math.max(request.heardAt, this.#heardAt) >= requestMs;
      const isSlow = now - request.sentAt >= requestMs * SLOW_FACTOR;
      if (!isStalled && !isSlow) continue;
      if (request.isDropped) {
        this.#deps.onStuck();
        return;
      }
      request.heardAt = now;
      request.sentAt = now;
      this.#deps.send("cancel", undefined, id);
      this.#drop(request, new SyncError("E_TIMEOUT", "the peer did not answer a request for file data in time"));
    }
  }
}
