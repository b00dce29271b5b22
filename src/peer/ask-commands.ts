/**
 * Commands that this side asks of a peer: their answers are gathered in a
 * window each, and granted anew as their reader takes them.
 *
 * Invariants:
 * 1. At most `commandsPerPeer` are unanswered; further ones wait here.
 * 2. Of one answer never more than `commandWindowBytes` wait to be read; a peer
 *    that sends more breaks the protocol.
 * 3. A read ends in every case: with bytes, the end, its signal or the connection.
 */
import { SyncError } from "../shared/errors.ts";
import { LIMITS } from "../shared/limits.ts";
import { addWire, NO_WIRE, type WireBytes } from "../shared/transfer-bytes.ts";
import { bytesOnWire } from "./bytes-on-wire.ts";
import { COMMAND_ID_MAX, COMMAND_ID_MIN, type Command, encodeCommand, encodeCommandCredit } from "./wire/command.ts";
import type { FrameType } from "./wire/frame-types.ts";
import type { FrameHeader } from "./wire/frames.ts";
import { broken } from "./wire/wire-values.ts";

/** Taken bytes are granted in steps, so that grants cost little. */
const GRANT_BYTES = LIMITS.commandWindowBytes.value / 4;

/** The next bytes of an answer. */
export interface ReplyPart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isLast: boolean;
  /** What asking and answering took on the connection since the part before. */
  readonly wire: WireBytes;
}

interface Asked {
  readonly id: number;
  readonly body: Uint8Array;
  parts: Uint8Array[];
  bytes: number;
  ungranted: number;
  wire: WireBytes;
  isWhole: boolean;
  /** Nobody reads the answer any more; it is dropped until it ends. */
  isDropped: boolean;
  wake: () => void;
}

export interface AskDeps {
  readonly send: (type: FrameType, body: Uint8Array | undefined, requestId: number) => void;
}

export class CommandAsker {
  readonly #deps: AskDeps;
  readonly #waiting: Asked[] = [];
  readonly #inFlight = new Map<number, Asked>();
  /** What was asked and not read to its end yet, by id. */
  readonly #open = new Map<number, Asked>();
  #nextId = COMMAND_ID_MIN;
  #error: SyncError | undefined;

  constructor(deps: AskDeps) {
    this.#deps = deps;
  }

  /** Sends a command, at once or when an earlier one has ended. Returns its id. Throws why the connection ended, and E_USAGE for one that is too long. */
  ask(command: Command): number {
    if (this.#error !== undefined) throw this.#error;
    const body = encodeCommand(command);
    if (body.length > LIMITS.commandBytes.value)
      throw new SyncError("E_USAGE", `the command is longer than ${LIMITS.commandBytes.value} bytes`);
    const id = this.#takeId();
    const asked: Asked = {
      id,
      body,
      parts: [],
      bytes: 0,
      ungranted: 0,
      wire: NO_WIRE,
      isWhole: false,
      isDropped: false,
      wake: () => {},
    };
    this.#open.set(id, asked);
    this.#waiting.push(asked);
    this.#sendNext();
    return id;
  }

  /** The next bytes of an answer, one read at a time. Rejects with the signal's reason, or why the connection ended. */
  async read(id: number, signal: AbortSignal): Promise<ReplyPart> {
    const asked = this.#open.get(id);
    if (asked === undefined) throw this.#error ?? new Error(`bug: no command ${id} is open`);
    while (asked.bytes === 0 && !asked.isWhole) {
      if (this.#error !== undefined) throw this.#error;
      signal.throwIfAborted();
      await arrival(asked, signal);
    }
    const bytes = joined(asked.parts, asked.bytes);
    this.#grant(asked, asked.bytes);
    const { wire, isWhole: isLast } = asked;
    asked.parts = [];
    asked.bytes = 0;
    asked.wire = NO_WIRE;
    if (isLast) this.#open.delete(id);
    return { bytes, isLast, wire };
  }

  /** Says that the rest of an answer is not wanted. */
  drop(id: number): void {
    const asked = this.#open.get(id);
    if (asked === undefined) return;
    this.#open.delete(id);
    const position = this.#waiting.indexOf(asked);
    if (position >= 0) this.#waiting.splice(position, 1);
    asked.isDropped = true;
    asked.parts = [];
    asked.bytes = 0;
    if (this.#inFlight.has(id)) this.#deps.send("cancel", undefined, id);
  }

  /** Takes the next bytes of an answer. Throws E_PROTOCOL when they answer nothing, or are more than was granted. */
  takePiece(header: FrameHeader, bytes: Uint8Array, isLast: boolean): void {
    const asked = this.#inFlight.get(header.requestId);
    if (asked === undefined) throw broken("an answer to no command");
    if (asked.bytes + asked.ungranted + bytes.length > LIMITS.commandWindowBytes.value)
      throw broken("more of an answer than was granted");
    if (isLast) asked.wire = addWire(asked.wire, { sent: 0, received: bytesOnWire(header.bodyBytes) });
    if (asked.isDropped) this.#grant(asked, bytes.length);
    else if (bytes.length > 0) {
      // A copy: the piece is a view of bytes that are on loan.
      asked.parts.push(new Uint8Array(bytes));
      asked.bytes += bytes.length;
    }
    if (isLast && !header.hasMore) {
      asked.isWhole = true;
      this.#inFlight.delete(asked.id);
      this.#sendNext();
    }
    asked.wake();
  }

  /** Ends every read, now and later. */
  end(error: SyncError): void {
    this.#error = error;
    this.#waiting.length = 0;
    this.#inFlight.clear();
    for (const asked of this.#open.values()) asked.wake();
  }

  #takeId(): number {
    const id = this.#nextId;
    this.#nextId = id === COMMAND_ID_MAX ? COMMAND_ID_MIN : id + 1;
    return id;
  }

  #sendNext(): void {
    while (this.#inFlight.size < LIMITS.commandsPerPeer.value) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#inFlight.set(next.id, next);
      this.#send("command", next.body, next);
    }
  }

  #grant(asked: Asked, bytes: number): void {
    if (asked.isWhole) return;
    asked.ungranted += bytes;
    if (asked.ungranted < GRANT_BYTES) return;
    this.#send("commandCredit", encodeCommandCredit(asked.ungranted), asked);
    asked.ungranted = 0;
  }

  #send(type: FrameType, body: Uint8Array, asked: Asked): void {
    asked.wire = addWire(asked.wire, { sent: bytesOnWire(body.length), received: 0 });
    this.#deps.send(type, body, asked.id);
  }
}

/** Resolves when something came, or the signal aborts. */
async function arrival(asked: Asked, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  asked.wake = resolve;
  signal.addEventListener("abort", asked.wake, { once: true });
  await promise.finally(() => signal.removeEventListener("abort", asked.wake));
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only as Uint8Array<ArrayBuffer>;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
