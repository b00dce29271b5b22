import type { Feature } from "../shared/features.ts";
import type { FolderId, ShortId } from "../shared/ids.ts";
import type { FolderMessage } from "../shared/messages.ts";
import type { FetchLink } from "./fetch/fetch-context.ts";

/**
 * One connected peer that shares a folder, as the folder sees it. The daemon
 * plugs connections in; the simulation its own network.
 *
 * Messages arrive in the order they were sent, or the link is gone. A link
 * never comes back: after a reconnect there is a new one.
 */
export interface PeerLink extends FetchLink {
  readonly folder: FolderId;
  /** Whether changes from this peer are taken. Judged here, never by the peer. */
  readonly canWrite: boolean;
  /** Whether an approval or an explicit command's mark from this peer counts here. */
  readonly isAdmin: boolean;
  /** Devices that the peer trusts no longer: what they wrote is not relayed to it. */
  readonly distrusts: ReadonlySet<ShortId>;
  /** Whether both ends offer a feature. */
  speaks(feature: Feature): boolean;
  send(message: FolderMessage): void;
  /** Resolves when little enough is queued to send more. */
  drained(): Promise<void>;
}
