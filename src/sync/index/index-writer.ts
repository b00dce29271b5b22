import { assert } from "../../shared/errors.ts";
import type { FolderId, RelPath, ShortId } from "../../shared/ids.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import { DirectoryTable } from "./directory-table.ts";
import { type FolderState, FolderTable } from "./folder-table.ts";
import type {
  AppliedMove,
  EventRow,
  GivenVersions,
  IndexWriter,
  LocalChange,
  LocalMoveResult,
  MovedDirectory,
  MoveReadiness,
  SeenPath,
  VersionsMove,
} from "./index-port.ts";
import { KeepWriter, type NewConflict, type NewVersion, type StoredList } from "./keep-writer.ts";
import { LocalWriter } from "./local-writer.ts";
import { type MeetingStep, Meetings } from "./meetings.ts";
import { firstOf, MoveTable } from "./move-table.ts";
import { MoveWriter } from "./move-writer.ts";
import { PeerTable } from "./peer-table.ts";
import { Pruner, type PruneStep } from "./pruner.ts";
import { type AnnouncedRecord, type RemotePlace, RemoteWriter } from "./remote-writer.ts";
import type { Statements } from "./statements.ts";
import type { NewNotice, NewTransfer, SyncCount, TransferChange, TransferFile } from "./transfer-port.ts";
import { TransferTable } from "./transfer-writer.ts";
import type { UserRow } from "./user-port.ts";
import { UserTable } from "./user-table.ts";
import { WaitingList } from "./waiting-list.ts";

/** What goes with local rows into their transaction. */
export interface LocalExtra {
  readonly nowMs: number;
  readonly chunkLists: readonly StoredList[];
  readonly versions: readonly NewVersion[];
  readonly conflicts: readonly NewConflict[];
  readonly notes: readonly (readonly [string, string | null])[];
  readonly movedVersions: readonly VersionsMove[];
}

/**
 * Writes to the index. Each method runs inside a transaction that its caller
 * holds (write-group.ts), and may throw in the middle: then the caller rolls
 * back and calls {@link SqliteIndexWriter.rolledBack}.
 *
 * What each method does is told by {@link IndexWriter}, whose calls these are.
 */
export class SqliteIndexWriter {
  readonly #sql: Statements;
  readonly #folders: FolderTable;
  readonly #directories: DirectoryTable;
  readonly #peers: PeerTable;
  readonly #local: LocalWriter;
  readonly #remote: RemoteWriter;
  readonly #keep: KeepWriter;
  readonly #pruner: Pruner;
  readonly #transfers: TransferTable;
  readonly #users: UserTable;
  readonly #meetings: Meetings;
  readonly #moveTable: MoveTable;
  readonly #moves: MoveWriter;

  constructor(sql: Statements) {
    const waiting = new WaitingList(sql);
    this.#sql = sql;
    this.#folders = new FolderTable(sql);
    this.#directories = new DirectoryTable(sql);
    this.#peers = new PeerTable(sql);
    this.#moveTable = new MoveTable(sql);
    this.#local = new LocalWriter(sql, this.#directories, waiting, this.#moveTable);
    this.#remote = new RemoteWriter(sql, this.#directories, waiting, this.#peers, this.#moveTable);
    this.#keep = new KeepWriter(sql);
    this.#pruner = new Pruner(sql, this.#directories, this.#peers, this.#moveTable);
    this.#transfers = new TransferTable(sql);
    this.#users = new UserTable(sql);
    this.#meetings = new Meetings(sql, {
      folders: this.#folders,
      local: this.#local,
      remote: this.#remote,
      peers: this.#peers,
    });
    this.#moves = new MoveWriter({
      sql,
      directories: this.#directories,
      local: this.#local,
      remote: this.#remote,
      moves: this.#moveTable,
    });
  }

  /** Forgets what was learned in a transaction that did not happen. */
  rolledBack(): void {
    this.#directories.forget();
    this.#moveTable.rolledBack();
    this.#meetings.forgetAll();
  }

  openFolder(id: FolderId, epoch: string): { readonly isNew: boolean } {
    const known = this.#folders.find(id);
    if (known?.epoch === epoch) return { isNew: false };
    if (known === undefined) this.#folders.add(id, epoch);
    else {
      this.#clearTree(known.num);
      this.#folders.restart(known.num, epoch);
    }
    return { isNew: true };
  }

  renewFolder(id: FolderId, epoch: string, notes: LocalExtra["notes"]): void {
    this.#folders.renew(this.#folders.get(id).num, epoch);
    for (const [key, value] of notes) this.#keep.setNote(id, key, value);
  }

  skipSequences(id: FolderId, upTo: number, notes: LocalExtra["notes"]): void {
    const folder = this.#folders.get(id);
    folder.sequence = Math.max(folder.sequence, upTo);
    this.#folders.save(folder);
    for (const [key, value] of notes) this.#keep.setNote(id, key, value);
  }

  forgetFolder(id: FolderId): void {
    const folder = this.#folders.find(id);
    if (folder === undefined) return;
    this.#clearTree(folder.num);
    this.#sql.run("DELETE FROM version WHERE folder = ?", folder.num);
    this.#sql.run("DELETE FROM conflict WHERE folder = ?", id);
    this.#sql.run("DELETE FROM note WHERE folder = ?", id);
    this.#folders.remove(folder.num);
  }

  /** Drops both sides' trees and the history; versions, conflicts and notes stay. */
  #clearTree(num: number): void {
    for (const table of ["remote", "offered_list"]) {
      this.#sql.run(`DELETE FROM ${table} WHERE peer IN (SELECT num FROM peer WHERE folder = ?)`, num);
    }
    for (const table of ["local", "history"]) {
      this.#sql.run(`DELETE FROM ${table} WHERE directory IN (SELECT id FROM directory WHERE folder = ?)`, num);
    }
    for (const table of ["peer", "waiting", "directory"]) this.#sql.run(`DELETE FROM ${table} WHERE folder = ?`, num);
    this.#moveTable.forgetFolder(num);
    this.#directories.forget();
  }

  commitLocal(id: FolderId, changes: readonly LocalChange[], extra: LocalExtra): number {
    const folder = this.#folders.get(id);
    this.#keep.putLists(extra.chunkLists);
    const peers = this.#peersToReview(folder);
    for (const change of changes) this.#local.write(folder, change, extra.nowMs, peers);
    for (const row of extra.versions) this.#keep.addVersion(this.#folderOf(row.folder, folder).num, row);
    for (const row of extra.conflicts) this.#keep.addConflict(row);
    for (const [key, value] of extra.notes) this.#keep.setNote(id, key, value);
    for (const move of extra.movedVersions) this.#keep.moveVersions(folder.num, move);
    this.#folders.save(folder);
    return folder.sequence;
  }

  #peersToReview(folder: FolderState): Set<number> {
    return new Set(folder.waiting > 0 ? this.#peers.withPending(folder.num) : []);
  }

  moveDirectory(id: FolderId, found: MovedDirectory, nowMs: number): LocalMoveResult {
    const folder = this.#folders.get(id);
    const result = this.#moves.moveLocal(folder, found, nowMs, this.#peersToReview(folder));
    if (result.type === "moved" && found.withVersions === true) this.#keep.moveVersions(folder.num, found);
    this.#folders.save(folder);
    return result;
  }

  receiveMove(id: FolderId, device: ShortId, epoch: string, move: DirectoryMove): boolean {
    const folder = this.#folders.get(id);
    const peer = this.#peers.get(folder.num, device);
    if (peer.epoch !== epoch || peer.received >= firstOf(move)) return false;
    const isStored = this.#moves.receive(folder, peer, move);
    if (isStored) this.#peers.setReceived(peer.num, epoch, move.sequence);
    this.#folders.save(folder);
    return isStored;
  }

  checkMove(id: FolderId, device: ShortId, last: number): MoveReadiness {
    const folder = this.#folders.get(id);
    return this.#moves.check(folder, this.#peers.get(folder.num, device), last);
  }

  applyMove(id: FolderId, device: ShortId, applied: AppliedMove): void {
    const folder = this.#folders.get(id);
    this.#moves.apply(folder, this.#peers.get(folder.num, device), applied, this.#peersToReview(folder));
    this.#folders.save(folder);
  }

  dissolveMove(id: FolderId, device: ShortId, last: number): void {
    const folder = this.#folders.get(id);
    this.#moves.dissolve(folder, this.#peers.get(folder.num, device), last);
    this.#folders.save(folder);
  }

  #folderOf(id: FolderId, current: FolderState): FolderState {
    return id === current.id ? current : this.#folders.get(id);
  }

  commitRemote(
    id: FolderId,
    device: ShortId,
    epoch: string,
    lastSequence: number,
    records: readonly AnnouncedRecord[],
  ): void {
    assert(epoch !== "", "a peer's index without an epoch");
    const folder = this.#folders.get(id);
    this.#remote.write(folder, device, epoch, lastSequence, records);
    this.#folders.save(folder);
  }

  resetRemote(id: FolderId, device: ShortId): void {
    const folder = this.#folders.get(id);
    this.#remote.reset(folder, device);
    this.#folders.save(folder);
  }

  settle(id: FolderId, seen: readonly SeenPath[]): void {
    const folder = this.#folders.get(id);
    this.#remote.settle(folder, seen);
    this.#folders.save(folder);
  }

  forgetPaths(id: FolderId, paths: readonly RelPath[]): void {
    const folder = this.#folders.get(id);
    for (const path of paths) this.#local.forget(folder, path);
    this.#remote.settle(
      folder,
      paths.map((path) => ({ path })),
    );
    this.#folders.save(folder);
  }

  /** One transaction's worth of {@link IndexWriter.reconsider}. */
  reconsiderStep(id: FolderId, after: RemotePlace): RemotePlace | null {
    const folder = this.#folders.get(id);
    const next = this.#remote.reconsider(folder, after);
    this.#folders.save(folder);
    return next;
  }

  /** One transaction's worth of a call of {@link IndexWriter.meetings}. */
  meet(step: MeetingStep, args: readonly unknown[]): unknown {
    const method = this.#meetings[step] as (...args: readonly unknown[]) => unknown;
    return method.apply(this.#meetings, [...args]);
  }

  setAcked(id: FolderId, device: ShortId, ackedEpoch: string, acked: number): void {
    const peer = this.#peers.get(this.#folders.get(id).num, device);
    this.#peers.setAcked(peer.num, ackedEpoch, acked);
  }

  putChunkLists(lists: readonly StoredList[]): void {
    this.#keep.putLists(lists);
  }

  putContentHashes(hashes: Parameters<IndexWriter["putContentHashes"]>[0]): void {
    this.#keep.putContentHashes(hashes);
  }

  addEvents(events: readonly Omit<EventRow, "id">[]): readonly number[] {
    return this.#keep.addEvents(events);
  }

  updateVersions(id: FolderId, changes: Parameters<IndexWriter["updateVersions"]>[1]): void {
    const folder = this.#folders.get(id);
    for (const { path, version, storedAs } of changes) this.#keep.updateVersion(folder.num, path, version, storedAs);
  }

  giveVersions(id: FolderId, to: FolderId, given: readonly GivenVersions[]): void {
    const [from, target] = [this.#folders.get(id).num, this.#folders.get(to).num];
    for (const one of given) this.#keep.giveVersions(from, target, one);
  }

  settleConflict(id: number, resolution: string | null, atMs: number, undo: string | null): void {
    this.#keep.settleConflict(id, resolution, atMs, undo);
  }

  setNote(id: FolderId, key: string, value: string | null): void {
    this.#keep.setNote(id, key, value);
  }

  openTransfer(row: NewTransfer): number {
    return this.#transfers.openTransfer(row);
  }

  changeTransfer(id: number, change: TransferChange, files: readonly TransferFile[]): void {
    this.#transfers.changeTransfer(id, change, files);
  }

  interruptTransfers(nowMs: number): number {
    return this.#transfers.interruptTransfers(nowMs);
  }

  countSync(counts: readonly SyncCount[], nowMs: number, stretchMs: number): void {
    this.#transfers.countSync(counts, nowMs, stretchMs);
  }

  addNotices(notices: readonly NewNotice[]): readonly number[] {
    return this.#transfers.addNotices(notices);
  }

  forgetNotices(ids: readonly number[]): void {
    this.#transfers.forgetNotices(ids);
  }

  noticesRead(upTo: number, atMs: number, owners: readonly string[]): number {
    return this.#transfers.noticesRead(upTo, atMs, owners);
  }

  putUser(row: UserRow): void {
    this.#users.put(row);
  }

  removeUser(name: string): void {
    this.#users.remove(name);
  }

  /** One transaction's worth of {@link IndexWriter.prune}. */
  pruneStep(id: FolderId, devices: readonly ShortId[], beforeMs: number, after: number): PruneStep {
    const folder = this.#folders.get(id);
    const step = this.#pruner.step(folder, devices, beforeMs, after);
    this.#folders.save(folder);
    return step;
  }
}
