/** Asks connected peers for bytes: who has a version, in which order they are asked, who answered wrongly. */
import type { Head, PathProblem } from "../../shared/file-info.ts";
import type { ContentId, RelPath, ShortId } from "../../shared/ids.ts";
import { baseOf } from "../content-here.ts";
import { sameContent, winnerOf } from "../core/heads.ts";
import type { WireChunkList } from "../delta/wire-chunk-list.ts";
import { unpackList } from "../exchange/announced-list.ts";
import type { FetchContext, FetchLink, FetchOptions, FetchSources, WantedFile } from "../fetch/fetch-context.ts";
import { LinkBook } from "../fetch/link-book.ts";
import type { FolderContext } from "../folder-context.ts";
import type { PeerLink } from "../peer-link.ts";

const BAD_ANSWERS_MAX = 3;
const REST_MS = 60_000;

interface BadAnswers {
  readonly name: string;
  readonly count: number;
  readonly lastMs: number;
}

/**
 * The links of one folder that can serve content.
 *
 * A device that sent wrong bytes three times is dropped: it may lie, or its
 * disk is broken. As long as it is connected it is asked again only for what
 * nobody else has, a minute after each further wrong answer, because its
 * files may just have been changing while it read them.
 */
export class Sources implements FetchSources {
  readonly book: LinkBook;
  readonly #context: FolderContext;
  readonly #links = new Map<ShortId, PeerLink>();
  readonly #badAnswers = new Map<ShortId, BadAnswers>();

  constructor(context: FolderContext) {
    this.#context = context;
    this.book = new LinkBook(context.clock);
  }

  add(link: PeerLink): void {
    this.#links.set(link.device, link);
    this.#badAnswers.delete(link.device);
  }

  remove(link: PeerLink): void {
    if (this.#links.get(link.device) !== link) return;
    this.#links.delete(link.device);
    this.#badAnswers.delete(link.device);
    this.book.forget(link);
  }

  get size(): number {
    return this.#links.size;
  }

  /** What there is to say of devices that were dropped. */
  get problems(): readonly PathProblem[] {
    return [...this.#badAnswers.values()]
      .filter(({ count }) => count >= BAD_ANSWERS_MAX)
      .map(({ name, count }) => ({
        path: "",
        code: "E_BAD_DATA",
        message: `${name} sent bytes that do not match their hash ${count} times; others are asked instead of it until it connects again`,
      }));
  }

  /**
   * Peers that have this version at this path: those that announced it, and
   * those that have acknowledged our announcement of it
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
    const holders = [...this.#links.values()].filter(
      (link) => announced.has(link.device) || (isOurs && this.#hasAcknowledged(link, own.sequence)),
    );
    const honest = holders.filter((link) => !this.#isDropped(link));
    return honest.length > 0 ? honest : holders.filter((link) => !this.#isResting(link));
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
    // A base is the peer's word: that it is here tells nothing new only of what may be used.
    const usableList = (base: ContentId): Uint8Array | undefined =>
      baseOf(this.#context, base, () => [link.device]) === undefined ? undefined : index.read.chunkList(base);
    try {
      return kept === undefined ? undefined : unpackList(kept, size, usableList);
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

  #isDropped(link: PeerLink): boolean {
    return (this.#badAnswers.get(link.device)?.count ?? 0) >= BAD_ANSWERS_MAX;
  }

  #isResting(link: PeerLink): boolean {
    const bad = this.#badAnswers.get(link.device);
    return this.#isDropped(link) && bad !== undefined && this.#context.clock.monotonic() - bad.lastMs < REST_MS;
  }

  noteBadAnswer({ device, name }: FetchLink): void {
    const count = (this.#badAnswers.get(device)?.count ?? 0) + 1;
    this.#badAnswers.set(device, { name, count, lastMs: this.#context.clock.monotonic() });
    this.#context.log.warn("A device sent bytes that do not match their hash", {
      device: name,
      count,
      isDropped: count >= BAD_ANSWERS_MAX,
    });
  }
}

/** Whether these heads show a live file of this very content. */
function shows(heads: readonly Head[], { contentId, size }: WantedFile): boolean {
  const { type, deleted, ...shown } = winnerOf(heads);
  return type === "file" && !deleted && shown.contentId === contentId && shown.size === size;
}

const DEFAULTS: FetchOptions = { delta: "auto", compression: "auto" };

/** A folder's parts as fetching needs them. */
export function fetchContextOf(context: FolderContext, sources: FetchSources): FetchContext {
  const { clock, hasher, log, disk, index } = context;
  return {
    clock,
    hasher,
    log,
    sources,
    /** Read anew for each file: the configuration may change at any time. */
    get options() {
      return context.fetchOptions?.() ?? DEFAULTS;
    },
    stage: disk,
    chunkList: (contentId) => index.read.chunkList(contentId),
    elsewhere: {
      families: (keys) => index.read.chunkFamilies(keys),
      contentsOf: (family) => index.read.contentsOfFamily(family),
      baseOf: (contentId, file) => baseOf(context, contentId, () => sources.holding(file).map(({ device }) => device)),
    },
  };
}
