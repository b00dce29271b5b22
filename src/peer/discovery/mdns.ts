/**
 * Discovery by mDNS and DNS-SD, one instance of the library per IPv4 interface.
 *
 * One for all would send on the default route only. Interfaces come and go, so
 * they are looked up every few seconds, which costs no packet. On the wire it
 * is quiet: one question a minute once it has settled, and hardly any while all
 * trusted devices are connected.
 */
import { networkInterfaces } from "node:os";
import { base32, type DeviceId } from "../../shared/ids.ts";
import type { Clock, Log, Random } from "../../shared/ports.ts";
import { CandidateTable, isSameCandidate } from "./candidate-table.ts";
import type { Announcement, Candidate, Discovery, DiscoveryEvent } from "./discovery.ts";
import { type InterfaceTable, interfaceKey, ipv4Interfaces } from "./interfaces.ts";
import { MdnsLink } from "./mdns-link.ts";
import type { Ipv4Interface } from "./packet-gate.ts";
import { matchSaltedId, type SaltedId, saltId } from "./salted-id.ts";
import { type FoundService, readService, txtOf } from "./service-record.ts";

export interface MdnsDeps {
  readonly device: DeviceId;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onEvent: (event: DiscoveryEvent) => void;
  /** Whether everybody looked for is found: then the network is asked rarely. Devices that come announce themselves. */
  readonly isContent?: () => boolean;
  /** Loopback, too: for several nodes on one machine without a network. */
  readonly withLoopback?: boolean;
  /** Another port than 5353 makes a world of its own, for tests. */
  readonly port?: number;
  readonly readInterfaces?: () => InterfaceTable;
}

const MDNS_PORT = 5353;
const POLL_MS = 5000;
const REFRESH_MS = 60_000;
/** So many turns are left out while everybody looked for is found. */
const CONTENT_TURNS = 15;
/** Two answers may be lost before a device counts as gone. */
const EXPIRE_MS = 2.5 * REFRESH_MS;
/** After a start or a wish, ask more often for a moment: the first packet of a fresh interface is easily lost. */
const BURST_MS = [300, 1000, 3000];
const ASKED_KEPT = 3;
const NAME_BYTES = 10;
const NAME_LENGTH_MAX = 63;

export class MdnsDiscovery implements Discovery {
  readonly #deps: MdnsDeps;
  readonly #links = new Map<string, MdnsLink>();
  readonly #table = new CandidateTable();
  /** Interfaces whose failure was said once. */
  readonly #reported = new Set<string>();
  readonly #stop = new AbortController();
  #shown: ReadonlyMap<string, Candidate> = new Map();
  #announcement: Announcement | undefined;
  #ownId: SaltedId;
  #burst = new AbortController();
  #turnsLeftOut = 0;
  /** When the network was asked last, the oldest first. */
  #askedAt: readonly number[] = [];
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: MdnsDeps) {
    this.#deps = deps;
    this.#ownId = saltId(deps.device, deps.random);
  }

  start(): void {
    this.#updateLinks();
    this.#loop = Promise.all([
      this.#every(POLL_MS, () => this.#updateLinks()),
      this.#every(REFRESH_MS, () => this.#askInTurn()),
    ]).then(() => {});
    this.refresh();
  }

  announce(announcement: Announcement | undefined): void {
    this.#announcement = announcement;
    this.#ownId = saltId(this.#deps.device, this.#deps.random);
    for (const link of this.#links.values()) this.#publishOn(link);
  }

  refresh(): void {
    this.#burst.abort();
    this.#burst = new AbortController();
    const signal = AbortSignal.any([this.#burst.signal, this.#stop.signal]);
    this.#ask();
    for (const delayMs of BURST_MS) {
      this.#deps.clock.sleep(delayMs, signal).then(
        () => this.#ask(),
        () => {},
      );
    }
  }

  candidates(): readonly Candidate[] {
    return [...this.#shown.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(links.map((link) => link[Symbol.asyncDispose]()));
  }

  async #every(intervalMs: number, action: () => void): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#deps.clock.sleep(intervalMs, signal).catch(() => {});
      if (!signal.aborted) action();
    }
  }

  /** Opens a link on each new interface and closes those whose interface is gone or has another address. */
  #updateLinks(): void {
    const read = this.#deps.readInterfaces ?? networkInterfaces;
    const present = ipv4Interfaces(read(), { withLoopback: this.#deps.withLoopback === true });
    const keys = new Set(present.map(interfaceKey));
    for (const key of this.#links.keys()) if (!keys.has(key)) this.#close(key);
    for (const link of present) if (!this.#links.has(interfaceKey(link))) this.#open(link);
    this.#expire();
  }

  #open(link: Ipv4Interface): void {
    const key = interfaceKey(link);
    const opened = new MdnsLink({
      link,
      clock: this.#deps.clock,
      port: this.#deps.port ?? MDNS_PORT,
      onUp: (service) => this.#found(service),
      onDown: (service) => this.#lost(service),
      // The next poll opens it again, for as long as the interface is there.
      onFailure: (error) => {
        const facts = { interface: link.name, error: error.message };
        if (this.#reported.has(key)) this.#deps.log.debug("Discovery still does not work on an interface", facts);
        else this.#deps.log.warn("Discovery does not work on an interface", facts);
        this.#reported.add(key);
        this.#close(key);
      },
    });
    this.#links.set(key, opened);
    this.#publishOn(opened);
    this.#deps.log.debug("Looking for devices on an interface", { interface: link.name, address: link.address });
  }

  #close(key: string): void {
    const link = this.#links.get(key);
    this.#links.delete(key);
    link?.[Symbol.asyncDispose]().catch((error: unknown) => {
      this.#deps.log.warn("Could not stop discovery on an interface", { interface: key, error: String(error) });
    });
  }

  #publishOn(link: MdnsLink): void {
    const announcement = this.#announcement;
    if (announcement === undefined) {
      link.publish(undefined);
      return;
    }
    const draw = (): string => base32(this.#deps.random.bytes(NAME_BYTES)).toLowerCase();
    const txt = txtOf(this.#ownId, announcement);
    link.publish({ name: draw(), host: `${draw()}.local`, port: announcement.port, txt });
  }

  #askInTurn(): void {
    this.#turnsLeftOut++;
    if (this.#deps.isContent?.() !== true || this.#turnsLeftOut > CONTENT_TURNS) this.#ask();
  }

  #ask(): void {
    this.#turnsLeftOut = 0;
    this.#askedAt = [...this.#askedAt, this.#deps.clock.monotonic()].slice(-ASKED_KEPT);
    for (const link of this.#links.values()) link.refresh();
    this.#expire();
  }

  #found(service: FoundService): void {
    const name = instanceName(service);
    const candidate = readService(service);
    if (name === undefined || candidate === undefined) return;
    if (matchSaltedId(candidate.id, [this.#deps.device]) !== undefined) return;
    const source = candidate.addresses[0]?.host ?? "";
    if (this.#table.add(name, candidate, { source, at: this.#deps.clock.monotonic() })) this.#tell();
  }

  #lost(service: FoundService): void {
    const name = instanceName(service);
    if (name === undefined) return;
    this.#table.remove(name);
    this.#tell();
  }

  /** Who was not asked cannot have been silent. */
  #expire(): void {
    const [before] = this.#askedAt;
    this.#table.expire(Math.min(this.#deps.clock.monotonic() - EXPIRE_MS, before ?? 0));
    this.#tell();
  }

  /** Reports how what is known differs from what was reported. */
  #tell(): void {
    const before = this.#shown;
    const now = this.#table.merged();
    this.#shown = now;
    for (const [key, candidate] of now) {
      const known = before.get(key);
      if (known === undefined || !isSameCandidate(known, candidate)) this.#deps.onEvent({ type: "found", candidate });
    }
    for (const [key, { id }] of before) if (!now.has(key)) this.#deps.onEvent({ type: "lost", id });
  }
}

function instanceName(service: FoundService): string | undefined {
  const { name } = service;
  return typeof name === "string" && name.length <= NAME_LENGTH_MAX ? name : undefined;
}
