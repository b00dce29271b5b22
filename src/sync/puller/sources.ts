/** Asks connected peers for bytes: who has a version, in which order they are asked, who answered wrongly. */
import type { Head } from "../../shared/file-info.ts";
import type { RelPath, ShortId } from "../../shared/ids.ts";
import { sameContent, winnerOf } from "../core/heads.ts";
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import { unpackList } from "../exchange/announced-list.ts";
import type { FetchContext, FetchLink, FetchSources, WantedFile } from "../fetch/fetch-context.ts";
import type { FolderContext } from "../folder-context.ts";
import type { PeerLink } from "../peer-link.ts";

const BAD_ANSWERS_MAX = 3;
const REST_MS = 60_000;
const REQUEST_BYTES_MAX = 1024 * 1024;
const REQUEST_BYTES_MIN = 32 * 1024;

interface BadAnswers {
  readonly count: number;
  readonly lastMs: number;
}

/**
 * The links of one folder that can serve content. Asks them in turn, and
 * leaves a peer that sent wrong bytes three times alone for a minute after
 * each further one: it may lie, or its files may be changing while it reads.
 */
export class Sources implements FetchSources {
  readonly #context: FolderContext;
  readonly #links = new Map<ShortId, PeerLink>();
  readonly #badAnswers = new Map<ShortId, BadAnswers>();
  #turn = 0;
  #requestBytes = REQUEST_BYTES_MAX;

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

  /**
   * Peers that have this version at this path, the next in turn first: those
   * that announced it, and those that have acknowledged our announcement of it
   * (who took a record unchanged does not send it back).
   */
  holding(file: WantedFile): readonly FetchLink[] {
    const { index, folder } = this.#context;
    const announced = new Set<ShortId>();
    for (const remote of index.read.remote(folder, file.path)) {
      if (shows(remote.heads, file)) announced.add(remote.device);
    }
    const own = index.read.local(folder, file.path);
    const isOurs = own !== undefined && shows(own.heads, file);
    const holders = [...this.#links.values()].filter((link) => {
      if (this.#isResting(link)) return false;
      return announced.has(link.device) || (isOurs && this.#hasAcknowledged(link, own.sequence));
    });
    if (holders.length < 2) return holders;
    const start = this.#turn++ % holders.length;
    return [...holders.slice(start), ...holders.slice(0, start)];
  }

  /** Whether anybody, connected or not, is known to have this version: it announced it, or has acknowledged ours. */
  isKnown(path: RelPath, head: Head): boolean {
    const { index, folder } = this.#context;
    if (index.read.remote(folder, path).some((remote) => remote.heads.some((other) => sameContent(other, head))))
      return true;
    return head.contentId !== null && this.holding({ path, contentId: head.contentId, size: head.size }).length > 0;
  }

  announcedList(link: FetchLink, { path, size }: WantedFile): WireChunkList | undefined {
    const { index, folder, log } = this.#context;
    const kept = index.read.announcedChunkList(folder, link.device, path);
    try {
      return kept === undefined ? undefined : unpackList(kept, size, (contentId) => index.read.chunkList(contentId));
    } catch (error) {
      log.debug("Announced chunk list makes no sense; it is asked for", {
        path,
        device: link.name,
        error: String(error),
      });
      return undefined;
    }
  }

  #hasAcknowledged(link: PeerLink, sequence: number): boolean {
    const { index, folder } = this.#context;
    const { ackedEpoch, acked } = index.read.remoteState(folder, link.device);
    return acked >= sequence && ackedEpoch === index.read.folder(folder)?.epoch;
  }

  #isResting(link: PeerLink): boolean {
    const bad = this.#badAnswers.get(link.device);
    if (bad === undefined || bad.count < BAD_ANSWERS_MAX) return false;
    return this.#context.clock.monotonic() - bad.lastMs < REST_MS;
  }

  /**
   * How much one request asks for. Less after each failure: a connection that
   * breaks again and again must still bring something across whole.
   */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  noteAnswer(hasCome: boolean): void {
    this.#requestBytes = hasCome
      ? Math.min(this.#requestBytes * 2, REQUEST_BYTES_MAX)
      : Math.max(this.#requestBytes / 2, REQUEST_BYTES_MIN);
  }

  noteBadAnswer(link: FetchLink): void {
    const count = (this.#badAnswers.get(link.device)?.count ?? 0) + 1;
    this.#badAnswers.set(link.device, { count, lastMs: this.#context.clock.monotonic() });
    this.#context.log.warn("A device sent bytes that do not match their hash", {
      device: link.name,
      count,
      isResting: count >= BAD_ANSWERS_MAX,
    });
  }
}

/** Whether these heads show a live file of this very content. */
function shows(heads: readonly Head[], { contentId, size }: WantedFile): boolean {
  const { type, deleted, ...shown } = winnerOf(heads);
  return type === "file" && !deleted && shown.contentId === contentId && shown.size === size;
}

/** A folder's parts as fetching needs them. */
export function fetchContextOf(context: FolderContext, sources: FetchSources): FetchContext {
  const { clock, hasher, log, disk, index } = context;
  return { clock, hasher, log, sources, stage: disk, chunkList: (contentId) => index.read.chunkList(contentId) };
}
