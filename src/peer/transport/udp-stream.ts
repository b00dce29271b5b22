/** A reliable stream over UDP in the shape of Node's own streams, which TLS needs. */
import { Duplex } from "node:stream";
import type { UdxStream } from "./udx.ts";

/** Bytes that may wait here before the stream below is paused. */
const READ_BUFFER_BYTES = 1024 * 1024;

export class UdpStream extends Duplex {
  readonly #below: UdxStream;

  constructor(below: UdxStream) {
    super({ readableHighWaterMark: READ_BUFFER_BYTES, writableHighWaterMark: READ_BUFFER_BYTES });
    this.#below = below;
    below.on("data", (bytes: Uint8Array) => {
      if (!this.push(bytes)) below.pause();
    });
    below.on("end", () => this.push(null));
    below.on("error", (error: Error) => this.destroy(error));
    below.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#below.resume();
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    if (this.#below.write(bytes)) done();
    else this.#below.once("drain", done);
  }

  override _final(done: () => void): void {
    this.#below.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#below.destroy();
    done(error);
  }
}
