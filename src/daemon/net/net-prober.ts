/** Finds out, for `doctor`, whether a peer can reach this device, and does peers the same service. */
import { connect as connectTcp } from "node:net";
import type { Connection } from "../../peer/connection.ts";
import type { ProbeMe, ProbeReply } from "../../peer/wire/greetings.ts";
import { SyncError } from "../../shared/errors.ts";
import { type HostPort, parseHostPort } from "../../shared/host-port.ts";
import type { Clock } from "../../shared/ports.ts";
import type { ProbeOutcome } from "./net-api.ts";

const PROBE_MS = 5000;

export class NetProber {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, (reply: ProbeReply) => void>();
  /** Connections whose probe is being answered: one at a time each. */
  readonly #busy = new Set<Connection>();
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Asks a peer. Rejects with the signal's reason, or when the connection ends. */
  async ask(connection: Connection, address: string, signal: AbortSignal): Promise<ProbeOutcome> {
    signal.throwIfAborted();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<ProbeReply>();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#waiting.set(id, resolve);
    void connection.over.then(() => reject(new SyncError("E_PEER_OFFLINE", "the connection has ended")));
    try {
      connection.sendProbe({ id, address });
      const { isReachable, detail } = await promise;
      return { isReachable, detail };
    } finally {
      signal.removeEventListener("abort", stop);
      this.#waiting.delete(id);
    }
  }

  replied(reply: ProbeReply): void {
    this.#waiting.get(reply.id)?.(reply);
  }

  /** Tries the port that a peer names, at the address it is connected from and nowhere else: a probe must not search other networks. */
  async answer(connection: Connection, { id, address }: ProbeMe): Promise<void> {
    if (this.#busy.has(connection)) return;
    this.#busy.add(connection);
    const port = parseHostPort(address)?.port;
    const host = parseHostPort(connection.channel.address)?.host;
    const isReadable = host !== undefined && port !== undefined && port !== 0;
    const failure = isReadable ? await this.#try({ host, port }) : "the address cannot be read";
    this.#busy.delete(connection);
    connection.sendProbeReply({ id, isReachable: failure === undefined, detail: failure ?? "connected" });
  }

  /** Undefined when something accepts there, else what went wrong. */
  async #try(at: HostPort): Promise<string | undefined> {
    const isDone = new AbortController();
    const socket = connectTcp({ host: at.host, port: at.port });
    const outcome = new Promise<string | undefined>((resolve) => {
      socket.once("connect", () => resolve(undefined));
      socket.once("error", (error) => resolve(error.message));
      this.#clock.sleep(PROBE_MS, isDone.signal).then(
        () => resolve("no answer"),
        () => {},
      );
    });
    try {
      return await outcome;
    } finally {
      isDone.abort();
      socket.destroy();
    }
  }
}
