/**
 * Decides when a moved directory is announced to a peer as one operation, and
 * not as the records it stands for.
 *
 * The peer makes the records itself, from what it holds. Whether it holds the
 * same is for it to find out, by the move's digest: where it does not, it opens
 * the exchange anew at what it holds, and is told record by record.
 */
import { FEATURES } from "../../shared/features.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import type { FolderContext } from "../folder-context.ts";
import { firstOf } from "../index/move-table.ts";
import type { PeerLink } from "../peer-link.ts";

/** What a peer is to be told next. */
export type NextAnnouncement =
  /** The records up to a sequence. */
  | { readonly type: "records"; readonly upTo: number }
  | { readonly type: "move"; readonly move: DirectoryMove }
  /** The peer announced this very move itself. */
  | { readonly type: "known"; readonly upTo: number };

export class MoveAnnouncer {
  readonly #context: FolderContext;
  readonly #link: PeerLink;
  /** Moves, by their last sequence, that are told record by record. */
  readonly #plain = new Set<number>();
  /** The last that was told as one, and what the peer held before. */
  #told: { readonly after: number; readonly last: number } | undefined;

  constructor(context: FolderContext, link: PeerLink) {
    this.#context = context;
    this.#link = link;
  }

  /** The peer begins anew at `held`: where that is just before a move, it could not take it. */
  reopened(held: number): void {
    if (this.#told !== undefined && held >= this.#told.after && held < this.#told.last)
      this.#plain.add(this.#told.last);
    this.#told = undefined;
  }

  /** `sent`: what the peer was told up to now. Up to `tellsAllUpTo` it holds nothing to make records from. */
  next(sent: number, tellsAllUpTo: number): NextAnnouncement {
    const { index, folder } = this.#context;
    const everything: NextAnnouncement = { type: "records", upTo: Number.MAX_SAFE_INTEGER };
    if (!this.#link.speaks(FEATURES.directoryMove)) return everything;
    let move = index.read.moveAfter(folder, Math.max(sent, tellsAllUpTo));
    for (; move !== undefined; move = index.read.moveAfter(folder, move.sequence)) {
      // What a device wrote that the peer's person removed is not relayed (trust I10).
      if (firstOf(move) <= sent || this.#plain.has(move.sequence) || this.#link.distrusts.has(move.author)) continue;
      const [row] = index.read.localSince(folder, sent, 1);
      if (row !== undefined && row.sequence < firstOf(move)) return { type: "records", upTo: firstOf(move) - 1 };
      if (index.read.isMoveKnownTo(folder, this.#link.device, move.digest))
        return { type: "known", upTo: move.sequence };
      if (index.read.isMoveWhole(folder, move)) {
        this.#told = { after: sent, last: move.sequence };
        return { type: "move", move };
      }
      this.#plain.add(move.sequence);
    }
    return everything;
  }
}
