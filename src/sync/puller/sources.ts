/** Asks connected peers for bytes: who has a version, in which order they are asked, who answered wrongly. */
import type { Head } from "../../shared/file-info.ts";
import type { RelPath, ShortId } from "../../shared/ids.ts";
import type { Log } from "../../shared/ports.ts";
import { sameContent, winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { PeerLink } from "../peer-link.ts";

const BAD_ANSWERS_MAX = 3;

/**
 * The links of one folder that can serve content. Asks them in turn, and
 * drops a peer that sent wrong bytes three times until it connects anew.
 */
export class Sources {
  readonly #context: FolderContext;
  readonly #links = new Map<ShortId, PeerLink>();
  readonly #badAnswers = new Map<ShortId, number>();
  #turn = 0;

  constructor(context: FolderContext) {
    this.#context = context;
  }

  add(link: PeerLink): void {
    this.#links.set(link.device, link);
    this.#badAnswers.delete(link.device);
  }

  remove(link: PeerLink): void {
    if (this.#links.get(link.device) === link) this.#links.delete(link.device);
  }

  get size(): number {
    return this.#links.size;
  }

  /** Peers that announced this version at this path, the next in turn first. */
  holding(path: RelPath, head: Head): readonly PeerLink[] {
    const holders: PeerLink[] = [];
    for (const remote of this.#context.index.read.remote(this.#context.folder, path)) {
      const link = this.#links.get(remote.device);
      if (link === undefined || (this.#badAnswers.get(remote.device) ?? 0) >= BAD_ANSWERS_MAX) continue;
      if (sameContent(winnerOf(remote.heads), head)) holders.push(link);
    }
    if (holders.length < 2) return holders;
    const start = this.#turn++ % holders.length;
    return [...holders.slice(start), ...holders.slice(0, start)];
  }

  noteBadAnswer(link: PeerLink, log: Log): void {
    const count = (this.#badAnswers.get(link.device) ?? 0) + 1;
    this.#badAnswers.set(link.device, count);
    log.warn("A device sent bytes that do not match their hash", {
      device: link.name,
      count,
      isDropped: count >= BAD_ANSWERS_MAX,
    });
  }
}
