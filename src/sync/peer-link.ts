import type { ContentId, FolderId, RelPath, ShortId } from "../shared/ids.ts";
import type { ChunkRequest, FolderMessage } from "../shared/messages.ts";

/**
 * One connected peer that shares a folder, as the folder sees it. The daemon
 * plugs connections in; the simulation its own network.
 *
 * Messages arrive in the order they were sent, or the link is gone. A link
 * never comes back: after a reconnect there is a new one.
 */
export interface PeerLink {
  readonly device: ShortId;
  readonly name: string;
  readonly folder: FolderId;
  /** Whether changes from this peer are taken. Judged here, never by the peer. */
  readonly canWrite: boolean;
  /** Whether an approval or an explicit command's mark from this peer counts here. */
  readonly isAdmin: boolean;
  /** Devices that the peer trusts no longer: what they wrote is not relayed to it. */
  readonly distrusts: ReadonlySet<ShortId>;
  send(message: FolderMessage): void;
  /** Resolves when little enough is queued to send more. */
  drained(): Promise<void>;
  /** Bytes for each request, undefined where the peer no longer has that version. Rejects when the link is lost or the signal aborts. Content is not verified yet. */
  fetchChunks(requests: readonly ChunkRequest[], signal: AbortSignal): Promise<readonly (Uint8Array | undefined)[]>;
  /** Wire form of a chunk list, undefined where the peer no longer has it. */
  fetchChunkList(path: RelPath, contentId: ContentId, signal: AbortSignal): Promise<Uint8Array | undefined>;
}
