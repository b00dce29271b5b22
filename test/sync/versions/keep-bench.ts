/**
 * One device's folder for tests of what is kept: the real index, executor and
 * scanner over a simulated disk, and one simulated peer whose announcements
 * the real puller brings in.
 */

import type { Head } from "../../../src/shared/file-info.ts";
import { type ContentId, type FolderId, parseRelPath, type RelPath, type ShortId } from "../../../src/shared/ids.ts";
import type { ChunkRequest } from "../../../src/shared/messages.ts";
import { NO_WIRE } from "../../../src/shared/transfer-bytes.ts";
import { bump, type VersionVector } from "../../../src/shared/version-vector.ts";
import { joinHeads, winnerOf } from "../../../src/sync/core/heads.ts";
import { compileIgnore } from "../../../src/sync/core/ignore.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import { hashFileContent } from "../../../src/sync/delta/hash-content.ts";
import { encodeWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { inlineDisk, type RunScan } from "../../../src/sync/executor/inline-disk.ts";
import type { FolderEvent, FolderMode } from "../../../src/sync/folder-context.ts";
import type { FolderDisk, Observation } from "../../../src/sync/folder-disk.ts";
import { writeMarker } from "../../../src/sync/fs/marker.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import type { LocalRow, VersionRow } from "../../../src/sync/index/index-port.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { commitMissing, commitPresent, type PresentObservation } from "../../../src/sync/local-changes.ts";
import type { PeerLink } from "../../../src/sync/peer-link.ts";
import { ProblemBook } from "../../../src/sync/problem-book.ts";
import { Puller } from "../../../src/sync/puller/puller.ts";
import { Sources } from "../../../src/sync/puller/sources.ts";
import { scan } from "../../../src/sync/scanner/scan.ts";
import { noteHistoryBegin } from "../../../src/sync/versions/history-begin.ts";
import type { KeepContext } from "../../../src/sync/versions/keep-context.ts";
import { SimFs } from "../../support/sim-fs.ts";
import type { TreeSpec } from "../../support/tree.ts";

export const FOLDER: FolderId = "photos" as FolderId;
const OTHER: FolderId = "films" as FolderId;
export const SELF: ShortId = "AAAAAAAAAAAA" as ShortId;
export const PEER: ShortId = "BBBBBBBBBBBB" as ShortId;
const START_MS = 1_790_000_000_000;
export const NEVER: AbortSignal = new AbortController().signal;

const hash = { hasher: createHasher(), cutter: createCutter() };
const NS = 1_000_000n;

export function path(text: string): RelPath {
  return parseRelPath(text);
}

/** Everything an async iteration gives. */
export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The code and message of what a call throws. */
export async function failure(call: Promise<unknown> | (() => unknown)): Promise<string> {
  try {
    await (typeof call === "function" ? call() : call);
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
  return "nothing thrown";
}

/** Where a second folder lies: on the file system of the first, or on one of its own. */
export interface Beside {
  readonly bench: KeepBench;
  readonly isTogether: boolean;
}

export class KeepBench {
  nowMs = START_MS;
  mode: FolderMode = "two-way";
  ignoreText = "";
  readonly folder: FolderId;
  readonly fs: SimFs;
  readonly index: OwnedIndex;
  #disk: FolderDisk;
  readonly context: KeepContext;
  readonly peer: FakePeer;
  /** Paths that were to be looked at again. */
  readonly lookedAgain: RelPath[] = [];
  readonly events: FolderEvent[] = [];
  readonly #others: Map<FolderId, SimFs>;
  #isPeerConnected = true;
  #names = 0;

  private constructor(beside: Beside | undefined) {
    this.folder = beside === undefined ? FOLDER : OTHER;
    this.#others = beside === undefined ? new Map() : beside.bench.#others;
    const isTogether = beside?.isTogether ?? true;
    const firstIno = beside === undefined ? 2n : 1_000_002n;
    this.fs = new SimFs({ nowMs: () => this.nowMs, ...(isTogether ? { firstIno } : {}) });
    this.#others.set(this.folder, this.fs);
    this.index = beside?.bench.index ?? openIndex(":memory:");
    this.#disk = this.#openDisk();
    this.peer = new FakePeer(this);
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    this.context = {
      folder: this.folder,
      self: SELF,
      index: this.index,
      disk: new Proxy({} as FolderDisk, { get: (_, name) => Reflect.get(this.#disk, name) }),
      clock: {
        now: () => this.nowMs,
        monotonic: () => this.nowMs - START_MS,
        sleep: () => Promise.resolve(),
      },
      random: {
        bytes: (count) => {
          const bytes = new Uint8Array(count);
          new DataView(bytes.buffer).setUint32(0, ++this.#names);
          return bytes;
        },
        fraction: () => 0.5,
      },
      hasher: hash.hasher,
      log,
      emit: (event) => void this.events.push(event),
      inLoop: (work) => work(),
      commanded: () => {},
      lookAgain: (at) => void this.lookedAgain.push(at),
      links: () => (this.#isPeerConnected ? [this.peer.link] : []),
      mode: () => this.mode,
      ignoreSource: () => ({ folderText: this.ignoreText, devicePatterns: [] }),
    };
  }

  /** A folder that holds `spec`, all of it in the index; with `beside` a second one of the same node. */
  static async of(spec: TreeSpec, beside?: Beside): Promise<KeepBench> {
    const bench = new KeepBench(beside);
    const { folder } = bench;
    await bench.index.write.openFolder(folder, "epoch");
    writeMarker(bench.fs, { format: 1, folder, epoch: "epoch" });
    bench.fs.user.plant(spec);
    await bench.look();
    await noteHistoryBegin(bench.context);
    bench.later();
    return bench;
  }

  get disk(): FolderDisk {
    return this.context.disk;
  }

  #openDisk(): FolderDisk {
    const unique = (): string => `u${++this.#names}`;
    const nowNs = (): bigint => BigInt(this.nowMs) * NS;
    const elsewhere = (other: FolderId): SimFs | undefined => this.#others.get(other);
    const options = { fs: this.fs, folder: this.folder, self: SELF, ...hash, elsewhere, unique, nowNs };
    return inlineDisk(options, (...args) => this.#scan(...args));
  }

  /** What a folder does when it starts again. */
  async restart(): Promise<void> {
    this.#disk = this.#openDisk();
    const names = await this.disk.openIntents();
    await this.disk.recover(names.filter((name) => this.index.read.isStored(this.folder, name)));
    await this.disk.committed();
    await this.look();
  }

  get user(): SimFs["user"] {
    return this.fs.user;
  }

  get tree(): TreeSpec {
    return this.fs.user.tree();
  }

  later(ms = 60_000): number {
    this.nowMs += ms;
    return this.nowMs;
  }

  row(at: string): LocalRow | undefined {
    return this.index.read.local(this.folder, path(at));
  }

  head(at: string): Head {
    const row = this.row(at);
    if (row === undefined) throw new Error(`no row for ${at}`);
    return winnerOf(row.heads);
  }

  versions(at: string): readonly VersionRow[] {
    return this.index.read.versions(this.folder, path(at));
  }

  disconnect(): void {
    this.#isPeerConnected = false;
  }

  /** Lets time pass, a person act, and time pass again; then scans. */
  async edit(act: (user: SimFs["user"]) => void): Promise<void> {
    this.later();
    act(this.user);
    await this.look();
    this.later();
  }

  /** Scans the folder and takes in what it saw. */
  async look(): Promise<readonly Observation[]> {
    this.later();
    const missing: RelPath[] = [];
    const seen: Observation[] = [];
    const request = { paths: "everything", isThorough: false, ignore: this.context.ignoreSource() } as const;
    await this.disk.scan(
      request,
      async (batch) => {
        seen.push(...batch.observations);
        const present = batch.observations.filter((one): one is PresentObservation => one.type === "present");
        missing.push(...batch.observations.filter((one) => one.type === "missing").map((one) => one.path));
        if (this.mode !== "receive-only") await commitPresent(this.context, present, { isReborn: false });
      },
      NEVER,
    );
    if (this.mode !== "receive-only") await commitMissing(this.context, missing);
    return seen;
  }

  /** Brings in all that the peer announced; returns the problems met. */
  async pull(): Promise<readonly string[]> {
    const sources = new Sources(this.context);
    if (this.#isPeerConnected) sources.add(this.peer.link);
    const problems = new ProblemBook(this.context.clock);
    let wake: () => void = () => {};
    let woken = new Promise<void>((resolve) => (wake = resolve));
    const puller = new Puller(this.context, sources, problems, {
      wake: () => wake(),
      takePushed: () => undefined,
      hasPushed: () => false,
      lookAgain: this.context.lookAgain,
      isBlocked: () => false,
      recover: () => {},
      isIgnored: (at, isDirectory) => compileIgnore(this.context.ignoreSource()).isIgnored(at, isDirectory),
      judgeDeletions: async () => {},
      isDeletionAllowed: () => true,
      isRootPresent: async () => true,
    });
    for (;;) {
      if (await puller.step()) continue;
      if (puller.isIdle) break;
      await woken;
      woken = new Promise<void>((resolve) => (wake = resolve));
    }
    await puller.dispose();
    this.later();
    return problems.list(100).map((problem) => `${problem.code} ${problem.path}`);
  }

  readonly #scan: RunScan = async (request, take) => {
    const parts = {
      fs: this.fs,
      reader: this.index.read,
      folder: this.folder,
      hash,
      ignore: compileIgnore(request.ignore),
      now: () => this.nowMs,
      isAborted: () => false,
    };
    for (const batch of scan(parts, request)) await take(batch);
  };
}

/** A device that announces what a test tells it, and serves every content it ever had. */
class FakePeer {
  readonly #bench: KeepBench;
  readonly #contents = new Map<ContentId, Uint8Array>();
  readonly #lists = new Map<ContentId, Uint8Array>();
  #sequence = 0;
  requests = 0;
  #isLying = false;

  constructor(bench: KeepBench) {
    this.#bench = bench;
  }

  /** Puts a content into the peer's reach; returns what a record says of it. */
  hold(text: string): { readonly contentId: ContentId; readonly size: number } {
    const bytes = new TextEncoder().encode(text);
    const read = (buffer: Uint8Array, position: number): number => {
      const part = bytes.subarray(position, position + buffer.length);
      buffer.set(part);
      return part.length;
    };
    const { contentId, chunks } = hashFileContent(read, bytes.length, hash);
    if (contentId === null) throw new Error("bug: a content without an id");
    this.#contents.set(contentId, bytes);
    if (chunks !== null) this.#lists.set(contentId, encodeWireChunkList(chunks));
    return { contentId, size: bytes.length };
  }

  /** From now on it sends wrong bytes. */
  lie(): void {
    this.#isLying = true;
  }

  forget(): void {
    this.#contents.clear();
    this.#lists.clear();
  }

  /** Writes a file there, having seen `seen`: by default all that is known here. */
  async write(at: string, text: string, more: Partial<Head> & { readonly seen?: readonly Head[] } = {}): Promise<Head> {
    return this.#write(at, { ...this.hold(text), type: "file", mode: 0o644, ...more });
  }

  async mkdir(at: string, more: { readonly seen?: readonly Head[] } = {}): Promise<Head> {
    return this.#write(at, { type: "directory", mode: 0o755, contentId: null, size: 0, mtimeNs: 0n, ...more });
  }

  async delete(at: string): Promise<Head> {
    const gone = this.#bench.row(at);
    const { type, mode } = gone === undefined ? { type: "file" as const, mode: 0o644 } : winnerOf(gone.heads);
    return this.#write(at, { type, mode, deleted: true, contentId: null, size: 0 });
  }

  async #write(at: string, { seen, ...content }: Partial<Head> & { readonly seen?: readonly Head[] }): Promise<Head> {
    const { index, nowMs, row } = { index: this.#bench.index, nowMs: this.#bench.nowMs, row: this.#bench.row(at) };
    const known = index.read
      .remote(this.#bench.folder, path(at))
      .map((remote) => remote.heads)
      .reduce(joinHeads, row?.heads ?? []);
    const below: readonly VersionVector[] = (seen ?? known).map((head) => head.version);
    const head: Head = {
      version: bump(below, PEER, nowMs / 1000),
      author: PEER,
      type: "file",
      deleted: false,
      size: 0,
      mtimeNs: BigInt(nowMs) * NS,
      mode: 0o644,
      contentId: null,
      target: "",
      previous: null,
      owner: PEER,
      ...content,
    };
    await this.announce(at, head);
    return head;
  }

  /** Announces a version as it stands, such as one it got from here. */
  async announce(at: string, ...heads: readonly Head[]): Promise<void> {
    const record = { sequence: ++this.#sequence, info: { path: path(at), heads }, chunkList: null };
    await this.#bench.index.write.commitRemote(this.#bench.folder, PEER, "peer-epoch", this.#sequence, [record]);
  }

  get link(): PeerLink {
    return {
      device: PEER,
      name: "peer",
      folder: this.#bench.folder,
      canWrite: true,
      isAdmin: false,
      distrusts: new Set(),
      speaks: () => true,
      send() {},
      drained: async () => {},
      fetchChunks: async (requests: readonly ChunkRequest[]) => {
        this.requests += requests.length;
        const answer = requests.map(({ contentId, offset, size }) => this.#serve(contentId, offset, size));
        return { answer, wire: NO_WIRE };
      },
      fetchRegions: async () => ({ answer: [], wire: NO_WIRE }),
      fetchChunkList: async ({ contentId }) => {
        const bytes = this.#lists.get(contentId);
        return { answer: bytes === undefined ? undefined : { bytes, base: null, relatedBytes: null }, wire: NO_WIRE };
      },
    };
  }

  #serve(contentId: ContentId, offset: number, size: number): Uint8Array | undefined {
    const bytes = this.#contents.get(contentId)?.slice(offset, offset + size);
    return this.#isLying ? bytes?.map((byte) => byte ^ 1) : bytes;
  }
}
