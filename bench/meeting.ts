/**
 * What a first meeting costs: two indexes of as many records, filled directly,
 * and the exchange of both as the daemon runs it, over a link that only counts.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { compressBodyNow } from "../src/peer/compression.ts";
import { decodeFolderMessage, encodeFolderMessage } from "../src/peer/wire/codec.ts";
import { FRAMES } from "../src/peer/wire/frame-types.ts";
import type { Head } from "../src/shared/file-info.ts";
import type { ContentId, FolderId, RelPath, ShortId } from "../src/shared/ids.ts";
import { LIMITS } from "../src/shared/limits.ts";
import type { FolderMessage } from "../src/shared/messages.ts";
import type { Log } from "../src/shared/ports.ts";
import { joinHeads } from "../src/sync/core/heads.ts";
import { PeerSession } from "../src/sync/exchange/peer-session.ts";
import type { FolderContext } from "../src/sync/folder-context.ts";
import { createHasher } from "../src/sync/hash/blake3.ts";
import { startIndex } from "../src/sync/index/index-client.ts";
import type { OwnedIndex } from "../src/sync/index/open-index.ts";
import type { PeerLink } from "../src/sync/peer-link.ts";

export interface MeetingCost {
  readonly name: string;
  /** Both directions, frames included, compressed as between two daemons; TLS not. */
  readonly compareBytes: number;
  readonly recordBytes: number;
  /** The same without compression. */
  readonly plainBytes: number;
  readonly seconds: number;
  /** The longest that the main loop of both was held, milliseconds. */
  readonly lagMs: number;
  /** More than before the meeting, for both sides together. */
  readonly rssMiB: number;
}

const FOLDER = "bench" as FolderId;
const A = "AAAAAAAAAAAA" as ShortId;
const B = "BBBBBBBBBBBB" as ShortId;
const C = "CCCCCCCCCCCC" as ShortId;
const FRAME_HEADER_BYTES = 10;
const FILES_PER_DIRECTORY = 40;
const SILENT: Log = {
  debug() {},
  info() {},
  warn() {},
  error: (message) => process.stderr.write(`${message}\n`),
  child: () => SILENT,
};
const hasher = createHasher();

/** Meetings of two indexes of `rows` records. */
export async function* measureMeetings(rows: number, differences: number): AsyncGenerator<MeetingCost> {
  const home = mkdtempSync(join(tmpdir(), "syncline-bench-meeting-"));
  try {
    const known = join(home, "known.db");
    const found = join(home, "found.db");
    await fill(known, rows, KNOWN);
    yield await meeting("equal", home, known, known, []);
    const changed = Array.from({ length: differences }, (_, i) => Math.floor(((i + 0.5) * rows) / differences));
    yield await meeting(`${differences} differences`, home, known, known, changed);
    // As a first scan leaves it: this device's own versions, a few hundred numbers in the order of the walk.
    await fill(found, rows, { author: B, seconds: (i) => 1_800_000_000 + Math.floor(i / 5000) });
    const scanned = join(home, "scanned.db");
    await fill(scanned, rows, { author: A, seconds: (i) => 1_790_000_000 + Math.floor(i / 5000) });
    yield await meeting("same tree, scanned on both", home, scanned, found, []);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

interface Writer {
  readonly author: ShortId;
  readonly seconds: (i: number) => number;
  /** Who changed it since. */
  readonly editor?: ShortId;
}

/** A tree that grew over years. */
const KNOWN: Writer = { author: C, seconds: (i) => 1_700_000_000 + ((i * 7919) % 100_000_000) };

async function fill(path: string, rows: number, by: Writer): Promise<void> {
  await using index = await startIndex(path);
  await index.write.openFolder(FOLDER, "epoch");
  for (let start = 0; start < rows; start += LIMITS.indexBatchRows.value)
    await commit(
      index,
      Array.from({ length: Math.min(LIMITS.indexBatchRows.value, rows - start) }, (_, i) => start + i),
      by,
    );
}

async function commit(index: OwnedIndex, numbers: readonly number[], by: Writer): Promise<void> {
  const changes = numbers.map((i) => ({ path: pathOf(i), heads: [headOf(i, by)], stamp: STAMP, announce: true }));
  await index.write.commitLocal(FOLDER, changes, { nowMs: 1 });
}

const STAMP = { dev: 1n, ino: 2n, size: 1, mtimeNs: 3n, ctimeNs: 4n, mode: 0o100644 };

/** Paths as a tree of sources has them, in directory order. */
function pathOf(i: number): RelPath {
  const directory = String(Math.floor(i / FILES_PER_DIRECTORY)).padStart(6, "0");
  return `packages/module-${directory}/source/component-${String(i % FILES_PER_DIRECTORY).padStart(2, "0")}.ts` as RelPath;
}

function headOf(i: number, { author, seconds, editor }: Writer): Head {
  const version = [[author, seconds(i)]] as [ShortId, number][];
  if (editor !== undefined) version.unshift([editor, 1_800_000_000]);
  return {
    version,
    author: editor ?? author,
    type: "file",
    deleted: false,
    size: 3000 + (i % 1000),
    mtimeNs: 1_700_000_000_123_456_789n + BigInt(i) * 1_000_003n,
    mode: 0o644,
    contentId: Buffer.from(hasher.chunk(Buffer.from(`${i} ${editor}`))).toString("hex") as ContentId,
    target: "",
    previous: null,
    owner: author,
  };
}

async function meeting(
  name: string,
  home: string,
  source: string,
  otherSource: string,
  changed: readonly number[],
): Promise<MeetingCost> {
  const paths = ["a.db", "b.db"].map((file) => join(home, file)) as [string, string];
  for (const path of paths) for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
  cpSync(source, paths[0]);
  cpSync(otherSource, paths[1]);
  await using a = await startIndex(paths[0]);
  await using b = await startIndex(paths[1]);
  // Versions by a third device: both have met it.
  if (source === otherSource) for (const index of [a, b]) await index.write.setAcked(FOLDER, C, "epoch", 1);
  for (let at = 0; at < changed.length; at += 100)
    await commit(b, changed.slice(at, at + 100), { ...KNOWN, editor: B });
  const counts: Counts = { compareBytes: 0, recordBytes: 0, plainBytes: 0 };
  const [one, two] = [new End(a, A, B, counts), new End(b, B, A, counts)];
  [one.other, two.other] = [two, one];
  const rssBefore = process.memoryUsage.rss();
  let rssMost = rssBefore;
  const watch = setInterval(() => {
    rssMost = Math.max(rssMost, process.memoryUsage.rss());
  }, 50);
  const lag = monitorEventLoopDelay({ resolution: 5 });
  lag.enable();
  const start = performance.now();
  one.session.open();
  two.session.open();
  await Promise.all([one.isDone, two.isDone]);
  const seconds = (performance.now() - start) / 1000;
  lag.disable();
  clearInterval(watch);
  return { name, ...counts, seconds, lagMs: lag.max / 1e6, rssMiB: (rssMost - rssBefore) / 2 ** 20 };
}

type Counts = { -readonly [K in "compareBytes" | "recordBytes" | "plainBytes"]: number };

/** One device's end of the exchange: what the folder's loop does with messages, and no more. */
class End {
  other: End | undefined;
  readonly session: PeerSession;
  readonly isDone: Promise<void>;
  readonly #index: OwnedIndex;
  readonly #peer: ShortId;
  readonly #done: () => void;
  #inbox: Promise<void> = Promise.resolve();

  constructor(index: OwnedIndex, self: ShortId, peer: ShortId, counts: Counts) {
    this.#index = index;
    this.#peer = peer;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.isDone = promise;
    this.#done = resolve;
    const link = {
      device: peer,
      name: peer,
      folder: FOLDER,
      canWrite: true,
      isAdmin: true,
      distrusts: new Set<ShortId>(),
      speaks: () => true,
      drained: async () => {},
      send: (message: FolderMessage) => {
        for (const { type, body } of encodeFolderMessage(message)) {
          const isPacked = FRAMES[type].isCompressible === true;
          const packed = (isPacked ? compressBodyNow(body) : undefined) ?? body;
          counts[type === "indexUpdate" ? "recordBytes" : "compareBytes"] += FRAME_HEADER_BYTES + packed.length;
          counts.plainBytes += FRAME_HEADER_BYTES + body.length;
          this.other?.receive(decodeFolderMessage(type, body, (heads) => joinHeads(heads, [])));
        }
      },
    } as unknown as PeerLink;
    const context = {
      folder: FOLDER,
      self,
      index,
      hasher,
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      random: { bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)) },
      log: SILENT,
    } as unknown as FolderContext;
    this.session = new PeerSession(context, link, { keep() {} } as never, () => false);
  }

  receive(message: FolderMessage): void {
    this.#inbox = this.#inbox
      .then(() => this.#take(message))
      .catch((error: unknown) => void process.stderr.write(`${String(error)}\n`));
  }

  async #take(message: FolderMessage): Promise<void> {
    const { session } = this;
    if (message.type === "folder-state") {
      await session.takeState(message);
      await session.meet({ hasScanned: true });
    } else if (message.type === "reconcile" || message.type === "reconcile-step") await session.takeMeeting(message);
    else if (message.type === "index-update") await session.takeUpdate(message);
    void session.pump();
    const own = this.#index.read.remoteState(FOLDER, this.#peer).received;
    if (own > 0 && own >= (this.other?.sequence ?? 0)) this.#done();
  }

  get sequence(): number {
    return this.#index.read.folder(FOLDER)?.sequence ?? 0;
  }
}
