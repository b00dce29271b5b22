/**
 * One authenticated connection to a device, from its hello to its end.
 *
 * The order of things: each side sends a hello, which says nothing about it;
 * whoever decides for the pair (connection-pairs.ts) introduces itself, the
 * other answers with its own introduction, and from then on both speak freely.
 *
 * Invariants:
 * 1. Nothing but a hello leaves before the other's hello was accepted.
 * 2. What breaks the protocol ends this connection, with a reason, and nothing else.
 * 3. After the end no event comes, and everybody who waited was told.
 */
import { SyncError } from "../shared/errors.ts";
import { FEATURES, type Feature } from "../shared/features.ts";
import type { ContentId, DeviceId, FolderId } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import type { ChunkRequest, Switch } from "../shared/messages.ts";
import type { Clock } from "../shared/ports.ts";
import { addWire, NO_WIRE } from "../shared/transfer-bytes.ts";
import { type AskedCommand, CommandAnswerer } from "./answer-commands.ts";
import { CommandAsker, type ReplyPart } from "./ask-commands.ts";
import { compressBodyNow, expandBody } from "./compression.ts";
import { Budget } from "./connection-budget.ts";
import { Pulse } from "./connection-pulse.ts";
import { type Costed, RequestTable } from "./connection-requests.ts";
import { FrameSender } from "./connection-sender.ts";
import { ChunkServer, type ChunkSource } from "./serve-chunks.ts";
import type { SecureChannel, WireBytes } from "./transport/transport.ts";
import type { ChunkAnswer } from "./wire/answers.ts";
import { type FolderFrame, type FolderFrameType, isFolderFrame } from "./wire/codec.ts";
import { type Command, decodeCommand, decodeCommandCredit } from "./wire/command.ts";
import { commonFeatures, OFFERED_FEATURES } from "./wire/features.ts";
import { decodeFetchChunkList, decodeFetchChunks, type FetchChunkList } from "./wire/fetch.ts";
import { decodeFetchRegions, type FetchRegions, type RegionsAnswer } from "./wire/fetch-regions.ts";
import { FRAMES, type FrameType } from "./wire/frame-types.ts";
import { FrameDecoder, type FrameHeader, type WireItem } from "./wire/frames.ts";
import * as greetings from "./wire/greetings.ts";
import { broken } from "./wire/wire-values.ts";

/** Bounds of time; tests and the simulation shorten them. */
export interface ConnectionTimes {
  readonly handshakeMs: number;
  readonly pingAfterMs: number;
  readonly deadAfterMs: number;
  readonly requestMs: number;
}

export const CONNECTION_TIMES: ConnectionTimes = {
  handshakeMs: LIMITS.handshakeMs.value,
  pingAfterMs: LIMITS.pingAfterMs.value,
  deadAfterMs: LIMITS.deadAfterMs.value,
  requestMs: LIMITS.requestMs.value,
};

/** What came of a request for a chunk list. */
export interface FetchedList {
  /** Undefined when it is not there. */
  readonly list: Uint8Array<ArrayBuffer> | undefined;
  /** What `list` is a splice of; null for the list itself. */
  readonly base: ContentId | null;
  /** The list's length, where `list` says how it follows from the one that was described; else null. */
  readonly relatedBytes: number | null;
}

const NO_QUERY = new Uint8Array(0);

/** Why a connection is over. */
export interface EndReason {
  readonly code: string;
  readonly message: string;
  /** The peer said so, or hung up; else this side did. */
  readonly isByPeer: boolean;
}

/** What a connection reports; called in the order in which things came. */
export interface ConnectionEvents {
  onGreeted(connection: Connection): void;
  /** The first introduction, and each later one. */
  onIntroduced(connection: Connection, introduction: greetings.Introduction): void;
  /** A folder's frame. The body may be a view that is good during the call only. */
  onFolderFrame(connection: Connection, type: FolderFrameType, body: Uint8Array): void;
  onDeviceRemoved(connection: Connection, device: DeviceId): void;
  /** Runs a command of the peer's; settles when it has finished. What it says goes through `replyCommand`. */
  onCommand(connection: Connection, command: AskedCommand, signal: AbortSignal): Promise<void>;
  onProbe(connection: Connection, probe: greetings.ProbeMe): void;
  onProbeReply(connection: Connection, reply: greetings.ProbeReply): void;
  onEnd(connection: Connection, reason: EndReason): void;
}

export interface ConnectionDeps {
  readonly channel: SecureChannel;
  /** Names this run of the program in the hello. */
  readonly run: bigint;
  readonly clock: Clock;
  readonly times: ConnectionTimes;
  readonly source: ChunkSource;
  readonly mayRead: (device: DeviceId, folder: FolderId) => boolean;
  readonly events: ConnectionEvents;
}

export class Connection {
  readonly device: DeviceId;
  readonly channel: SecureChannel;
  readonly #deps: ConnectionDeps;
  readonly #decoder = new FrameDecoder();
  readonly #sender: FrameSender;
  readonly #requests: RequestTable;
  readonly #server: ChunkServer;
  readonly #asker: CommandAsker;
  readonly #answerer: CommandAnswerer;
  readonly #pulse: Pulse;
  readonly #budget: Budget;
  readonly #over = Promise.withResolvers<EndReason>();
  readonly #gone = Promise.withResolvers<void>();
  #features: readonly Feature[] = [];
  #peerRun: bigint | undefined;
  #hasIntroduced = false;
  #wasIntroduced = false;
  #isHeld = false;
  /** Pieces of the compressed body that is coming. */
  #compressed: Uint8Array[] = [];
  #reason: EndReason | undefined;
  #lastWireBytes: WireBytes = { sent: 0, received: 0 };

  constructor(deps: ConnectionDeps) {
    const { channel, clock, times } = deps;
    this.#deps = deps;
    this.#budget = new Budget(clock);
    this.channel = channel;
    this.device = channel.peer.deviceId;
    this.#sender = new FrameSender(channel.stream, () => this.fail(broken("more questions than it reads answers")));
    this.#requests = new RequestTable({
      clock,
      requestMs: times.requestMs,
      send: (type, body, id) => this.#sender.send(type, body, id),
      onStuck: () => this.#end({ code: "E_TIMEOUT", message: "it leaves requests unanswered", isByPeer: false }),
    });
    this.#server = new ChunkServer({
      source: deps.source,
      mayRead: (folder) => this.#reason === undefined && deps.mayRead(this.device, folder),
      sendBulk: (frame, onWritten) => this.#sender.sendBulk(frame, onWritten),
      bulkRoom: () => this.#sender.bulkRoom(),
      canCompress: () => this.#features.includes(FEATURES.compression),
      now: () => clock.monotonic(),
    });
    this.#asker = new CommandAsker({ send: (type, body, id) => this.#sender.send(type, body, id) });
    this.#answerer = new CommandAnswerer({
      run: (command, signal) => deps.events.onCommand(this, command, signal),
      sendBulk: (frame, onWritten) => this.#sender.sendBulk(frame, onWritten),
      bulkRoom: () => this.#sender.bulkRoom(),
    });
    this.#pulse = new Pulse({
      clock,
      // The other end's ping is a sign of life, too: one of both asks first.
      pingAfterMs: channel.isDialled ? times.pingAfterMs : times.pingAfterMs * LATER,
      deadAfterMs: times.deadAfterMs,
      sendPing: () => {
        if (this.#peerRun !== undefined) this.#sender.send("ping");
      },
      onDead: () => this.#end({ code: "E_TIMEOUT", message: "it was silent for too long", isByPeer: false }),
    });
  }

  /** Says hello and begins to read. */
  start(): void {
    const { stream } = this.channel;
    stream.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    stream.on("end", () => this.#end({ code: "E_PEER_OFFLINE", message: "it closed the connection", isByPeer: true }));
    stream.on("error", (error) => this.#end({ code: "E_PEER_OFFLINE", message: error.message, isByPeer: true }));
    stream.on("close", () => this.#end({ code: "E_PEER_OFFLINE", message: "the connection broke", isByPeer: true }));
    this.#sender.send("hello", greetings.encodeHello({ features: OFFERED_FEATURES, run: this.#deps.run }));
    void this.#watchHandshake();
  }

  /** The features both ends have; empty before the hello. */
  get features(): readonly Feature[] {
    return this.#features;
  }

  /** Names the peer's run of its program; undefined before its hello. */
  get peerRun(): bigint | undefined {
    return this.#peerRun;
  }

  /** Whether both sides introduced themselves and the connection stands. */
  get isEstablished(): boolean {
    return this.#hasIntroduced && this.#wasIntroduced && this.#reason === undefined;
  }

  get isOver(): boolean {
    return this.#reason !== undefined;
  }

  /** Resolves with the reason once the connection is over. */
  get over(): Promise<EndReason> {
    return this.#over.promise;
  }

  /** Resolves once the last word has left, or the stream broke; after the end. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Says who this is and what it shares; again whenever that changes. */
  introduce(introduction: greetings.Introduction): void {
    this.#hasIntroduced = true;
    this.#sender.send("introduction", greetings.encodeIntroduction(introduction));
  }

  /** Queues a folder's frame, behind those queued before. */
  sendFolderFrame({ type, body }: Pick<FolderFrame, "type"> & { readonly body: Uint8Array }): void {
    const mayCompress = FRAMES[type].isCompressible === true && this.#features.includes(FEATURES.compression);
    const packed = mayCompress ? compressBodyNow(body) : undefined;
    if (packed === undefined) this.#sender.send(type, body);
    else this.#sender.sendPacked(type, packed);
  }

  sendDeviceRemoved(device: DeviceId): void {
    this.#sender.send("deviceRemoved", greetings.encodeDeviceRemoved(device));
  }

  sendProbe(probe: greetings.ProbeMe): void {
    this.#sender.send("probeMe", greetings.encodeProbeMe(probe));
  }

  sendProbeReply(reply: greetings.ProbeReply): void {
    this.#sender.send("probeReply", greetings.encodeProbeReply(reply));
  }

  /** Resolves when little enough waits to send more. */
  drained(): Promise<void> {
    return this.#sender.drained();
  }

  /** Asks for file bytes; `ranges` fit one request. */
  fetchChunks(
    folder: FolderId,
    ranges: readonly ChunkRequest[],
    signal: AbortSignal,
    compression: Switch = "auto",
  ): Promise<Costed<ChunkAnswer>> {
    return this.#requests.fetchChunks({ folder, ranges, compression }, signal);
  }

  /** Asks for changed regions; they fit one request. Only where both ends have `delta/1`. */
  fetchRegions(wanted: FetchRegions, signal: AbortSignal): Promise<Costed<RegionsAnswer>> {
    return this.#requests.fetchRegions(wanted, signal);
  }

  /** Asks for a chunk list, piece by piece, or told by what this side holds; undefined when it is not there. */
  async fetchChunkList(wanted: Omit<FetchChunkList, "offset">, signal: AbortSignal): Promise<Costed<FetchedList>> {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    let wire = NO_WIRE;
    for (;;) {
      const bases = length === 0 && this.#features.includes(FEATURES.splice) ? wanted.bases : [];
      const query = length === 0 && this.#features.includes(FEATURES.anySplice) ? wanted.query : NO_QUERY;
      const piece = await this.#requests.fetchChunkList({ ...wanted, bases, query, offset: length }, signal);
      wire = addWire(wire, piece.wire);
      if (piece.bytes === undefined) return { list: undefined, base: null, relatedBytes: null, wire };
      const base = bases[piece.base ?? bases.length];
      if (base !== undefined) return { list: piece.bytes, base, relatedBytes: null, wire };
      if (piece.isRelation === true)
        return { list: piece.bytes, base: null, relatedBytes: piece.totalBytes ?? 0, wire };
      parts.push(piece.bytes);
      length += piece.bytes.length;
      if (length === piece.totalBytes) return { list: joined(parts, length), base: null, relatedBytes: null, wire };
    }
  }

  /** Asks the peer to run a command; its answer is read with {@link readCommand}. Throws E_INCOMPATIBLE when the peer takes none. */
  askCommand(command: Command): number {
    if (!this.#features.includes(FEATURES.command))
      throw new SyncError("E_INCOMPATIBLE", "the Syncline there is too old for commands");
    // It would not see the session, and take the command for this device's own.
    if (command.session !== "" && !this.#features.includes(FEATURES.users))
      throw new SyncError("E_INCOMPATIBLE", "the Syncline there is too old for users");
    return this.#asker.ask(command);
  }

  /** The next bytes of a command's answer. */
  readCommand(id: number, signal: AbortSignal): Promise<ReplyPart> {
    return this.#asker.read(id, signal);
  }

  /** Says that the rest of a command's answer is not wanted. */
  dropCommand(id: number): void {
    this.#asker.drop(id);
  }

  /** Sends bytes of the answer to the peer's command; resolves when more may come. */
  replyCommand(id: number, bytes: Uint8Array): Promise<void> {
    return this.#answerer.reply(id, bytes);
  }

  /** The time an answer takes. Rejects when none comes before the signal, or the connection ends. */
  async ping(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const stop = (): void => aborted.reject(signal.reason);
    signal.addEventListener("abort", stop);
    try {
      const ended = this.#over.promise.then((reason) => {
        throw endError(reason);
      });
      return await Promise.race([this.#pulse.ping(), aborted.promise, ended]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Whether anything at all comes from the peer within `ms`. */
  async isAlive(ms: number): Promise<boolean> {
    // While this side does not read, nothing can show.
    if (this.#isHeld) return true;
    const before = this.#lastHeard();
    void this.#pulse.ping();
    const steps = 10;
    for (let step = 0; step < steps && !this.isOver; step++) {
      await this.#deps.clock.sleep(ms / steps);
      if (this.#lastHeard() > before) return !this.isOver;
    }
    return false;
  }

  /** Stops reading until released: the engine is behind. */
  hold(isHeld: boolean): void {
    if (this.#reason !== undefined) return;
    this.#isHeld = isHeld;
    this.#pulse.hold(isHeld);
    if (isHeld) this.channel.stream.pause();
    else this.channel.stream.resume();
  }

  wireBytes(): WireBytes {
    const now = this.channel.wireBytes();
    // A closed socket may say 0.
    this.#lastWireBytes = {
      sent: Math.max(now.sent, this.#lastWireBytes.sent),
      received: Math.max(now.received, this.#lastWireBytes.received),
    };
    return this.#lastWireBytes;
  }

  /** Ends the connection in good order, with a last word. */
  close(goodbye: greetings.Goodbye): void {
    if (this.#reason !== undefined) return;
    this.#sayGoodbye(goodbye);
    this.#end({ ...goodbye, isByPeer: false });
  }

  /** Ends the connection because of what the peer sent. */
  fail(error: SyncError): void {
    if (this.#reason !== undefined) return;
    // Before the hello the other end has proven no good will; it learns nothing.
    if (this.#peerRun !== undefined) this.#sayGoodbye({ code: error.code, message: error.message });
    this.#end({ code: error.code, message: error.message, isByPeer: false });
  }

  /** Cuts the connection at once, without a word. */
  cut(reason: { readonly code: string; readonly message: string }): void {
    this.#end({ ...reason, isByPeer: false }, { isCut: true });
  }

  #lastHeard(): number {
    return this.channel.wireBytes().received;
  }

  #sayGoodbye(goodbye: greetings.Goodbye): void {
    if (this.channel.stream.destroyed || this.#peerRun === undefined) return;
    this.#sender.send("goodbye", greetings.encodeGoodbye(goodbye));
    this.#sender.flushControl();
  }

  #end(reason: EndReason, { isCut = false }: { readonly isCut?: boolean } = {}): void {
    if (this.#reason !== undefined) return;
    this.wireBytes();
    this.#reason = reason;
    this.#pulse.end();
    this.#server.end();
    this.#requests.end(endError(reason));
    this.#asker.end(endError(reason));
    this.#answerer.end();
    this.#sender.end();
    const { stream } = this.channel;
    stream.removeAllListeners("data");
    if (isCut || stream.destroyed || reason.isByPeer) {
      stream.destroy();
      this.#gone.resolve();
    } else void this.#closeStream();
    this.#over.resolve(reason);
    this.#deps.events.onEnd(this, reason);
  }

  /** Lets the last word out, then closes; the other end's reading of it is not waited for long. */
  async #closeStream(): Promise<void> {
    const { stream } = this.channel;
    stream.resume();
    stream.once("close", this.#gone.resolve);
    stream.end(this.#gone.resolve);
    await this.#deps.clock.sleep(LAST_WORD_MS);
    stream.destroy();
  }

  async #watchHandshake(): Promise<void> {
    await this.#deps.clock.sleep(this.#deps.times.handshakeMs);
    if (!this.isEstablished)
      this.#end({ code: "E_TIMEOUT", message: "it did not introduce itself in time", isByPeer: false });
  }

  #receive(bytes: Uint8Array): void {
    this.#pulse.heard();
    try {
      const { items, fault } = this.#decoder.push(bytes);
      for (const item of items) {
        if (this.#reason !== undefined) return;
        this.#take(item);
      }
      if (fault !== undefined) throw fault;
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      this.fail(error);
    }
  }

  #take(item: WireItem): void {
    const { header } = item;
    if (item.type === "piece") {
      this.#takePiece(item);
      return;
    }
    if (SPARING.has(header.type) && !this.#budget.take()) throw broken(`"${header.type}" too often`);
    const isCompressed = header.isCompressed === true;
    const body = isCompressed ? expandBody(item.body, FRAMES[header.type].bodyBytesMax) : item.body;
    if (this.#takeEarly(header, body)) return;
    if (!this.isEstablished) throw broken("a message before its introduction");
    const { type } = header;
    if (isFolderFrame(type)) this.#deps.events.onFolderFrame(this, type, body);
    else this.#takeControl(header, body);
  }

  /** What is compressed is gathered and handed on when it is whole; its size is bounded by its header's check. */
  #takePiece({ header, bytes, isLast }: Extract<WireItem, { type: "piece" }>): void {
    if (header.isCompressed !== true) {
      const table = header.type === "commandReply" ? this.#asker : this.#requests;
      table.takePiece(header, bytes, isLast);
      return;
    }
    this.#compressed.push(new Uint8Array(bytes));
    if (!isLast) return;
    const body = Buffer.concat(this.#compressed);
    this.#compressed = [];
    this.#requests.takePiece(header, expandBody(body, FRAMES[header.type].bodyBytesMax), true);
  }

  /** What may come before the introduction. Returns whether it was that. */
  #takeEarly({ type, requestId }: FrameHeader, body: Uint8Array): boolean {
    if (type === "hello") this.#greeted(greetings.decodeHello(body));
    else if (type === "introduction") this.#introduced(greetings.decodeIntroduction(body));
    else if (type === "goodbye") this.#end({ ...greetings.decodeGoodbye(body), isByPeer: true });
    else if (type === "ping") this.#sender.send("pong");
    else if (type === "pong") this.#pulse.answered();
    else if (type === "cancel") this.#cancel(requestId);
    else return false;
    return true;
  }

  #takeControl({ type, requestId: id }: FrameHeader, body: Uint8Array): void {
    const { events } = this.#deps;
    if (type === "fetchChunks") this.#server.ask({ type: "chunks", id, wanted: decodeFetchChunks(body) });
    else if (type === "fetchChunkList") this.#server.ask({ type: "chunkList", id, wanted: decodeFetchChunkList(body) });
    else if (type === "command") this.#answerer.ask(id, decodeCommand(body));
    else if (type === "commandCredit") this.#answerer.credit(id, decodeCommandCredit(body));
    else if (type === "fetchRegions") this.#server.ask({ type: "regions", id, wanted: decodeFetchRegions(body) });
    else if (type === "deviceRemoved") events.onDeviceRemoved(this, greetings.decodeDeviceRemoved(body));
    else if (type === "probeMe") events.onProbe(this, greetings.decodeProbeMe(body));
    else if (type === "probeReply") events.onProbeReply(this, greetings.decodeProbeReply(body));
  }

  #cancel(id: number): void {
    this.#server.cancel(id);
    this.#answerer.cancel(id);
  }

  #greeted(hello: greetings.Hello): void {
    this.#features = commonFeatures(hello.features);
    if (this.#features.includes(FEATURES.compression)) this.#decoder.takeCompressed();
    this.#peerRun = hello.run;
    this.#deps.events.onGreeted(this);
  }

  #introduced(introduction: greetings.Introduction): void {
    this.#wasIntroduced = true;
    this.#deps.events.onIntroduced(this, introduction);
  }
}

/** Frames that nothing else holds back. */
const SPARING: ReadonlySet<FrameType> = new Set(["introduction", "deviceRemoved", "probeMe", "probeReply"]);
const LAST_WORD_MS = 1000;
/** How much later the end that was dialled asks for signs of life. */
const LATER = 1.25;

/** The error that those get who waited on a connection that is over. */
function endError(reason: EndReason): SyncError {
  return new SyncError("E_PEER_OFFLINE", `the connection ended: ${reason.message}`, { facts: { code: reason.code } });
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
