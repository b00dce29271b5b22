/**
 * Moves a directory in the index: each record below it at one go, in one
 * transaction, from what is there already. Nothing is read from the disk and
 * nothing crosses threads but the move itself.
 */
import { createHash, type Hash } from "node:crypto";
import type { DiskStamp, Head } from "../../shared/file-info.ts";
import type { RelPath, ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import { COUNTER_MAX, counterOf } from "../../shared/version-vector.ts";
import {
  digestLine,
  isMovable,
  isNested,
  type MovedRecord,
  type MoveRule,
  movedPath,
  moveRecord,
} from "../core/directory-move.ts";
import { covers, winnerOf } from "../core/heads.ts";
import type { DirectoryTable } from "./directory-table.ts";
import type { FolderState } from "./folder-table.ts";
import type { AppliedMove, LocalMoveResult, MovedDirectory, MoveReadiness } from "./index-port.ts";
import type { LocalWriter } from "./local-writer.ts";
import { firstOf, type MoveTable, OWN } from "./move-table.ts";
import type { PeerState } from "./peer-table.ts";
import type { RemoteWriter } from "./remote-writer.ts";
import { splitPath } from "./split-path.ts";
import type { Statements } from "./statements.ts";
import { isLiveBelow, localRows, pathIn, remoteRows, subtreeOf, type TreeDirectory, type TreeRow } from "./subtree.ts";

const DIGEST_BYTES = 16;

/** One record that moves. */
interface Moved extends MovedRecord {
  readonly from: RelPath;
  readonly to: RelPath;
  readonly stamp: DiskStamp | null;
}

/** The rows of one directory of the index that is moved, by name. */
type Rows = ReadonlyMap<string, Pick<TreeRow, "heads" | "stamp">>;

/** Binds the records that a move makes, one by one. */
class MoveDigest {
  readonly #hash: Hash = createHash("sha256");

  add(moved: Moved): void {
    this.#hash.update(digestLine(moved.to, moved));
  }

  end(): string {
    return this.#hash.digest("hex").slice(0, 2 * DIGEST_BYTES);
  }
}

/** Stands for what cannot be moved as one. */
class Unmovable extends Error {}

export class MoveWriter {
  readonly #sql: Statements;
  readonly #directories: DirectoryTable;
  readonly #local: LocalWriter;
  readonly #remote: RemoteWriter;
  readonly #moves: MoveTable;

  constructor(parts: {
    readonly sql: Statements;
    readonly directories: DirectoryTable;
    readonly local: LocalWriter;
    readonly remote: RemoteWriter;
    readonly moves: MoveTable;
  }) {
    this.#sql = parts.sql;
    this.#directories = parts.directories;
    this.#local = parts.local;
    this.#remote = parts.remote;
    this.#moves = parts.moves;
  }

  /** Commits that a directory of this device was moved; it has `stamp` now. */
  moveLocal(folder: FolderState, found: MovedDirectory, nowMs: number, peers: Set<number>): LocalMoveResult {
    if (isNested(found)) return { type: "refused" };
    if (isLiveBelow(this.#sql, folder.num, found.to)) return { type: "occupied" };
    const survey = this.#survey(folder, found);
    const counter = Math.max(1, Math.floor(nowMs / 1000), survey.counter + 1);
    if (!survey.isMovable || counter >= COUNTER_MAX) return { type: "refused" };
    const rule: MoveRule = { ...found, counter };
    return { type: "moved", move: this.#write(folder, rule, survey.count, found.stamp, nowMs, peers) };
  }

  /**
   * Stores a move that a peer announced as the records it stands for, to be
   * applied as one. Returns false, and stores nothing, when they would not be
   * the peer's: it holds other records than are known of it here.
   */
  receive(folder: FolderState, peer: PeerState, move: DirectoryMove): boolean {
    const acked = peer.ackedEpoch === folder.epoch ? peer.acked : 0;
    const view = (directory: TreeDirectory): Rows => this.#peerRows(peer.num, acked, directory);
    const isOfPeer = this.#isOf(move, () => this.#moved(folder, move, view));
    if (!isOfPeer && !this.#isHere(folder, move)) return false;
    const records = isOfPeer ? this.#moved(folder, move, view) : this.#outcome(folder, move);
    let position = 0;
    for (const { from, to, gone, arrived } of records) {
      this.#remote.put(folder, peer.num, to, firstOf(move) + position, [arrived]);
      this.#remote.put(folder, peer.num, from, move.sequence - position, [gone]);
      position++;
    }
    this.#moves.add(folder.num, peer.num, move, isOfPeer);
    return true;
  }

  /** Tells what can be done with a pending move. Writes nothing. */
  check(folder: FolderState, peer: PeerState, last: number): MoveReadiness {
    const move = this.#moves.get(folder.num, peer.num, last);
    if (move === undefined) return { type: "different" };
    if (this.#isHere(folder, move)) return { type: "done" };
    if (isLiveBelow(this.#sql, folder.num, move.to)) return { type: "different" };
    const stamp = this.#rowAt(folder, move.from)?.stamp ?? null;
    const checked = this.#digestOf(this.#moved(folder, move, (directory) => this.#ownRows(directory)));
    const isSame = checked?.count === move.count && checked.digest === move.digest && !checked.hasGap;
    return isSame && stamp !== null ? { type: "ready", move, stamp } : { type: "different" };
  }

  /** Commits that a pending move, which was found ready, is on the disk. Throws when the records are no longer those it moves. */
  apply(folder: FolderState, peer: PeerState, { last, stamp, nowMs }: AppliedMove, peers: Set<number>): void {
    const move = this.#moves.get(folder.num, peer.num, last);
    if (move === undefined) throw new Error("bug: a move that nobody announced");
    const { digest } = this.#write(folder, move, move.count, stamp, nowMs, peers);
    if (digest !== move.digest) throw new Error("bug: a move that was ready moves other records");
    this.#moves.settle(folder.num, peer.num, last);
  }

  /** Leaves a pending move to be applied path by path; what is here already needs nothing. */
  dissolve(folder: FolderState, peer: PeerState, last: number): void {
    const move = this.#moves.get(folder.num, peer.num, last);
    if (move === undefined) return;
    for (const root of [move.from, move.to]) {
      for (const directory of subtreeOf(this.#sql, folder.num, root)) {
        for (const [name] of remoteRows(this.#sql, peer.num, directory))
          this.#remote.renew(folder, peer.num, pathIn(directory, name));
      }
    }
    this.#moves.settle(folder.num, peer.num, last);
  }

  #write(
    folder: FolderState,
    rule: MoveRule,
    count: number,
    stamp: DiskStamp,
    nowMs: number,
    peers: Set<number>,
  ): DirectoryMove {
    const first = folder.sequence + 1;
    const last = folder.sequence + 2 * count;
    const digest = new MoveDigest();
    const keepsOwners = this.#local.keepsOwners(folder);
    let position = 0;
    for (const moved of this.#moved(folder, rule, (directory) => this.#ownRows(directory))) {
      digest.add(moved);
      const { from, to, gone, arrived } = moved;
      const here = from === rule.from ? stamp : moved.stamp;
      this.#local.write(
        folder,
        { path: to, heads: [arrived], stamp: here, announce: true },
        nowMs,
        peers,
        first + position,
      );
      if (keepsOwners) this.#local.carryOwner(folder, from, to);
      this.#local.write(
        folder,
        { path: from, heads: [gone], stamp: null, announce: true },
        nowMs,
        peers,
        last - position,
      );
      position++;
    }
    if (position !== count) throw new Error(`bug: a move of ${count} records wrote ${position}`);
    folder.sequence = last;
    const { from, to, author, counter } = rule;
    const move: DirectoryMove = { sequence: last, count, from, to, author, counter, digest: digest.end() };
    this.#moves.add(folder.num, OWN, move, false);
    return move;
  }

  /** Goes through all that a move moves, in directory order, as `rowsOf` knows it. Throws {@link Unmovable}. */
  *#moved(folder: FolderState, rule: MoveRule, rowsOf: (directory: TreeDirectory) => Rows): Generator<Moved> {
    for (const directory of subtreeOf(this.#sql, folder.num, rule.from)) {
      let there: Rows | undefined;
      for (const [name, { heads, stamp }] of rowsOf(directory)) {
        const head = winnerOf(heads);
        const from = pathIn(directory, name);
        if (from === rule.from && (head.deleted || head.type !== "directory")) throw new Unmovable();
        if (head.deleted) continue;
        const to = movedPath(rule, from);
        if (to === undefined || !isMovable(heads)) throw new Unmovable();
        const target = splitPath(to);
        there ??= rowsOf(this.#directoryAt(folder, target.parent, from === rule.from ? target.name : null));
        const headsThere = there.get(target.name)?.heads ?? [];
        const moved = headsThere.some((head) => !head.deleted) ? undefined : moveRecord(rule, head, headsThere);
        if (moved === undefined) throw new Unmovable();
        yield { ...moved, from, to, stamp };
      }
    }
  }

  #directoryAt(folder: FolderState, path: string, only: string | null): TreeDirectory {
    return { id: this.#directories.find(folder.num, path) ?? 0, path, only };
  }

  #ownRows(directory: TreeDirectory): Rows {
    return localRows(this.#sql, directory);
  }

  /**
   * A peer's rows as far as they are known here: what it announced, and what
   * it took over from this device without announcing it back.
   */
  #peerRows(peer: number, acked: number, directory: TreeDirectory): Rows {
    const rows = new Map<string, Pick<TreeRow, "heads" | "stamp">>();
    const theirs = remoteRows(this.#sql, peer, directory);
    const ours = localRows(this.#sql, directory);
    for (const name of [...new Set([...theirs.keys(), ...ours.keys()])].sort(byUtf8)) {
      const [their, our] = [theirs.get(name), ours.get(name)];
      const isTaken = our !== undefined && our.sequence <= acked && (their === undefined || covers(our.heads, their));
      const heads = isTaken ? our.heads : their;
      if (heads !== undefined) rows.set(name, { heads, stamp: null });
    }
    return rows;
  }

  /** Whether a move makes just the records that its sender made. */
  #isOf(move: DirectoryMove, records: () => Generator<Moved>): boolean {
    const found = this.#digestOf(records());
    return found !== undefined && found.count === move.count && found.digest === move.digest;
  }

  /** Whether what a move leads to stands here, whoever told of it. */
  #isHere(folder: FolderState, move: DirectoryMove): boolean {
    return this.#isOf(move, () => this.#outcome(folder, move));
  }

  /** What stands here at both ends of a move, when it is what the move made. */
  *#outcome(folder: FolderState, move: DirectoryMove): Generator<Moved> {
    for (const directory of subtreeOf(this.#sql, folder.num, move.from)) {
      let there: Rows | undefined;
      for (const [name, { heads }] of this.#ownRows(directory)) {
        const gone = winnerOf(heads);
        if (heads.length !== 1 || !isOfMove(gone, move) || !gone.deleted) continue;
        const from = pathIn(directory, name);
        const to = movedPath(move, from);
        if (to === undefined) throw new Unmovable();
        const target = splitPath(to);
        there ??= this.#ownRows(this.#directoryAt(folder, target.parent, from === move.from ? target.name : null));
        const row = there.get(target.name);
        if (row === undefined || !isMovable(row.heads) || row.stamp === null) throw new Unmovable();
        yield { from, to, gone, arrived: winnerOf(row.heads), stamp: row.stamp };
      }
    }
  }

  /** Undefined when the records cannot be moved as one. `hasGap`: something among them is not on the disk. */
  #digestOf(
    records: Generator<Moved>,
  ): { readonly count: number; readonly digest: string; readonly hasGap: boolean } | undefined {
    const digest = new MoveDigest();
    let count = 0;
    let hasGap = false;
    try {
      for (const moved of records) {
        if (++count > LIMITS.recordsPerMove.value) return undefined;
        hasGap ||= moved.stamp === null;
        digest.add(moved);
      }
    } catch (thrown) {
      if (thrown instanceof Unmovable) return undefined;
      throw thrown;
    }
    return count === 0 ? undefined : { count, digest: digest.end(), hasGap };
  }

  /** Looks at all that would move: how many records, whether they can, and the highest counter that this device gave at either end. */
  #survey(
    folder: FolderState,
    { from, to, author }: Pick<MoveRule, "from" | "to" | "author">,
  ): { readonly count: number; readonly isMovable: boolean; readonly counter: number } {
    const peers = this.#sql.all("SELECT num FROM peer WHERE folder = ?", folder.num).map((row) => row[0] as number);
    let [count, counter, isAllMovable] = [0, 0, true];
    const see = (heads: readonly Head[]): void => {
      for (const { version } of heads) counter = Math.max(counter, counterOf(version, author));
    };
    for (const root of [from, to]) {
      for (const directory of subtreeOf(this.#sql, folder.num, root)) {
        for (const [name, { heads, stamp }] of localRows(this.#sql, directory)) {
          see(heads);
          if (root !== from || winnerOf(heads).deleted) continue;
          count++;
          const goesTo = movedPath({ from, to }, pathIn(directory, name));
          isAllMovable &&= isMovable(heads) && stamp !== null && goesTo !== undefined;
        }
        for (const peer of peers) for (const heads of remoteRows(this.#sql, peer, directory).values()) see(heads);
      }
    }
    const root = this.#rowAt(folder, from);
    const isDirectory = root !== undefined && isMovable(root.heads) && winnerOf(root.heads).type === "directory";
    return { count, counter, isMovable: isAllMovable && isDirectory && count <= LIMITS.recordsPerMove.value };
  }

  #rowAt(folder: FolderState, path: RelPath): Pick<TreeRow, "heads" | "stamp"> | undefined {
    const { parent, name } = splitPath(path);
    return this.#ownRows(this.#directoryAt(folder, parent, name)).get(name);
  }
}

function isOfMove(head: Head, { author, counter }: { readonly author: ShortId; readonly counter: number }): boolean {
  return head.author === author && counterOf(head.version, author) === counter;
}

/** The order of the index: by bytes of UTF-8. */
function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
