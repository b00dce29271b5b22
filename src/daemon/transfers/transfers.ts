/** What a node has for uploads and downloads: its book, what it serves, its notices. */
import type { FolderId } from "../../shared/ids.ts";
import type { ServingDeps } from "./ask-serving.ts";
import type { FileThread } from "./file-thread.ts";
import type { Notices } from "./notices.ts";
import type { ServedTransfers } from "./served.ts";
import type { TransferBook } from "./transfer-book.ts";
import type { UdpLinks } from "./udp-links.ts";
import type { Unattended } from "./unattended.ts";

export interface Transfers {
  readonly book: TransferBook;
  readonly served: ServedTransfers;
  readonly notices: Notices;
  readonly serving: ServingDeps;
  readonly udp: UdpLinks;
  readonly unattended: Unattended;
  /** Files of uploads to this very node: the thread that reads them, by the offer's token. */
  readonly ownOffers: Map<FolderId, FileThread>;
}
