/**
 * mDNS on one interface: a wrapper that keeps bonjour-service bounded and alive.
 *
 * What it guards against, each seen in the library: an unheard `error` event
 * ends the process; so does a throw while a packet is handled; a browser never
 * forgets a name and asks only once, so it is replaced at each refresh;
 * addresses of every interface are announced on each.
 */
import { createSocket, type Socket } from "node:dgram";
import { Bonjour } from "bonjour-service";
import type { Clock } from "../../shared/ports.ts";
import type { Ipv4Interface } from "./packet-gate.ts";
import { PacketGate } from "./packet-gate.ts";
import { type FoundService, SERVICE_TYPE, type TxtRecord } from "./service-record.ts";

export interface MdnsLinkDeps {
  readonly link: Ipv4Interface;
  readonly clock: Clock;
  /** 5353, except in tests. */
  readonly port: number;
  readonly onUp: (service: FoundService) => void;
  readonly onDown: (service: FoundService) => void;
  /** The interface does not work; the link is to be disposed. */
  readonly onFailure: (error: Error) => void;
}

export interface PublishedService {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly txt: TxtRecord;
}

/** The parts of multicast-dns that its types leave out. */
interface MulticastDns {
  on(event: "error" | "warning", listener: (error: Error) => void): void;
  respond: (response: unknown, ...rest: readonly unknown[]) => void;
}

type Browser = ReturnType<Bonjour["find"]>;
type Service = ReturnType<Bonjour["publish"]>;

/** Above this a browser is only filled by a flood; it stops until the next refresh. */
const SERVICES_MAX = 256;
const GOODBYE_MS = 300;

export class MdnsLink implements AsyncDisposable {
  readonly #deps: MdnsLinkDeps;
  readonly #bonjour: Bonjour;
  readonly #mdns: MulticastDns;
  #browser: Browser | undefined;
  #service: Service | undefined;
  #isDisposed = false;

  constructor(deps: MdnsLinkDeps) {
    this.#deps = deps;
    const fail = (error: Error): void => {
      if (!this.#isDisposed) deps.onFailure(error);
    };
    const options = { interface: deps.link.address, bind: "0.0.0.0", port: deps.port, socket: gatedSocket(deps) };
    this.#bonjour = new Bonjour(options as object, fail);
    const { mdns } = (this.#bonjour as unknown as { readonly server: { readonly mdns: MulticastDns } }).server;
    mdns.on("error", fail);
    // Malformed packets and interfaces that vanish: each is met by the next packet or poll.
    mdns.on("warning", () => {});
    announceOnlyOwnAddress(mdns, deps.link.address);
    this.#mdns = mdns;
    this.refresh();
  }

  /** Asks anew who is there. */
  refresh(): void {
    if (this.#isDisposed) return;
    this.#browser?.stop();
    const browser = this.#bonjour.find({ type: SERVICE_TYPE, protocol: "tcp" });
    const found = (service: FoundService): void => {
      if (browser.services.length > SERVICES_MAX) browser.stop();
      else this.#deps.onUp(service);
    };
    browser.on("up", found);
    browser.on("txt-update", found);
    browser.on("srv-update", found);
    browser.on("down", (service: FoundService) => this.#deps.onDown(service));
    this.#browser = browser;
  }

  /** Replaces what is announced here. The old name says goodbye first: withdrawing it later would take the new one along. */
  publish(service: PublishedService | undefined): void {
    if (this.#isDisposed) return;
    this.#service?.stop();
    this.#service = undefined;
    if (service === undefined) return;
    // Names are random, so there is nothing to probe for.
    const config = { ...service, type: SERVICE_TYPE, protocol: "tcp", probe: false } as const;
    this.#service = this.#bonjour.publish(config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#browser?.stop();
    const goodbye = new Promise<void>((resolve) => this.#bonjour.unpublishAll(() => resolve()));
    // The interface may be gone, and with it everybody to say goodbye to.
    const timeout = new AbortController();
    await Promise.race([goodbye, this.#deps.clock.sleep(GOODBYE_MS, timeout.signal).catch(() => {})]);
    timeout.abort();
    // The library announces a service several times, by timers that outlive the socket and throw then.
    this.#mdns.respond = () => {};
    await new Promise<void>((resolve) => this.#bonjour.destroy(() => resolve()));
  }
}

/** A socket whose packets pass the gate, and whose listeners cannot throw out of the event loop. */
function gatedSocket(deps: MdnsLinkDeps): Socket {
  const gate = new PacketGate(deps.link, deps.clock.monotonic());
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  const emit = socket.emit.bind(socket) as (event: string, ...values: readonly unknown[]) => boolean;
  socket.emit = (event: string, ...values: readonly unknown[]): boolean => {
    if (event !== "message") return emit(event, ...values);
    const [packet, source] = values as [Uint8Array, { readonly address: string }];
    if (!gate.admits(packet, source.address, deps.clock.monotonic())) return false;
    try {
      return emit(event, ...values);
    } catch {
      // A packet that the library trips over is a packet less.
      return false;
    }
  };
  return socket;
}

/** Keeps the addresses of the machine's other networks out of what this one hears. */
function announceOnlyOwnAddress(mdns: MulticastDns, address: string): void {
  const respond = mdns.respond.bind(mdns);
  const own = (records: unknown): unknown =>
    Array.isArray(records)
      ? records.filter((record) => isOtherThanAddress(record) || record.data === address)
      : records;
  mdns.respond = (response, ...rest) => {
    if (Array.isArray(response)) return respond(own(response), ...rest);
    const { answers, additionals } = response as { readonly answers?: unknown; readonly additionals?: unknown };
    return respond({ ...(response as object), answers: own(answers), additionals: own(additionals) }, ...rest);
  };
}

function isOtherThanAddress(record: { readonly type?: unknown }): boolean {
  return record.type !== "A" && record.type !== "AAAA";
}
