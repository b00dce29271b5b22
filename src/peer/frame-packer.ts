/** Compresses the bulk frames of one connection where that pays, and says so in their headers. */
import type { Switch } from "../shared/messages.ts";
import { compressBody, looksCompressible } from "./compression.ts";
import { CompressionChoice } from "./compression-choice.ts";
import type { FrameHeader } from "./wire/frames.ts";
import { HEADER_BYTES, writeHeader } from "./wire/frames.ts";

/** After a frame that was not worth it, so many of the same content are not even looked at. */
const SKIPPED_FRAMES = 7;

export class FramePacker {
  readonly #choice = new CompressionChoice();
  readonly #now: () => number;
  #content = "";
  #skipped = 0;
  #lastAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A pause in the work: what came before says nothing of the time from here on. */
  begin(): void {
    this.#lastAt = this.#now();
  }

  /**
   * A whole frame with the body compressed, or undefined when it goes as it
   * is. `content` names what the bytes are of.
   */
  async pack(
    body: Uint8Array,
    header: Omit<FrameHeader, "bodyBytes" | "isCompressed">,
    { wish, content }: { readonly wish: Switch; readonly content: string },
  ): Promise<Uint8Array | undefined> {
    const { current } = this.#choice;
    const isWanted = wish === "on" || (wish === "auto" && current !== "none" && this.#isWorthTrying(body, content));
    const packed = isWanted ? await compressBody(body, current === "none" ? 1 : current) : undefined;
    if (isWanted && packed === undefined && wish === "auto") this.#skipped = SKIPPED_FRAMES;
    this.#note(body.length, wish === "auto" && (packed !== undefined || current === "none"));
    if (packed === undefined) return undefined;
    const frame = Buffer.allocUnsafeSlow(HEADER_BYTES + packed.length);
    writeHeader(frame, { ...header, bodyBytes: packed.length, isCompressed: true });
    frame.set(packed, HEADER_BYTES);
    return frame;
  }

  /** Only frames that could be compressed tell something of the choice. */
  #note(bytes: number, isTelling: boolean): void {
    const now = this.#now();
    if (isTelling) this.#choice.note(bytes, now - this.#lastAt);
    this.#lastAt = now;
  }

  #isWorthTrying(body: Uint8Array, content: string): boolean {
    if (content === this.#content && this.#skipped > 0) {
      this.#skipped--;
      return false;
    }
    this.#content = content;
    this.#skipped = looksCompressible(body) ? 0 : SKIPPED_FRAMES;
    return this.#skipped === 0;
  }
}
