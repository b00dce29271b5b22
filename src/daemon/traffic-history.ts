/** Keeps what moves between this node and its peers, so that statistics tell of it after a restart, too. */
import type { DeviceId } from "../shared/ids.ts";
import { NO_TRANSFER, type SavedBytes, type TransferBytes } from "../shared/transfer-bytes.ts";
import type { SyncCount } from "../sync/index/transfer-port.ts";
import type { FolderRuntime } from "./folder-runtime.ts";
import type { NetCounters } from "./net/net-api.ts";
import type { Node } from "./node.ts";
import { shareOut } from "./transfers/share-out.ts";

const EVERY_MS = 20_000;
/** Whoever looks at statistics sees them so late. */
const RECENT_MS = 1000;
const STRETCH_MS = 60_000;
/** Less is what idle connections say to each other: not worth a row. */
const LEAST_BYTES = 4096;
const NOTHING = { sent: 0, received: 0 };
const NONE: SavedBytes = { delta: 0, reuse: 0, compression: 0 };

/** Counts from now on, the last time when it is disposed of. */
export function startTrafficHistory(node: Node): TrafficHistory {
  const history = new TrafficHistory(node);
  history.start();
  return history;
}

export class TrafficHistory implements AsyncDisposable {
  readonly #node: Node;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** One count at a time: two would take the same bytes. */
  #counting: Promise<void> | undefined;
  #countedMs = Number.NEGATIVE_INFINITY;
  readonly #wire = new Map<DeviceId, { readonly sent: number; readonly received: number }>();
  readonly #folders = new Map<string, TransferBytes>();

  constructor(node: Node) {
    this.#node = node;
  }

  start(): void {
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    // One that began earlier may not have all.
    await this.#counting;
    await this.count();
  }

  async #run(): Promise<void> {
    const { clock } = this.#node.parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(EVERY_MS, signal).catch(() => undefined);
      if (!signal.aborted) await this.count();
    }
  }

  /** For who looks now: what moved up to a second ago is counted. */
  async countRecent(): Promise<void> {
    if (this.#node.parts.clock.monotonic() - this.#countedMs >= RECENT_MS) await this.count();
  }

  /** Adds what moved since the last time. Never throws: what could not be written now is in the next one. */
  async count(): Promise<void> {
    this.#counting ??= this.#count().finally(() => {
      this.#counting = undefined;
      this.#countedMs = this.#node.parts.clock.monotonic();
    });
    await this.#counting;
  }

  async #count(): Promise<void> {
    const { net, folders, parts } = this.#node;
    try {
      const { peers } = await net.counters();
      const moved = peers.map((peer) => ({ ...peer, ...this.#since(peer) }));
      const counts = [
        ...moved.flatMap(({ device, sent, received }) => wireCounts(device, sent, received)),
        ...folders.all.flatMap((runtime) => this.#folderCounts(runtime, moved)),
      ];
      if (counts.length > 0) await parts.index.write.countSync(counts, parts.clock.now(), STRETCH_MS);
      for (const [position, { device, sent, received }] of peers.entries())
        if (isWorthIt(moved[position] ?? NOTHING)) this.#wire.set(device, { sent, received });
      for (const { id, folder } of folders.all) this.#folders.set(id, folder.traffic);
    } catch (error) {
      parts.log.debug("Traffic was not counted", { error: String(error) });
    }
  }

  #since({ device, sent, received }: NetCounters["peers"][number]): { sent: number; received: number } {
    const before = this.#wire.get(device) ?? NOTHING;
    return { sent: sent - before.sent, received: received - before.received };
  }

  /** What a folder fetched, told of the devices that sent something meanwhile, in proportion. */
  #folderCounts({ id, folder, config }: FolderRuntime, moved: NetCounters["peers"]): readonly SyncCount[] {
    const { traffic } = folder;
    const before = this.#folders.get(id) ?? NO_TRANSFER;
    const fileBytes = traffic.fileBytes - before.fileBytes;
    if (fileBytes <= 0) return [];
    const sharing = moved.filter(({ device, received }) => config.peers[device] !== undefined && received > 0);
    const wireBytes = wireOf(traffic) - wireOf(before);
    const parts = [
      ...[fileBytes, wireBytes, traffic.saved.delta - before.saved.delta],
      ...[traffic.saved.reuse - before.saved.reuse, traffic.saved.compression - before.saved.compression],
    ];
    const weights = sharing.map(({ received }) => received);
    const shares = parts.map((part) => shareOut({ sent: part, received: 0 }, weights).map(({ sent }) => sent));
    return sharing.map(({ device }, position) => {
      const [file = 0, wire = 0, delta = 0, reuse = 0, compression = 0] = shares.map((share) => share[position] ?? 0);
      const saved = { delta, reuse, compression };
      const facts = { device, folder: id, direction: "in" as const, transport: null, files: 0 };
      return { ...facts, fileBytes: file, wireBytes: wire, saved };
    });
  }
}

function wireCounts(device: DeviceId, sent: number, received: number): readonly SyncCount[] {
  if (!isWorthIt({ sent, received })) return [];
  const facts = { device, folder: "", transport: null, files: 0, fileBytes: 0, saved: NONE };
  return [
    { ...facts, direction: "out", wireBytes: sent },
    { ...facts, direction: "in", wireBytes: received },
  ];
}

function isWorthIt({ sent, received }: { readonly sent: number; readonly received: number }): boolean {
  return sent + received >= LEAST_BYTES;
}

function wireOf({ wire }: TransferBytes): number {
  return wire.sent + wire.received;
}
