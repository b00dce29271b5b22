/** How a transfer asks for bytes: one device, or this node itself, at a rate. */
import { type FolderId, type RelPath, type ShortId, shortId } from "../../shared/ids.ts";
import type { Clock } from "../../shared/ports.ts";
import { RateLimit } from "../../shared/rate-limit.ts";
import { NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import type { FetchLink, FetchSources } from "../../sync/fetch/fetch-context.ts";
import { LinkBook } from "../../sync/fetch/link-book.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { FileThread } from "./file-thread.ts";

/** Bytes of a folder, or of offered files, of a connected device. */
export function peerLink(peer: NetPeer, name: string, folder: FolderId): FetchLink {
  return {
    device: shortId(peer.device),
    name,
    speaks: (feature) => peer.facts.features.includes(feature),
    fetchChunks: (requests, signal, compression) => peer.fetchChunks(folder, requests, signal, compression),
    fetchRegions: (request, signal, compression) => peer.fetchRegions(folder, request, signal, compression),
    fetchChunkList: (wanted, signal) => peer.fetchChunkList({ folder, ...wanted }, signal),
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
    fetchRegions: () => Promise.reject(new Error("bug: this node asks itself for no regions")),
    fetchChunkList: async ({ path, contentId }, signal) => {
      const bytes = await thread.call("chunkList", [folder, path, contentId], signal);
      return { answer: bytes == null ? undefined : { bytes, base: null, relatedBytes: null }, wire: NO_WIRE };
    },
  };
}

/** For what has no bytes: directories and links. */
export function emptyLink(device: ShortId): FetchLink {
  const never = (): Promise<never> => Promise.reject(new Error("bug: bytes are asked of what has none"));
  return { device, name: "", speaks: () => false, fetchChunks: never, fetchRegions: never, fetchChunkList: never };
}

/** Holds what is asked for to a rate. */
export function limitedLink(link: FetchLink, bytesPerSecond: number | undefined, clock: Clock): FetchLink {
  if (bytesPerSecond === undefined) return link;
  const limit = new RateLimit(bytesPerSecond);
  const turn = async (wanted: readonly { readonly size: number }[], signal: AbortSignal): Promise<void> => {
    const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
    const waitMs = limit.take(bytes, clock.monotonic());
    if (waitMs > 0) await clock.sleep(waitMs, signal);
  };
  return {
    ...link,
    fetchChunks: async (requests, signal, compression) => {
      await turn(requests, signal);
      return await link.fetchChunks(requests, signal, compression);
    },
    fetchRegions: async (request, signal, compression) => {
      await turn(request.regions, signal);
      return await link.fetchRegions(request, signal, compression);
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
    fetchChunks: async (requests, signal, compression) =>
      counted(await link.fetchChunks(requests, signal, compression)),
    fetchRegions: async (request, signal, compression) =>
      counted(await link.fetchRegions(request, signal, compression)),
    fetchChunkList: async (wanted, signal) => counted(await link.fetchChunkList(wanted, signal)),
  };
}

const WRONG_ANSWERS_MAX = 3;

/** The one device of a transfer. After three wrong answers nobody is left to be asked. */
export class OneSource implements FetchSources {
  readonly book: LinkBook;
  readonly #link: FetchLink;
  #wrongAnswers = 0;

  constructor(link: FetchLink, clock: Clock) {
    this.#link = link;
    this.book = new LinkBook(clock);
  }

  holding(): readonly FetchLink[] {
    return this.#wrongAnswers < WRONG_ANSWERS_MAX ? [this.#link] : [];
  }

  announcedList(): undefined {
    return undefined;
  }

  noteBadAnswer(): void {
    this.#wrongAnswers++;
  }
}

/** Without what needs both the old and the new file in a folder's own staging area. */
export function plainLink(link: FetchLink): FetchLink {
  return { ...link, speaks: (feature) => feature !== "delta/1" && link.speaks(feature) };
}

/** The same bytes under another name: a receiver's own path for what the sender numbered. */
export function renamedLink(link: FetchLink, name: RelPath): FetchLink {
  return {
    ...link,
    fetchChunks: (requests, signal, compression) =>
      link.fetchChunks(
        requests.map((request) => ({ ...request, path: name })),
        signal,
        compression,
      ),
    fetchRegions: (request, signal, compression) => link.fetchRegions({ ...request, path: name }, signal, compression),
    fetchChunkList: (wanted, signal) => link.fetchChunkList({ ...wanted, path: name }, signal),
  };
}
