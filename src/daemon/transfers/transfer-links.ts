/** How a transfer asks for bytes: one device, or this node itself, at a rate. */
import { type FolderId, type RelPath, type ShortId, shortId } from "../../shared/ids.ts";
import type { Clock } from "../../shared/ports.ts";
import { RateLimit } from "../../shared/rate-limit.ts";
import { NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import type { FetchLink, FetchSources } from "../../sync/fetch/fetch-context.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { FileThread } from "./file-thread.ts";

/** Bytes of a folder, or of offered files, of a connected device. */
export function peerLink(peer: NetPeer, name: string, folder: FolderId): FetchLink {
  return {
    device: shortId(peer.device),
    name,
    speaks: (feature) => peer.facts.features.includes(feature),
    fetchChunks: (requests, signal) => peer.fetchChunks(folder, requests, signal),
    fetchChunkList: (path, contentId, signal) => peer.fetchChunkList(folder, path, contentId, signal),
  };
}

/** Bytes of this node's own folders: nothing goes over a wire. */
export function ownLink(thread: FileThread, self: ShortId, name: string, folder: FolderId): FetchLink {
  return {
    device: self,
    name,
    speaks: () => false,
    fetchChunks: async (requests, signal) => {
      const answers = await thread.call("read", [folder, requests], signal);
      return { answer: answers.map((bytes) => bytes ?? undefined), wire: NO_WIRE };
    },
    fetchChunkList: async (path: RelPath, contentId, signal) => {
      const list = await thread.call("chunkList", [folder, path, contentId], signal);
      return { answer: list ?? undefined, wire: NO_WIRE };
    },
  };
}

/** Holds what is asked for to a rate. */
export function limitedLink(link: FetchLink, bytesPerSecond: number | undefined, clock: Clock): FetchLink {
  if (bytesPerSecond === undefined) return link;
  const limit = new RateLimit(bytesPerSecond);
  return {
    ...link,
    fetchChunks: async (requests, signal) => {
      const bytes = requests.reduce((sum, { size }) => sum + size, 0);
      const waitMs = limit.take(bytes, clock.monotonic());
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      return await link.fetchChunks(requests, signal);
    },
  };
}

/** Tells what each answer took on the connection, as it comes. */
export function countedLink(link: FetchLink, onWire: (wire: WireBytes) => void): FetchLink {
  const counted = <T extends { readonly wire: WireBytes }>(answered: T): T => {
    onWire(answered.wire);
    return answered;
  };
  return {
    ...link,
    fetchChunks: async (requests, signal) => counted(await link.fetchChunks(requests, signal)),
    fetchChunkList: async (path, contentId, signal) => counted(await link.fetchChunkList(path, contentId, signal)),
  };
}

const REQUEST_BYTES = 1024 * 1024;
const REQUEST_BYTES_MIN = 32 * 1024;
const WRONG_ANSWERS_MAX = 3;

/** The one device of a transfer. After three wrong answers nobody is left to be asked. */
export class OneSource implements FetchSources {
  readonly #link: FetchLink;
  readonly #requestBytesMax: number;
  #wrongAnswers = 0;
  #requestBytes: number;

  constructor(link: FetchLink, bytesPerSecond?: number) {
    this.#link = link;
    // A request is a step of the rate: twenty a second are smooth.
    this.#requestBytesMax = Math.max(REQUEST_BYTES_MIN, Math.min(REQUEST_BYTES, (bytesPerSecond ?? Infinity) / 20));
    this.#requestBytes = this.#requestBytesMax;
  }

  get requestBytes(): number {
    return this.#requestBytes;
  }

  holding(): readonly FetchLink[] {
    return this.#wrongAnswers < WRONG_ANSWERS_MAX ? [this.#link] : [];
  }

  announcedList(): undefined {
    return undefined;
  }

  noteAnswer(hasCome: boolean): void {
    this.#requestBytes = hasCome
      ? Math.min(this.#requestBytes * 2, this.#requestBytesMax)
      : Math.max(this.#requestBytes / 2, REQUEST_BYTES_MIN);
  }

  noteBadAnswer(): void {
    this.#wrongAnswers++;
  }
}

/** The same bytes under another name: a receiver's own path for what the sender numbered. */
export function renamedLink(link: FetchLink, name: RelPath): FetchLink {
  return {
    ...link,
    fetchChunks: (requests, signal) =>
      link.fetchChunks(
        requests.map((request) => ({ ...request, path: name })),
        signal,
      ),
    fetchChunkList: (_, contentId, signal) => link.fetchChunkList(name, contentId, signal),
  };
}
