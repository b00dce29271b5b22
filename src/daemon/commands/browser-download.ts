/** A download to a browser: opened at the node that serves it, with its row, its events and its owner's notice. */
import type { RouteOutput } from "../../shared/api.ts";
import type { FileResult, RemoteEntry } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import { type FolderId, parseFolderId, parseRelPath, type RelPath } from "../../shared/ids.ts";
import { printable } from "../../shared/printable.ts";
import { NO_WIRE, transferOf, type WireBytes } from "../../shared/transfer-bytes.ts";
import { WHOLE_FILE_BYTES_MAX } from "../../sync/delta/cut-row.ts";
import type { FetchLink, WantedFile } from "../../sync/fetch/fetch-context.ts";
import type { RequestContext } from "../api/node-service.ts";
import type { ContentRequest, OpenContent } from "../dashboard/content-port.ts";
import { type ZipEntry, zipStream } from "../dashboard/zip-stream.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { Node } from "../node.ts";
import { Serving } from "../transfers/ask-serving.ts";
import type { FileThread } from "../transfers/file-thread.ts";
import type { Job } from "../transfers/job.ts";
import { type ByteRange, readContent, readSmall } from "../transfers/read-content.ts";
import { countedLink } from "../transfers/transfer-links.ts";
import { linkTo, readingFrom, tagOf, wantedFile } from "./content-reading.ts";
import { isBack, newThread, reach, tellEnd, tellEvent, transportOf } from "./run-transfer.ts";

type Opened = Extract<RouteOutput<"downloadOpen">, { type: "opened" }>;

/** What came of small files; undefined for what could not be had. */
type FoundGroup = ReadonlyMap<RemoteEntry, Uint8Array | undefined>;

/** What the row says of where it went. */
const TO = "browser";
/** Small files of a directory that are asked for at once. */
const GROUP_FILES = 200;
const GROUP_BYTES = 1024 * 1024;
const MISSING_NAME = "not in this archive.txt";

export class BrowserDownload implements OpenContent {
  readonly name: string;
  readonly type: "file" | "archive";
  readonly size: number | null;
  readonly tag: string | null;
  readonly mtimeMs: number;
  readonly #node: Node;
  readonly #request: ContentRequest;
  readonly #context: RequestContext;
  readonly #key: string;
  readonly #job: Job;
  readonly #thread: FileThread | undefined;
  readonly #folder: FolderId;
  readonly #top: RemoteEntry;
  readonly #rest: AsyncIterator<RouteOutput<"downloadOpen">>;
  readonly #stop: AbortController;
  readonly #stored: string[] = [];
  #serving: Serving;
  #link: FetchLink;
  #wire: WireBytes = NO_WIRE;
  #readBytes = 0;

  private constructor(parts: {
    readonly node: Node;
    readonly request: ContentRequest;
    readonly context: RequestContext;
    readonly key: string;
    readonly job: Job;
    readonly serving: Serving;
    readonly opened: Opened;
    readonly top: RemoteEntry;
    readonly rest: AsyncIterator<RouteOutput<"downloadOpen">>;
    readonly stop: AbortController;
  }) {
    const { opened, top, serving, node } = parts;
    this.#node = node;
    this.#request = parts.request;
    this.#context = parts.context;
    this.#key = parts.key;
    this.#job = parts.job;
    this.#serving = serving;
    this.#rest = parts.rest;
    this.#stop = parts.stop;
    this.#top = top;
    this.#folder = parseFolderId(opened.folder);
    this.#thread = serving.peer === undefined ? newThread(node) : undefined;
    this.#link = this.#linkTo(serving.peer);
    this.name = opened.name;
    this.type = opened.fileType === "directory" ? "archive" : "file";
    this.size = this.type === "file" ? top.size : null;
    this.tag = this.type === "file" ? tagOf(wantedFile(top)) : null;
    this.mtimeMs = Number(BigInt(top.mtimeNs) / 1_000_000n);
    this.#job.progress.files = opened.files;
    this.#job.progress.bytes = opened.bytes;
  }

  static async open(node: Node, request: ContentRequest, context: RequestContext): Promise<BrowserDownload> {
    const { book } = node.transfers;
    const { folder, path, version } = request;
    const peer = await reach(node, request.peer);
    const key = book.newKey();
    const device = peer?.device ?? null;
    const { user } = context.actor;
    const facts = { kind: "download" as const, folder, path, version, local: TO, device, user, request: null };
    const job = await book.open({ key, ...facts });
    const serving = new Serving(node.transfers.serving, peer, context, (wire) => job.countCommand(wire));
    const stop = new AbortController();
    const rest = openedAt(serving, key, request, AbortSignal.any([context.signal, stop.signal]));
    try {
      const first = await rest.next();
      const second = await rest.next();
      if (first.value?.type !== "opened" || second.value?.type !== "entry")
        throw new SyncError("E_PROTOCOL", `${serving.name} did not open the download`);
      Object.assign(job, transportOf(peer));
      const parts = { node, request, context, key, job, serving, rest, stop };
      return new BrowserDownload({ ...parts, opened: first.value, top: second.value });
    } catch (error) {
      stop.abort();
      await job.finish(error);
      book.close(job);
      throw error;
    }
  }

  read(range: ByteRange): AsyncIterable<Uint8Array> {
    if (this.type === "archive") return zipStream(this.#entries());
    const file = wantedFile(this.#top);
    // A symlink is the text that it holds.
    if (this.#top.fileType === "symlink") return once(Buffer.from(this.#top.target).subarray(range.start, range.end));
    return this.#steadily(file, range);
  }

  async close({ error, isAll }: { readonly error: unknown; readonly isAll: boolean }): Promise<void> {
    const { book } = this.#node.transfers;
    this.#stop.abort();
    await this.#thread?.[Symbol.asyncDispose]();
    if (this.type === "file" && isAll) this.#stored.push(this.#top.path);
    const why = this.#reasonOf(error);
    if (this.type === "file" && this.#readBytes > 0)
      await this.#job.take(this.#result(this.#top.path, this.#readBytes));
    await tellEnd(this.#job, this.#serving, this.#key, this.#job.ending(why), this.#stored);
    const summary = await this.#job.finish(why);
    await this.#noteHere();
    book.close(this.#job);
    tellEvent(this.#node, this.#job, summary);
  }

  /** What stopped it, if anything did. An answer that is through, or was cut off here, is closed as well: that alone interrupts nothing. */
  #reasonOf(error: unknown): unknown {
    if (error === undefined || error instanceof SyncError) return error;
    return this.#context.signal.aborted || isAbort(error) ? interrupted() : error;
  }

  /** Of this node's own folders it is this node that tells: of users, who are somebody else than the device. */
  async #noteHere(): Promise<void> {
    const { actor } = this.#context;
    if (this.#serving.peer !== undefined || actor.user === null) return;
    const paths = this.#stored.map((path) => parseRelPath(path));
    const { events, identity } = this.#node.parts;
    const { user } = actor;
    for (const path of paths)
      events.add({ type: "file.downloaded", folder: this.#folder, path, device: identity.deviceId, user, data: {} });
    await this.#node.transfers.notices.downloaded(actor, this.#folder, paths).catch(() => undefined);
  }

  /** Bytes of a file, over pauses and lost connections. */
  async *#steadily(file: WantedFile, range: ByteRange): AsyncGenerator<Uint8Array> {
    let at = range.start;
    const once = (signal: AbortSignal): AsyncIterable<Uint8Array> =>
      this.#readOn(file, { ...range, start: at }, signal);
    const isHereAgain = (signal: AbortSignal): Promise<boolean> => isBack(this.#node, this.#request.peer, signal);
    this.#job.progress.path = file.path;
    for await (const bytes of this.#job.attempts(this.#context.signal, once, isHereAgain)) {
      if (!(bytes instanceof Uint8Array)) continue;
      at += bytes.length;
      this.#readBytes += bytes.length;
      this.#job.progress.doneBytes += bytes.length;
      yield bytes;
    }
    // What settles the file counts its bytes; until then they were counted as they came.
    this.#job.progress.doneBytes -= at - range.start;
  }

  async *#readOn(file: WantedFile, range: ByteRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (!this.#serving.isOpen) await this.#reopen(signal);
    yield* readContent(readingFrom(this.#node, this.#link), this.#link, file, range, signal);
  }

  async #reopen(signal: AbortSignal): Promise<void> {
    const peer = await reach(this.#node, this.#request.peer);
    const onWire = (wire: WireBytes): void => this.#job.countCommand(wire);
    this.#serving = new Serving(this.#node.transfers.serving, peer, this.#context, onWire);
    this.#link = this.#linkTo(peer);
    const lines = openedAt(this.#serving, this.#key, this.#request, signal);
    await lines.next();
    await lines.return?.();
  }

  #linkTo(peer: NetPeer | undefined): FetchLink {
    const link = linkTo(this.#node, { peer, thread: this.#thread, folder: this.#folder });
    return countedLink(link, (wire) => {
      this.#job.countWire(wire);
      this.#wire = { sent: this.#wire.sent + wire.sent, received: this.#wire.received + wire.received };
    });
  }

  /** What lies below, small files fetched many at once. */
  async *#entries(): AsyncGenerator<ZipEntry> {
    let group: RemoteEntry[] = [];
    let bytes = 0;
    const missing: string[] = [];
    for await (const line of { [Symbol.asyncIterator]: () => this.#rest }) {
      if (line.type === "end") break;
      if (line.type === "missing") missing.push(line.message);
      if (line.type !== "entry") continue;
      const isSmall = line.fileType === "file" && line.size <= WHOLE_FILE_BYTES_MAX;
      if (!isSmall || group.length === GROUP_FILES || bytes + line.size > GROUP_BYTES) {
        yield* this.#group(group, missing);
        group = [];
        bytes = 0;
      }
      if (isSmall) {
        group.push(line);
        bytes += line.size;
      } else yield this.#large(line);
    }
    yield* this.#group(group, missing);
    if (missing.length > 0) yield textEntry(`${this.name}/${MISSING_NAME}`, missing);
  }

  async *#group(group: readonly RemoteEntry[], missing: string[]): AsyncGenerator<ZipEntry> {
    const wanted = group.filter(({ size }) => size > 0);
    let found: FoundGroup = new Map();
    const once = (signal: AbortSignal): AsyncIterable<FoundGroup> => this.#fetchGroup(wanted, signal);
    const isHereAgain = (signal: AbortSignal): Promise<boolean> => isBack(this.#node, this.#request.peer, signal);
    if (wanted.length > 0)
      for await (const item of this.#job.attempts(this.#context.signal, once, isHereAgain))
        if (item instanceof Map) found = item;
    for (const entry of group) {
      const content = entry.size === 0 ? new Uint8Array(0) : found.get(entry);
      if (content === undefined) missing.push(`${entry.path} was changed or removed meanwhile`);
      else {
        yield { ...this.#zipFacts(entry), size: content.length, content };
        await this.#settle(entry);
      }
    }
  }

  async *#fetchGroup(wanted: readonly RemoteEntry[], signal: AbortSignal): AsyncGenerator<FoundGroup> {
    if (!this.#serving.isOpen) await this.#reopen(signal);
    const bytes = await readSmall(this.#link, wanted.map(wantedFile), readingFrom(this.#node, this.#link), signal);
    yield new Map(wanted.map((entry, position) => [entry, bytes[position]]));
  }

  #large(entry: RemoteEntry): ZipEntry {
    const facts = this.#zipFacts(entry);
    if (entry.fileType === "symlink") {
      const content = Buffer.from(entry.target);
      return { ...facts, size: content.length, content };
    }
    if (entry.fileType === "directory") return { ...facts, size: 0, content: new Uint8Array(0) };
    return { ...facts, size: entry.size, content: this.#largeContent(entry) };
  }

  async *#largeContent(entry: RemoteEntry): AsyncGenerator<Uint8Array> {
    yield* this.#steadily(wantedFile(entry), { start: 0, end: entry.size });
    await this.#settle(entry);
  }

  /** A file of an archive is through. */
  async #settle(entry: RemoteEntry): Promise<void> {
    this.#stored.push(entry.path);
    await this.#job.take(this.#result(entry.path, entry.size));
  }

  #zipFacts(entry: RemoteEntry): Omit<ZipEntry, "content" | "size"> {
    const { fileType: type, mode } = entry;
    return { name: this.#zipName(entry), type, mode, mtimeMs: Number(BigInt(entry.mtimeNs) / 1_000_000n) };
  }

  /** Its path is the peer's word: it must lie at or below what was asked for. */
  #zipName({ path, fileType }: RemoteEntry): string {
    const base = this.#request.path;
    const below = parseRelPath(path);
    if (base !== "" && !below.startsWith(`${base}/`))
      throw new SyncError("E_PROTOCOL", `${printable(path)} lies outside of what was asked for`);
    const inner = base === "" ? below : (below.slice(base.length + 1) as RelPath);
    return `${this.name}/${inner}${fileType === "directory" ? "/" : ""}`;
  }

  /** What was read since the last result, and what it took. */
  #result(path: string, fileBytes: number): FileResult {
    const wire = this.#wire;
    this.#wire = NO_WIRE;
    const isOwn = this.#serving.peer === undefined;
    const cost = isOwn ? transferOf({ reusedBytes: fileBytes }) : transferOf({ whole: { fileBytes, wire } });
    const { transport, why } = this.#job;
    return {
      ...{ path, storedAs: TO, fileBytes, wireBytes: wire.sent + wire.received, saved: cost.saved },
      ...{ transport, why, hash: null, durationMs: 0, outcome: "stored", code: null, message: null },
    };
  }
}

function openedAt(
  serving: Serving,
  key: string,
  { folder, path, version }: ContentRequest,
  signal: AbortSignal,
): AsyncIterator<RouteOutput<"downloadOpen">> {
  return serving.stream("downloadOpen", { key, folder, path, version }, signal)[Symbol.asyncIterator]();
}

function textEntry(name: string, lines: readonly string[]): ZipEntry {
  const content = Buffer.from(`${lines.join("\n")}\n`);
  return { name, type: "file", mode: 0o644, mtimeMs: 0, size: content.length, content };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function interrupted(): SyncError {
  return new SyncError("E_INTERRUPTED", "the browser stopped the download", { hint: "start it again on the page" });
}
