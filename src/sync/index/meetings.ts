import { SyncError } from "../../shared/errors.ts";
import type { Head } from "../../shared/file-info.ts";
import type { FolderId, ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Hasher } from "../../shared/ports.ts";
import type { Origin, OriginRun } from "../../shared/reconcile-messages.ts";
import { sameHeads } from "../core/heads.ts";
import { type DecoderState, SymbolDecoder } from "../delta/reconcile-decoder.ts";
import {
  decodeSymbols,
  emptySymbols,
  encodeSymbols,
  SymbolMaker,
  type Symbols,
  subtract,
} from "../delta/reconcile-symbols.ts";
import { createHasher } from "../hash/blake3.ts";
import type { FolderState, FolderTable } from "./folder-table.ts";
import type { LocalRow } from "./index-port.ts";
import { LocalReader } from "./local-reader.ts";
import type { LocalWriter } from "./local-writer.ts";
import { type ElementLookup, elementsToBytes, lookupOf, MeetingDigests } from "./meeting-digests.ts";
import type { Adoption, ElementBytes, FilledRows, MeetingForm, MeetingOf } from "./meeting-port.ts";
import { type Differing, type EqualRows, MeetingWalk } from "./meeting-walk.ts";
import type { PeerTable } from "./peer-table.ts";
import type { AnnouncedRecord, RemoteWriter } from "./remote-writer.ts";
import type { Statements } from "./statements.ts";

/** Rows read, or written, in one transaction. */
const PAGE = LIMITS.indexBatchRows.value;
const UNTOLD_PAGE = 2000;
/** Elements looked at for symbols in one transaction. */
const STRETCH = 65_536;
/** Rows whose origins go into one message. */
const ORIGINS_PAGE = 2000;
/** A peer's row that was never sent by itself: whatever the peer announces of the path is newer. */
const NEVER_SENT = 1;

/** The methods that run in transactions of their own. */
export type MeetingStep = Exclude<keyof Meetings, "forgetAll">;

interface Meeting {
  readonly digests: MeetingDigests;
  upTo: number;
  /** The last path that was read; undefined once all were. */
  reading: string | undefined;
  maker: SymbolMaker | undefined;
  run: { readonly first: number; readonly symbols: Symbols; at: number } | undefined;
  readonly decoder: SymbolDecoder;
  /** Elements that only this side has. */
  ours: ElementLookup;
  walk: MeetingWalk | undefined;
  readonly origins: { count: number; readonly origin: Origin | null }[];
}

/**
 * First meetings that are going on, one for a folder and device, seen from the
 * writer's thread. Each method is one transaction's worth of a call of
 * `IndexMeetings`; what it works on lies here, in memory.
 */
export class Meetings {
  readonly #sql: Statements;
  readonly #folders: FolderTable;
  readonly #local: LocalWriter;
  readonly #remote: RemoteWriter;
  readonly #peers: PeerTable;
  readonly #reader: LocalReader;
  readonly #hasher: Hasher = createHasher("pure");
  readonly #meetings = new Map<string, Meeting>();

  constructor(
    sql: Statements,
    parts: {
      readonly folders: FolderTable;
      readonly local: LocalWriter;
      readonly remote: RemoteWriter;
      readonly peers: PeerTable;
    },
  ) {
    this.#sql = sql;
    this.#folders = parts.folders;
    this.#local = parts.local;
    this.#remote = parts.remote;
    this.#peers = parts.peers;
    this.#reader = new LocalReader(sql);
  }

  /** What was written may not be there: nobody may believe that it is. */
  forgetAll(): void {
    this.#meetings.clear();
  }

  begin(of: MeetingOf, form: MeetingForm, key: Uint8Array): void {
    const { sequence } = this.#folders.get(of.folder);
    this.#meetings.set(nameOf(of), {
      digests: new MeetingDigests(form, key, this.#hasher),
      upTo: sequence,
      reading: "",
      maker: undefined,
      run: undefined,
      decoder: new SymbolDecoder(),
      ours: lookupOf(new Uint8Array(0)),
      walk: undefined,
      origins: [],
    });
  }

  /** Reads one page; undefined while there are more. Rows that change meanwhile are not read, or read as what is told later. */
  read(of: MeetingOf): { readonly size: number; readonly root: Uint8Array<ArrayBuffer> } | undefined {
    const meeting = this.#get(of);
    const page = this.#reader.localBelow(of.folder, "", meeting.reading ?? "", PAGE);
    for (const row of page) if (row.sequence <= meeting.upTo) meeting.digests.add(row);
    meeting.reading = page.at(-1)?.path;
    if (meeting.reading !== undefined) return undefined;
    return { size: meeting.digests.elements.size, root: meeting.digests.root.bytes };
  }

  /** Adds a stretch of elements to a run of symbols; true when the run is whole. */
  addToRun(of: MeetingOf, first: number, length: number): boolean {
    const meeting = this.#get(of);
    const { elements } = meeting.digests;
    meeting.maker ??= new SymbolMaker(elements);
    meeting.run ??= { first, symbols: emptySymbols(length), at: 0 };
    const { run } = meeting;
    meeting.maker.add(run.symbols, run.first, run.at, run.at + STRETCH);
    run.at += STRETCH;
    return run.at >= elements.size;
  }

  takeRun(of: MeetingOf): Uint8Array<ArrayBuffer> {
    const meeting = this.#get(of);
    const { first, symbols } = this.#finishedRun(meeting);
    return encodeSymbols(symbols, first, meeting.digests.elements.size);
  }

  decodeRun(of: MeetingOf, size: number, bytes: Uint8Array): DecoderState {
    const meeting = this.#get(of);
    const { first, symbols } = this.#finishedRun(meeting);
    const theirs = decodeSymbols(bytes, first, symbols.lo.length, size);
    if (theirs === undefined) return "impossible";
    subtract(theirs, symbols);
    return meeting.decoder.add(theirs);
  }

  propose(of: MeetingOf): { readonly theirs: ElementBytes; readonly sum: Uint8Array<ArrayBuffer> } {
    const meeting = this.#get(of);
    const { ours, theirs } = meeting.decoder;
    meeting.ours = lookupOf(elementsToBytes(ours));
    return { theirs: elementsToBytes(theirs), sum: meeting.digests.sumWithout(meeting.ours) };
  }

  agree(of: MeetingOf, ours: Uint8Array, sum: Uint8Array): boolean {
    const meeting = this.#get(of);
    meeting.ours = lookupOf(ours);
    const own = meeting.digests.sumWithout(meeting.ours);
    return sum.length === own.length && own.every((byte, at) => byte === sum[at]);
  }

  /** The origins of the equal rows among the next ones. */
  originsStep(of: MeetingOf): { readonly runs: readonly OriginRun[]; readonly isLast: boolean } {
    const meeting = this.#get(of);
    meeting.walk ??= new MeetingWalk(meeting.digests, meeting.upTo, meeting.ours);
    const runs: { count: number; readonly origin: Origin | null; readonly key: string }[] = [];
    const equal: EqualRows = {
      isReady: () => true,
      take: (row) => {
        const origin = row?.heads[0] === undefined ? null : originOf(row.heads[0]);
        const key = JSON.stringify(origin);
        const last = runs.at(-1);
        if (last?.key === key) last.count++;
        else runs.push({ count: 1, origin, key });
        return true;
      },
    };
    const page = this.#reader.localBelow(of.folder, "", meeting.walk.after, ORIGINS_PAGE);
    meeting.walk.take(page, equal);
    const isLast = page.length < ORIGINS_PAGE;
    if (isLast) {
      meeting.walk.finish(equal);
      meeting.walk = undefined;
    }
    return { runs: runs.map(({ count, origin }) => ({ count, origin })), isLast };
  }

  /** Stores the next equal rows as the peer's; the answer when all are done. */
  fillStep(of: MeetingOf, epoch: string, except: Uint8Array): FilledRows | undefined {
    const meeting = this.#get(of);
    const folder = this.#folders.get(of.folder);
    const records: AnnouncedRecord[] = [];
    meeting.walk ??= new MeetingWalk(meeting.digests, meeting.upTo, eitherOf(meeting.ours, lookupOf(except)));
    const equal: EqualRows = {
      isReady: () => true,
      take: (row) => {
        if (row !== undefined) records.push(recordOf(row, row.heads));
        return true;
      },
    };
    const page = this.#reader.localBelow(of.folder, "", meeting.walk.after, PAGE);
    meeting.walk.take(page, equal);
    this.#store(folder, of.device, epoch, records);
    if (page.length === PAGE) return undefined;
    meeting.walk.finish(equal);
    return filledRows(meeting.walk, meeting.upTo);
  }

  addOrigins(of: MeetingOf, runs: readonly OriginRun[]): void {
    this.#get(of).origins.push(...runs.map((run) => ({ ...run })));
  }

  /** Adopts the next equal rows. "hungry": further origins are needed. */
  adoptStep(of: MeetingOf, by: Adoption): "more" | "hungry" | "done" {
    const meeting = this.#get(of);
    const folder = this.#folders.get(of.folder);
    meeting.walk ??= new MeetingWalk(meeting.digests, meeting.upTo, meeting.ours);
    const equal = this.#adopting(folder, of.device, by, meeting.origins);
    const page = this.#reader.localBelow(of.folder, "", meeting.walk.after, PAGE);
    const hasAll = meeting.walk.take(page, equal);
    this.#folders.save(folder);
    if (!hasAll) return "hungry";
    if (page.length === PAGE) return "more";
    return meeting.walk.finish(equal) ? "done" : "hungry";
  }

  /** What has to be told of the rows that were read. Throws when the peer told other origins than it has records. */
  adoptEnd(of: MeetingOf): FilledRows {
    const { walk, upTo, origins } = this.#get(of);
    if (walk === undefined || origins.length > 0)
      throw new SyncError("E_PROTOCOL", "a peer told of more origins than it has records");
    return filledRows(walk, upTo);
  }

  /** Rows above a sequence that differ from what is stored of the peer: those that were adopted do not. */
  untold(
    of: MeetingOf,
    after: number,
  ): { readonly tell: readonly number[]; readonly upTo: number; readonly isLast: boolean } {
    const folder = this.#folders.get(of.folder);
    const peer = this.#peers.get(folder.num, of.device).num;
    const rows = this.#sql.all(
      `SELECT l.sequence, r.record IS NOT NULL AND substr(l.record, 1, length(r.record)) = r.record
       FROM local l LEFT JOIN remote r ON r.peer = ? AND r.directory = l.directory AND r.name = l.name
       WHERE l.folder = ? AND l.sequence > ? ORDER BY l.sequence LIMIT ?`,
      peer,
      folder.num,
      after,
      UNTOLD_PAGE,
    );
    const tell = rows.filter((row) => row[1] === 0).map((row) => row[0] as number);
    const isLast = rows.length < UNTOLD_PAGE;
    return { tell, upTo: isLast ? folder.sequence : (rows.at(-1)?.[0] as number), isLast };
  }

  end(of: MeetingOf): void {
    this.#meetings.delete(nameOf(of));
  }

  #adopting(folder: FolderState, device: ShortId, by: Adoption, origins: Meeting["origins"]): EqualRows {
    return {
      isReady: () => origins.length > 0,
      take: (row) => {
        const origin = takeOrigin(origins);
        const own = row?.heads[0];
        if (row === undefined || own === undefined || origin === null) return false;
        const heads: readonly Head[] = [{ ...own, ...origin }];
        const isMine = isOnlyBy(own, by.self);
        if (isMine) {
          const peers = new Set(folder.waiting > 0 ? this.#peers.withPending(folder.num) : []);
          this.#local.write(folder, { path: row.path, heads, stamp: row.stamp, announce: true }, by.nowMs, peers);
        }
        this.#remote.write(folder, device, by.epoch, 0, [recordOf(row, heads)]);
        return isMine || sameHeads(row.heads, heads);
      },
    };
  }

  #store(folder: FolderState, device: ShortId, epoch: string, records: readonly AnnouncedRecord[]): void {
    this.#remote.write(folder, device, epoch, 0, records);
    this.#folders.save(folder);
  }

  #finishedRun(meeting: Meeting): { readonly first: number; readonly symbols: Symbols } {
    const { run } = meeting;
    if (run === undefined) throw new Error("bug: no symbols were made");
    meeting.run = undefined;
    return run;
  }

  #get(of: MeetingOf): Meeting {
    const meeting = this.#meetings.get(nameOf(of));
    if (meeting === undefined) throw new SyncError("E_INTERNAL", `the comparison with ${of.device} was dropped`);
    return meeting;
  }
}

function nameOf({ folder, device }: { readonly folder: FolderId; readonly device: ShortId }): string {
  return `${device}/${folder}`;
}

function recordOf({ path }: LocalRow, heads: readonly Head[]): AnnouncedRecord {
  return { sequence: NEVER_SENT, info: { path, heads }, chunkList: null };
}

function originOf({ version, author, previous, owner }: Head): Origin {
  return { version, author, previous, owner };
}

/** Nobody but this device has a part in the version. */
function isOnlyBy({ version, author }: Head, self: ShortId): boolean {
  return author === self && version.length === 1 && version[0]?.[0] === self;
}

function filledRows({ changed, tell }: MeetingWalk, upTo: number): FilledRows {
  return { changed: elementsToBytes(changed), plan: { upTo, sequences: tell.toSorted((a, b) => a - b) } };
}

function eitherOf(a: Differing, b: Differing): Differing {
  return { has: (lo, hi) => a.has(lo, hi) || b.has(lo, hi) };
}

function takeOrigin(origins: Meeting["origins"]): Origin | null {
  const [run] = origins;
  if (run === undefined) throw new Error("bug: an origin was taken that is not there");
  if (--run.count === 0) origins.shift();
  return run.origin;
}
