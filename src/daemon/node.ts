/** A running node as its commands see it. */
import type { ConfigDraft } from "../shared/config-schema.ts";
import type { Access } from "./api/access.ts";
import type { Dashboard } from "./dashboard/dashboard.ts";
import type { FolderSet } from "./folder-set.ts";
import type { NetClient } from "./net/net-client.ts";
import type { NodeParts } from "./node-parts.ts";
import type { Pairing } from "./pairing.ts";
import type { PeerSet } from "./peer-set.ts";
import type { Transfers } from "./transfers/transfers.ts";

export interface Node {
  readonly parts: NodeParts;
  readonly net: NetClient;
  readonly folders: FolderSet;
  readonly peers: PeerSet;
  readonly pairing: Pairing;
  readonly dashboard: Dashboard;
  readonly access: Access;
  readonly transfers: Transfers;
  /** Directories that hold Syncline's own files: no folder may be inside or around one. */
  readonly homes: readonly string[];
  /** Changes the configuration and resolves when folders and peers are as it says. */
  configure(edit: (draft: ConfigDraft) => void): Promise<boolean>;
}
