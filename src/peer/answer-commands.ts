/**
 * Commands that a peer asks of this side. The daemon answers; this class sees
 * to it that the peer gets no more than it granted, and one frame at a time.
 *
 * Invariants:
 * 1. At most `commandsPerPeer` run; a peer that asks for more breaks the protocol.
 * 2. Of one answer at most `commandWindowBytes` are sent and not granted anew.
 * 3. Every answer ends with a frame without MORE, cancelled ones too, and only
 *    once whoever answers has finished.
 */
import { LIMITS } from "../shared/limits.ts";
import { COMMAND_ID_MIN, type Command } from "./wire/command.ts";
import { HEADER_BYTES, writeHeader } from "./wire/frames.ts";
import { broken } from "./wire/wire-values.ts";

/** A command as it came. */
export interface AskedCommand extends Command {
  readonly id: number;
}

export interface AnswerDeps {
  /** Runs the command; what it says goes through {@link CommandAnswerer.reply}. Settles when it has finished; the signal aborts when nobody wants it any more. */
  readonly run: (command: AskedCommand, signal: AbortSignal) => Promise<void>;
  readonly sendBulk: (frame: Uint8Array, onWritten: () => void) => void;
  /** Resolves when a bulk frame would not wait behind another. */
  readonly bulkRoom: () => Promise<void>;
}

interface Running {
  readonly id: number;
  readonly stop: AbortController;
  /** Bytes that may still be sent. */
  granted: number;
  wake: () => void;
}

export class CommandAnswerer {
  readonly #deps: AnswerDeps;
  readonly #running = new Map<number, Running>();

  constructor(deps: AnswerDeps) {
    this.#deps = deps;
  }

  /** Starts a command. Throws E_PROTOCOL when the peer asks for more at once than it may. */
  ask(id: number, command: Command): void {
    if (id < COMMAND_ID_MIN) throw broken(`a command with the request id ${id}`);
    if (this.#running.has(id)) throw broken("a request id twice");
    if (this.#running.size >= LIMITS.commandsPerPeer.value) throw broken("more commands at once than it may");
    const running: Running = {
      id,
      stop: new AbortController(),
      granted: LIMITS.commandWindowBytes.value,
      wake: () => {},
    };
    this.#running.set(id, running);
    void this.#run(running, command);
  }

  /** Unknown ids were answered already. */
  cancel(id: number): void {
    this.#stop(this.#running.get(id));
  }

  /** The peer has taken bytes. Throws E_PROTOCOL when it grants more than the window. */
  credit(id: number, bytes: number): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    running.granted += bytes;
    if (running.granted > LIMITS.commandWindowBytes.value) throw broken("a grant of more than was sent");
    running.wake();
  }

  /** Sends bytes of an answer; resolves when they are handed over and more may come. What nobody wants any more is dropped. */
  async reply(id: number, bytes: Uint8Array): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return;
    for (let at = 0; at < bytes.length; ) {
      await this.#room(running);
      if (running.stop.signal.aborted) return;
      const size = Math.min(bytes.length - at, running.granted, LIMITS.commandReplyBytes.value);
      running.granted -= size;
      this.#send(id, bytes.subarray(at, at + size), true);
      at += size;
    }
  }

  /** Stops everything: the connection is over. */
  end(): void {
    for (const running of this.#running.values()) this.#stop(running);
    this.#running.clear();
  }

  #stop(running: Running | undefined): void {
    running?.stop.abort();
    running?.wake();
  }

  async #run(running: Running, command: Command): Promise<void> {
    const { id, stop } = running;
    try {
      await this.#deps.run({ ...command, id }, stop.signal);
    } finally {
      if (this.#running.delete(id)) this.#send(id, new Uint8Array(), false);
    }
  }

  async #room(running: Running): Promise<void> {
    for (;;) {
      await this.#deps.bulkRoom();
      if (running.granted > 0 || running.stop.signal.aborted) return;
      await new Promise<void>((resolve) => {
        running.wake = resolve;
      });
    }
  }

  #send(id: number, bytes: Uint8Array, hasMore: boolean): void {
    const frame = new Uint8Array(HEADER_BYTES + bytes.length);
    writeHeader(frame, { type: "commandReply", bodyBytes: bytes.length, hasMore, requestId: id });
    frame.set(bytes, HEADER_BYTES);
    this.#deps.sendBulk(frame, () => {});
  }
}
