/** What is remembered of peers beside the configuration: where they were reached, when, and who was removed. `peers.json` in the home. */
import { readFileSync } from "node:fs";
import type { KnownAddress } from "../peer/discovery/address-book.ts";
import type { DeviceId } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Log } from "../shared/ports.ts";
import { writeFileAtomically } from "./write-file.ts";

interface Remembered {
  readonly addresses: readonly KnownAddress[];
  readonly lastSeenMs: number | null;
  /** When its trust was ended here, if it was. */
  readonly removedMs?: number;
}

const SETTLE_MS = 1000;

/** Losing it costs a discovery, and lets others relay what removed devices write; a file with a fault is replaced. */
export class PeerMemory implements AsyncDisposable {
  readonly #file: string;
  readonly #log: Log;
  readonly #peers: Map<DeviceId, Remembered>;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
    this.#peers = new Map(Object.entries(read(file)) as [DeviceId, Remembered][]);
  }

  addresses(device: DeviceId): readonly KnownAddress[] {
    return this.#peers.get(device)?.addresses ?? [];
  }

  lastSeenMs(device: DeviceId): number | null {
    return this.#peers.get(device)?.lastSeenMs ?? null;
  }

  setAddresses(device: DeviceId, addresses: readonly KnownAddress[]): void {
    this.#set(device, { ...this.#peers.get(device), addresses, lastSeenMs: this.lastSeenMs(device) });
  }

  setSeen(device: DeviceId, lastSeenMs: number): void {
    this.#set(device, { ...this.#peers.get(device), addresses: this.addresses(device), lastSeenMs });
  }

  /** Devices whose trust was ended here, the latest last. */
  get removed(): readonly DeviceId[] {
    return [...this.#peers]
      .flatMap(([device, { removedMs }]) => (removedMs === undefined ? [] : [{ device, removedMs }]))
      .sort((a, b) => a.removedMs - b.removedMs)
      .slice(-LIMITS.removedDevices.value)
      .map(({ device }) => device);
  }

  /** Forgets a device but for its removal. */
  setRemoved(device: DeviceId, removedMs: number): void {
    this.#set(device, { addresses: [], lastSeenMs: null, removedMs });
  }

  /** The device is trusted again. */
  clearRemoved(device: DeviceId): void {
    this.#set(device, { addresses: this.addresses(device), lastSeenMs: this.lastSeenMs(device) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer !== undefined) this.#write();
    await this.#writing;
  }

  #set(device: DeviceId, remembered: Remembered): void {
    this.#peers.set(device, remembered);
    this.#save();
  }

  #save(): void {
    this.#timer ??= setTimeout(() => this.#write(), SETTLE_MS).unref();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = `${JSON.stringify(Object.fromEntries(this.#peers), undefined, 2)}\n`;
    this.#writing = this.#writing
      .then(() => writeFileAtomically(this.#file, text))
      .catch((error: unknown) => this.#log.warn("Addresses of peers not remembered", { error: String(error) }));
  }
}

function read(file: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
