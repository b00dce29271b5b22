/** Pairing messages on a stream: two bytes of length, then the message, which `LIMITS.pairingMessageBytes` bounds. */
import type { Duplex } from "node:stream";
import { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import { decodeMessage, encodeMessage, type PairingMessage } from "./messages.ts";

const LENGTH_BYTES = 2;

export class MessageStream {
  readonly #stream: Duplex;
  readonly #chunks: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /** The next message; undefined when the other side ended the stream between two messages. Nothing is read ahead of need but what one chunk holds. */
  async read(): Promise<PairingMessage | undefined> {
    if (!(await this.#fill(LENGTH_BYTES))) return this.#atEnd();
    const length = this.#buffer.readUInt16BE(0);
    if (length > LIMITS.pairingMessageBytes.value) {
      throw new SyncError("E_PROTOCOL", `the other side announced a pairing message of ${length} bytes`);
    }
    if (!(await this.#fill(LENGTH_BYTES + length))) return this.#atEnd();
    const body = this.#buffer.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
    this.#buffer = this.#buffer.subarray(LENGTH_BYTES + length);
    return decodeMessage(body);
  }

  write(messages: readonly PairingMessage[]): void {
    for (const message of messages) {
      const body = encodeMessage(message);
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(body.length);
      this.#stream.write(Buffer.concat([length, body]));
    }
  }

  /** Closes the stream once everything written is out. */
  close(): void {
    if (this.#stream.destroyed) return;
    this.#stream.end(() => this.#stream.destroy());
  }

  async #fill(count: number): Promise<boolean> {
    while (this.#buffer.length < count) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#buffer = Buffer.concat([this.#buffer, next.value]);
    }
    return true;
  }

  #atEnd(): undefined {
    if (this.#buffer.length > 0) throw new SyncError("E_PROTOCOL", "the other side hung up in the middle of a message");
    return undefined;
  }
}
