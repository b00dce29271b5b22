/** A connection as one folder sees it: messages go to the net thread as frames, answers come back as bytes. */
import { SyncError } from "../shared/errors.ts";
import type { Feature } from "../shared/features.ts";
import { type FolderId, type ShortId, shortId } from "../shared/ids.ts";
import type { ChunkRequest, FolderMessage, RegionRequest, Switch } from "../shared/messages.ts";
import type { Answered, ListAnswer, WantedList } from "../sync/fetch/fetch-context.ts";
import type { PeerLink } from "../sync/peer-link.ts";
import type { NetPeer } from "./net/net-peer.ts";

export interface DaemonLinkOptions {
  readonly peer: NetPeer;
  readonly name: string;
  readonly folder: FolderId;
  readonly canWrite: boolean;
  readonly isAdmin: boolean;
  readonly distrusts: ReadonlySet<ShortId>;
}

export class DaemonLink implements PeerLink {
  readonly device: ShortId;
  readonly name: string;
  readonly folder: FolderId;
  readonly canWrite: boolean;
  readonly isAdmin: boolean;
  readonly distrusts: ReadonlySet<ShortId>;
  readonly #peer: NetPeer;
  /** The folder is no longer shared on this connection, though it may stand. */
  #isOver = false;

  constructor(options: DaemonLinkOptions) {
    this.device = shortId(options.peer.device);
    this.name = options.name;
    this.folder = options.folder;
    this.canWrite = options.canWrite;
    this.isAdmin = options.isAdmin;
    this.distrusts = options.distrusts;
    this.#peer = options.peer;
  }

  end(): void {
    this.#isOver = true;
  }

  speaks(feature: Feature): boolean {
    return this.#peer.facts.features.includes(feature);
  }

  send(message: FolderMessage): void {
    if (!this.#isOver) this.#peer.send(message);
  }

  async drained(): Promise<void> {
    this.#requireOpen();
    await this.#peer.drained();
    this.#requireOpen();
  }

  async fetchChunks(
    requests: readonly ChunkRequest[],
    signal: AbortSignal,
    compression?: Switch,
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>> {
    this.#requireOpen();
    return await this.#peer.fetchChunks(this.folder, requests, signal, compression);
  }

  async fetchChunkList(wanted: WantedList, signal: AbortSignal): Promise<Answered<ListAnswer | undefined>> {
    this.#requireOpen();
    return await this.#peer.fetchChunkList({ folder: this.folder, ...wanted }, signal);
  }

  async fetchRegions(
    request: RegionRequest,
    signal: AbortSignal,
    compression?: Switch,
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>> {
    this.#requireOpen();
    return await this.#peer.fetchRegions(this.folder, request, signal, compression);
  }

  #requireOpen(): void {
    if (this.#isOver || !this.#peer.isOpen)
      throw new SyncError("E_PEER_OFFLINE", `${this.name} is no longer connected`);
  }
}
