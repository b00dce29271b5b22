/** Watches the networks around: who is announced there, and whether this machine's own addresses change. */
import type { Candidate, Discovery } from "../../peer/discovery/discovery.ts";
import { MdnsDiscovery } from "../../peer/discovery/mdns.ts";
import { matchSaltedId } from "../../peer/discovery/salted-id.ts";
import type { HostPort } from "../../shared/host-port.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { Clock, Log, Random } from "../../shared/ports.ts";
import type { NetOptions } from "./net-api.ts";
import { networkFingerprint } from "./own-addresses.ts";

const NETWORK_LOOK_MS = 5000;

export interface NetFinderDeps {
  readonly options: Pick<NetOptions, "identity" | "discovery">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where this device listens. */
  readonly listening: () => HostPort;
  /** Channels of its invites. */
  readonly channels: () => readonly number[];
  readonly trusted: () => Iterable<DeviceId>;
  /** A trusted device seems to be at these addresses. */
  readonly onFound: (device: DeviceId, addresses: readonly HostPort[]) => void;
  readonly onCandidates: (candidates: readonly Candidate[]) => void;
  readonly onNetworkChange: () => void;
  /** Whether every trusted device is connected. */
  readonly isComplete: () => boolean;
}

export class NetFinder implements AsyncDisposable {
  readonly #deps: NetFinderDeps;
  readonly #stop = new AbortController();
  #discovery: Discovery | undefined;

  constructor(deps: NetFinderDeps) {
    this.#deps = deps;
  }

  start(isDiscovering: boolean): void {
    this.set(isDiscovering);
    void this.#watchNetwork();
  }

  /** Turns discovery on or off. */
  set(isDiscovering: boolean): void {
    if (isDiscovering === (this.#discovery !== undefined)) return;
    if (!isDiscovering) {
      void this.#discovery?.[Symbol.asyncDispose]();
      this.#discovery = undefined;
      return;
    }
    const { options, clock, random, log } = this.#deps;
    this.#discovery = new MdnsDiscovery({
      device: options.identity.deviceId,
      clock,
      random,
      log,
      onEvent: () => this.#found(),
      isContent: () => this.#deps.isComplete(),
      ...options.discovery,
    });
    this.#discovery.start();
    this.announce();
  }

  /** Announces anew: the invites changed. */
  announce(): void {
    const { options, listening, channels } = this.#deps;
    const { host, port } = listening();
    // Nobody on the network can dial a listener on loopback.
    const isReachable = !isLoopback(host) || options.discovery?.withLoopback === true;
    this.#discovery?.announce(isReachable ? { port, channels: channels() } : undefined);
  }

  /** Asks the networks now. */
  refresh(): void {
    this.#discovery?.refresh();
  }

  candidates(): readonly Candidate[] {
    return this.#discovery?.candidates() ?? [];
  }

  /** Looks for trusted devices among what was found: the list of trusted ones changed. */
  match(): void {
    for (const { id, addresses } of this.candidates()) {
      const device = matchSaltedId(id, this.#deps.trusted());
      if (device !== undefined) this.#deps.onFound(device, addresses);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const discovery = this.#discovery;
    this.#discovery = undefined;
    await discovery?.[Symbol.asyncDispose]();
  }

  #found(): void {
    this.match();
    this.#deps.onCandidates(this.candidates());
  }

  async #watchNetwork(): Promise<void> {
    let before = networkFingerprint();
    while (!this.#stop.signal.aborted) {
      await this.#deps.clock.sleep(NETWORK_LOOK_MS, this.#stop.signal).catch(() => {});
      const now = networkFingerprint();
      if (now === before || this.#stop.signal.aborted) continue;
      before = now;
      this.#deps.onNetworkChange();
    }
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
