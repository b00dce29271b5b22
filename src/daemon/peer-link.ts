/** A connection as one folder sees it: messages go to the net thread as frames, answers come back as bytes. */
import { SyncError } from "../shared/errors.ts";
import { type ContentId, type DeviceId, type FolderId, type RelPath, type ShortId, shortId } from "../shared/ids.ts";
import type { ChunkRequest, FolderMessage } from "../shared/messages.ts";
import type { PeerLink } from "../sync/peer-link.ts";
import type { NetClient } from "./net/net-client.ts";

export interface DaemonLinkOptions {
  readonly net: NetClient;
  readonly connection: number;
  readonly device: DeviceId;
  readonly name: string;
  readonly folder: FolderId;
  readonly canWrite: boolean;
  readonly isAdmin: boolean;
}

export class DaemonLink implements PeerLink {
  readonly device: ShortId;
  readonly name: string;
  readonly folder: FolderId;
  readonly canWrite: boolean;
  readonly isAdmin: boolean;
  readonly #net: NetClient;
  readonly #connection: number;
  #isLost = false;

  constructor(options: DaemonLinkOptions) {
    this.device = shortId(options.device);
    this.name = options.name;
    this.folder = options.folder;
    this.canWrite = options.canWrite;
    this.isAdmin = options.isAdmin;
    this.#net = options.net;
    this.#connection = options.connection;
  }

  lose(): void {
    this.#isLost = true;
  }

  send(message: FolderMessage): void {
    if (!this.#isLost) this.#net.send(this.#connection, message);
  }

  async drained(): Promise<void> {
    if (this.#isLost) throw this.#lost();
    await this.#net.drained(this.#connection);
  }

  async fetchChunks(requests: readonly ChunkRequest[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]> {
    if (this.#isLost) throw this.#lost();
    const { bytes, offsets } = await this.#net.fetchChunks(this.#connection, this.folder, requests, signal);
    return requests.map(({ size }, position) => {
      const offset = offsets[position] ?? -1;
      if (offset < 0) return undefined;
      // An answer to one request is handed on whole, so that its buffer can move between threads.
      return requests.length === 1 && bytes.length === size ? bytes : bytes.subarray(offset, offset + size);
    });
  }

  async fetchChunkList(path: RelPath, contentId: ContentId, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.#isLost) throw this.#lost();
    return await this.#net.fetchChunkList(this.#connection, this.folder, path, contentId, signal);
  }

  #lost(): SyncError {
    return new SyncError("E_PEER_OFFLINE", `${this.name} is no longer connected`);
  }
}
