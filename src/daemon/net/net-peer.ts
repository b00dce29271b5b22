/** One established connection as main sees it. Over once it is lost: after a reconnect there is a new one. */
import { encodeFolderMessage } from "../../peer/wire/codec.ts";
import type { Command } from "../../peer/wire/command.ts";
import type { FetchChunkList } from "../../peer/wire/fetch.ts";
import type { SharedFolder } from "../../peer/wire/greetings.ts";
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { ChunkRequest, FolderMessage, RegionRequest, Switch } from "../../shared/messages.ts";
import { addWire, NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import type { Answered, ListAnswer } from "../../sync/fetch/fetch-context.ts";
import type { MainCalls, MainNote, NetCalls, PeerFacts, ProbeOutcome } from "./net-api.ts";
import type { ThreadCalls } from "./thread-calls.ts";

export interface NetPeerDeps {
  readonly calls: ThreadCalls<NetCalls, MainCalls>;
  readonly note: (note: MainNote, transfer?: readonly ArrayBuffer[]) => void;
}

export class NetPeer {
  readonly device: DeviceId;
  readonly connection: number;
  readonly #deps: NetPeerDeps;
  readonly #over = new AbortController();
  #facts: PeerFacts;

  constructor(deps: NetPeerDeps, facts: PeerFacts) {
    this.#deps = deps;
    this.#facts = facts;
    this.device = facts.device;
    this.connection = facts.connection;
  }

  /** What the peer said of itself last. */
  get facts(): PeerFacts {
    return this.#facts;
  }

  get name(): string {
    return this.#facts.name;
  }

  /** The folders that the peer shares with this device now. */
  get folders(): readonly SharedFolder[] {
    return this.#facts.folders;
  }

  get isOpen(): boolean {
    return !this.#over.signal.aborted;
  }

  /** Aborts when the connection is lost. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Queues a message; those of one connection arrive in the order sent. Nothing happens once the connection is lost. */
  send(message: FolderMessage): void {
    if (!this.isOpen) return;
    for (const { type, body } of encodeFolderMessage(message)) {
      this.#deps.note({ type: "send", connection: this.connection, frame: type, body }, [body.buffer]);
    }
  }

  /** Resolves when little enough is queued to send more; at once when the connection is lost. */
  async drained(): Promise<void> {
    if (this.isOpen) await this.#deps.calls.call("drained", [this.connection]).catch(() => {});
  }

  /**
   * Bytes for each request, undefined where the peer does not have that
   * version. Rejects when the connection is lost, on E_TIMEOUT, or with the
   * signal's reason. Nothing of it is verified.
   */
  async fetchChunks(
    folder: FolderId,
    requests: readonly ChunkRequest[],
    signal: AbortSignal,
    compression: Switch = "auto",
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>> {
    const batches = batchesOf(requests);
    const answers = await Promise.all(
      batches.map((ranges) => this.#fetchBatch(folder, ranges, { signal, compression })),
    );
    return {
      answer: answers.flatMap(({ answer }) => answer),
      wire: answers.map(({ wire }) => wire).reduce(addWire, NO_WIRE),
    };
  }

  /** A chunk list, undefined where the peer does not have it. Rejects as `fetchChunks` does. */
  async fetchChunkList(
    wanted: Omit<FetchChunkList, "offset">,
    signal: AbortSignal,
  ): Promise<Answered<ListAnswer | undefined>> {
    this.#requireOpen();
    const { list, wire, ...told } = await this.#deps.calls.call(
      "fetchChunkList",
      [this.connection, wanted],
      this.#until(signal),
    );
    return { answer: list === undefined ? undefined : { bytes: list, ...told }, wire };
  }

  /**
   * Asks the peer to run a command, and gives the bytes of its answer as they
   * come; the peer waits while nobody reads. Leaving early tells it to stop.
   * Throws E_INCOMPATIBLE, E_PEER_OFFLINE, or the signal's reason.
   */
  async *command(
    command: Command,
    signal: AbortSignal,
    onWire: (wire: WireBytes) => void = () => {},
  ): AsyncGenerator<Uint8Array> {
    this.#requireOpen();
    const until = this.#until(signal);
    const id = await this.#deps.calls.call("askCommand", [this.connection, command]);
    let isWhole = false;
    try {
      while (!isWhole) {
        const { bytes, isLast, wire } = await this.#deps.calls.call("readCommand", [this.connection, id], until);
        isWhole = isLast;
        onWire(wire);
        if (bytes.length > 0) yield bytes;
      }
    } finally {
      if (!isWhole) this.#deps.note({ type: "drop-command", connection: this.connection, id });
    }
  }

  /** How changed regions follow from what the request describes, undefined for what the peer does not have. Rejects as `fetchChunks` does. */
  async fetchRegions(
    folder: FolderId,
    request: RegionRequest,
    signal: AbortSignal,
    compression: Switch = "auto",
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>> {
    this.#requireOpen();
    const { answers, wire } = await this.#deps.calls.call(
      "fetchRegions",
      [this.connection, folder, request, compression],
      this.#until(signal),
    );
    return { answer: answers, wire };
  }

  /** Milliseconds until the peer answered. */
  async ping(signal: AbortSignal): Promise<number> {
    this.#requireOpen();
    return await this.#deps.calls.call("ping", [this.connection], this.#until(signal));
  }

  /** Asks the peer to try a connection to this device at `address`, HOST:PORT. It tries the port at the address it knows this device by. */
  async probe(address: string, signal: AbortSignal): Promise<ProbeOutcome> {
    this.#requireOpen();
    return await this.#deps.calls.call("probe", [this.connection, address], this.#until(signal));
  }

  /** Called by the client when the peer introduced itself anew. */
  update(facts: PeerFacts): void {
    this.#facts = facts;
  }

  /** Called by the client when the connection is lost. */
  end(): void {
    this.#over.abort(lostError(this.#facts.name));
  }

  async #fetchBatch(
    folder: FolderId,
    ranges: readonly ChunkRequest[],
    { signal, compression }: { readonly signal: AbortSignal; readonly compression: Switch },
  ): Promise<Answered<readonly (Uint8Array | undefined)[]>> {
    this.#requireOpen();
    const { bytes, offsets, wire } = await this.#deps.calls.call(
      "fetchChunks",
      [this.connection, folder, ranges, compression],
      this.#until(signal),
    );
    const answer = ranges.map(({ size }, i) => {
      const offset = offsets[i] ?? -1;
      return offset < 0 ? undefined : bytes.subarray(offset, offset + size);
    });
    return { answer, wire };
  }

  #requireOpen(): void {
    this.#over.signal.throwIfAborted();
  }

  #until(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#over.signal]);
  }
}

/** Cuts requests into as many as fit one each, in order. */
function batchesOf(requests: readonly ChunkRequest[]): readonly (readonly ChunkRequest[])[] {
  const batches: ChunkRequest[][] = [];
  let current: ChunkRequest[] = [];
  let bytes = 0;
  for (const request of requests) {
    if (request.size > LIMITS.requestBytes.value) throw new Error(`bug: one range of ${request.size} bytes`);
    if (current.length >= LIMITS.requestItems.value || bytes + request.size > LIMITS.requestBytes.value) {
      batches.push(current);
      current = [];
      bytes = 0;
    }
    current.push(request);
    bytes += request.size;
  }
  return current.length > 0 ? [...batches, current] : batches;
}

function lostError(name: string): SyncError {
  return new SyncError("E_PEER_OFFLINE", `the connection to ${name} was lost`);
}
