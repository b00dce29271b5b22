/**
 * Contents that peers sent along with their records, until the puller takes
 * them up: in memory, bounded, the oldest give way and are fetched as usual.
 * Nothing in here is proven.
 */
import type { ContentId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";

export class PushedContents {
  /** The oldest first. */
  readonly #contents = new Map<ContentId, Uint8Array>();
  #bytes = 0;

  keep(contentId: ContentId, bytes: Uint8Array): void {
    this.take(contentId);
    this.#contents.set(contentId, bytes);
    this.#bytes += bytes.length;
    for (const oldest of this.#contents.keys()) {
      if (this.#bytes <= LIMITS.pushedKeptBytes.value) break;
      this.take(oldest);
    }
  }

  has(contentId: ContentId): boolean {
    return this.#contents.has(contentId);
  }

  /** Gives a content away; undefined when it is not here. */
  take(contentId: ContentId): Uint8Array | undefined {
    const bytes = this.#contents.get(contentId);
    if (bytes === undefined) return undefined;
    this.#contents.delete(contentId);
    this.#bytes -= bytes.length;
    return bytes;
  }
}
