/** One trusted device in the net thread: where it may be, and the loop that keeps it connected. */
import type { EndReason } from "../../peer/connection.ts";
import { type DialFailure, dialDevice } from "../../peer/dial.ts";
import { readAddress } from "../../peer/discovery/address.ts";
import { type AddressOrigin, type KnownAddress, learnAddresses } from "../../peer/discovery/address-book.ts";
import type { Identity } from "../../peer/identity.ts";
import { Reconnector } from "../../peer/reconnect.ts";
import { tcpTransport } from "../../peer/transport/tcp.ts";
import type { SecureChannel } from "../../peer/transport/transport.ts";
import type { HostPort } from "../../shared/host-port.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { Clock, Random } from "../../shared/ports.ts";
import type { NetEvent, TrustedDevice } from "./net-api.ts";

export interface NetDeviceDeps {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly post: (event: NetEvent) => void;
  readonly isConnected: (device: DeviceId) => boolean;
  /** Takes over a channel that this device proved; resolves once its connection is over. */
  readonly onChannel: (channel: SecureChannel) => Promise<EndReason>;
}

export class NetDevice {
  readonly id: DeviceId;
  readonly #deps: NetDeviceDeps;
  #addresses: readonly KnownAddress[] = [];
  #isPaused = false;
  #reconnector: Reconnector | undefined;

  constructor(deps: NetDeviceDeps, { id, addresses, isPaused }: TrustedDevice) {
    this.id = id;
    this.#deps = deps;
    this.#addresses = learnAddresses([], addresses);
    this.#isPaused = isPaused;
    if (!isPaused) this.#start();
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Takes what main says anew. Static addresses that are gone are forgotten. */
  async configure({ addresses, isPaused }: Pick<TrustedDevice, "addresses" | "isPaused">): Promise<void> {
    this.setAddresses(addresses);
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) await this.end();
    else this.#start();
  }

  setAddresses(addresses: readonly KnownAddress[]): void {
    const learned = this.#addresses.filter(({ origin }) => origin !== "static");
    const before = JSON.stringify(this.#addresses);
    this.#addresses = learnAddresses(addresses, learned);
    if (JSON.stringify(this.#addresses) !== before) this.wake();
  }

  /** Adds what was found out, tells main, and dials when it helps. */
  learn(found: readonly HostPort[], origin: AddressOrigin): void {
    const seenAt = this.#deps.clock.now();
    const known = new Set(this.#addresses.map(({ address }) => `${address.host} ${address.port}`));
    this.#addresses = learnAddresses(
      this.#addresses,
      found.map((address) => ({ address, origin, seenAt })),
    );
    const isNew = this.#addresses.some(({ address }) => !known.has(`${address.host} ${address.port}`));
    if (isNew || origin === "worked")
      this.#deps.post({ type: "addresses", device: this.id, addresses: this.#addresses });
    // Discovery says again and again that a device is there; that it is there at all is worth a try.
    if (isNew || origin === "discovered") this.#wakeIfOffline();
  }

  /** Learns addresses that a peer wrote. */
  learnTexts(texts: readonly string[], origin: AddressOrigin): void {
    this.learn(
      texts.flatMap((text) => readAddress(text) ?? []),
      origin,
    );
  }

  /** Dials at once unless connected. */
  wake(): void {
    this.#reconnector?.wake();
  }

  connected(): void {
    this.#reconnector?.connected();
  }

  lost(): void {
    this.#reconnector?.lost();
  }

  async end(): Promise<void> {
    const reconnector = this.#reconnector;
    this.#reconnector = undefined;
    await reconnector?.end();
  }

  #wakeIfOffline(): void {
    if (!this.#deps.isConnected(this.id)) this.wake();
  }

  #start(): void {
    const { identity, clock, random, isConnected, onChannel, post } = this.#deps;
    this.#reconnector = new Reconnector({
      clock,
      random,
      addresses: () => this.#addresses.map(({ address }) => address),
      isConnected: () => isConnected(this.id),
      dial: (addresses, signal) => dialDevice({ identity, transport: tcpTransport, clock }, this.id, addresses, signal),
      onChannel,
      onDialling: () => post({ type: "dial", dial: { device: this.id, state: "connecting", message: null } }),
      onFailed: (failures) => this.#failed(failures),
    });
  }

  #failed(failures: readonly DialFailure[]): void {
    const isRefused = failures.length > 0 && failures.every(({ code }) => code === "E_NOT_ALLOWED");
    const message = failures.map((failure) => `${failure.address}: ${failure.message}`).join("; ");
    this.#deps.post({ type: "dial", dial: { device: this.id, state: isRefused ? "refused" : "offline", message } });
  }
}
