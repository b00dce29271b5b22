import type { ContentId, FolderId, RelPath, ShortId } from "../../shared/ids.ts";
import type { DirectoryMove } from "../../shared/messages.ts";
import { ChunkTable } from "./chunk-table.ts";
import type {
  ConflictRow,
  EventRow,
  FolderTotals,
  HistoryRow,
  IndexReader,
  LocalRow,
  PendingMove,
  RemoteRow,
  RemoteState,
  VersionRow,
} from "./index-port.ts";
import { KeepReader } from "./keep-reader.ts";
import { LocalReader } from "./local-reader.ts";
import { MoveTable } from "./move-table.ts";
import { RemoteReader } from "./remote-reader.ts";
import type { Statements } from "./statements.ts";
import type { HistorySum, NoticeRow, TransferFile, TransferRow, TransferTotals } from "./transfer-port.ts";
import { TransferTableReader } from "./transfer-reader.ts";
import type { UserRow } from "./user-port.ts";
import { UserTable } from "./user-table.ts";

type Args<K extends keyof IndexReader> = Parameters<IndexReader[K]>;

/** Reads the index over one connection. Each call is one statement or a few, and sees everything that was committed before it. */
export class SqliteIndexReader implements IndexReader {
  readonly #local: LocalReader;
  readonly #remote: RemoteReader;
  readonly #keep: KeepReader;
  readonly #transfers: TransferTableReader;
  readonly #moves: MoveTable;
  readonly #chunks: ChunkTable;
  readonly #users: UserTable;

  constructor(sql: Statements) {
    this.#local = new LocalReader(sql);
    this.#remote = new RemoteReader(sql);
    this.#keep = new KeepReader(sql);
    this.#transfers = new TransferTableReader(sql);
    this.#moves = new MoveTable(sql);
    this.#chunks = new ChunkTable(sql);
    this.#users = new UserTable(sql);
  }

  folder(folder: FolderId): { readonly epoch: string; readonly sequence: number } | undefined {
    return this.#local.folder(folder);
  }

  local(folder: FolderId, path: RelPath): LocalRow | undefined {
    return this.#local.local(folder, path);
  }

  localChildren(...args: Args<"localChildren">): readonly LocalRow[] {
    return this.#local.localChildren(...args);
  }

  localBelow(...args: Args<"localBelow">): readonly LocalRow[] {
    return this.#local.localBelow(...args);
  }

  localSince(folder: FolderId, sequence: number, limit: number): readonly LocalRow[] {
    return this.#local.localSince(folder, sequence, limit);
  }

  localByContent(...args: Args<"localByContent">): readonly { readonly folder: FolderId; readonly row: LocalRow }[] {
    return this.#local.localByContent(...args);
  }

  isAcknowledged(folder: FolderId): boolean {
    return this.#remote.isAcknowledged(folder);
  }

  directoriesAt(...args: Args<"directoriesAt">): readonly LocalRow[] {
    return this.#local.directoriesAt(...args);
  }

  moveAfter(folder: FolderId, sequence: number): DirectoryMove | undefined {
    return this.#moves.after(folder, sequence);
  }

  isMoveWhole(folder: FolderId, move: DirectoryMove): boolean {
    return this.#moves.isWhole(folder, move);
  }

  isMoveKnownTo(folder: FolderId, device: ShortId, digest: string): boolean {
    return this.#moves.isKnownTo(folder, device, digest);
  }

  pendingMoves(folder: FolderId): readonly PendingMove[] {
    return this.#moves.pending(folder);
  }

  remote(folder: FolderId, path: RelPath): readonly RemoteRow[] {
    return this.#remote.remote(folder, path);
  }

  remoteOf(folder: FolderId, device: ShortId, path: RelPath): RemoteRow | undefined {
    return this.#remote.remoteOf(folder, device, path);
  }

  announcedChunkList(folder: FolderId, device: ShortId, path: RelPath): Uint8Array | undefined {
    return this.#remote.announcedChunkList(folder, device, path);
  }

  remoteState(folder: FolderId, device: ShortId): RemoteState {
    return this.#remote.remoteState(folder, device);
  }

  pending(...args: Args<"pending">): readonly RelPath[] {
    return this.#remote.pending(...args);
  }

  pendingTotals(folder: FolderId): { readonly files: number; readonly bytes: number } {
    return this.#remote.pendingTotals(folder);
  }

  localTotalsSince(folder: FolderId, sequence: number): { readonly files: number; readonly bytes: number } {
    return this.#local.localTotalsSince(folder, sequence);
  }

  appliedUpTo(folder: FolderId, device: ShortId): number {
    return this.#remote.appliedUpTo(folder, device);
  }

  chunkList(contentId: ContentId): Uint8Array | undefined {
    return this.#local.chunkList(contentId);
  }

  chunkFamilies(keys: Float64Array): ReadonlyMap<number, readonly number[]> {
    return this.#chunks.families(keys);
  }

  contentsOfFamily(family: number): readonly ContentId[] {
    return this.#chunks.contentsOf(family);
  }

  totals(folder: FolderId): FolderTotals {
    return this.#local.totals(folder);
  }

  hasFiles(): boolean {
    return this.#local.hasFiles();
  }

  versions(folder: FolderId, path: RelPath): readonly VersionRow[] {
    return this.#keep.versions(folder, path);
  }

  versionsOf(...args: Args<"versionsOf">): readonly (VersionRow & { readonly cursor: number })[] {
    return this.#keep.versionsOf(...args);
  }

  isStored(folder: FolderId, storeName: string): boolean {
    return this.#keep.isStored(folder, storeName);
  }

  lastVersions(folder: FolderId, paths: readonly RelPath[]): ReadonlyMap<RelPath, number> {
    return this.#keep.lastVersions(folder, paths);
  }

  contentHashes(contentIds: readonly ContentId[]): ReadonlyMap<ContentId, string> {
    return this.#keep.contentHashes(contentIds);
  }

  versionByContent(...args: Args<"versionByContent">): VersionRow | undefined {
    return this.#keep.versionByContent(...args);
  }

  historyAt(...args: Args<"historyAt">): readonly HistoryRow[] {
    return this.#local.historyAt(...args);
  }

  conflicts(folder: FolderId | null, onlyOpen: boolean): readonly ConflictRow[] {
    return this.#keep.conflicts(folder, onlyOpen);
  }

  conflict(id: number): ConflictRow | undefined {
    return this.#keep.conflict(id);
  }

  openConflictsMark(folder: FolderId): string {
    return this.#keep.openConflictsMark(folder);
  }

  events(...args: Args<"events">): readonly EventRow[] {
    return this.#keep.events(...args);
  }

  lastEvents(limit: number): readonly EventRow[] {
    return this.#keep.lastEvents(limit);
  }

  note(folder: FolderId, key: string): string | undefined {
    return this.#keep.note(folder, key);
  }

  transfers(...args: Args<"transfers">): readonly TransferRow[] {
    return this.#transfers.transfers(...args);
  }

  transfer(id: number): TransferRow | undefined {
    return this.#transfers.transfer(id);
  }

  transferByKey(...args: Args<"transferByKey">): TransferRow | undefined {
    return this.#transfers.transferByKey(...args);
  }

  transferFiles(...args: Args<"transferFiles">): readonly TransferFile[] {
    return this.#transfers.transferFiles(...args);
  }

  history(...args: Args<"history">): readonly HistorySum[] {
    return this.#transfers.history(...args);
  }

  transferTotals(
    ...args: Args<"transferTotals">
  ): TransferTotals & { readonly transfers: number; readonly durationMs: number } {
    return this.#transfers.transferTotals(...args);
  }

  notices(...args: Args<"notices">): readonly NoticeRow[] {
    return this.#transfers.notices(...args);
  }

  unreadNotices(...args: Args<"unreadNotices">): number {
    return this.#transfers.unreadNotices(...args);
  }

  users(): readonly UserRow[] {
    return this.#users.users();
  }
}
