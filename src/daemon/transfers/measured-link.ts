/**
 * Two ways to the same bytes: takes a part of them over each, and the rest
 * over the one that brought more in the same time.
 *
 * TCP begins, and goes on where UDP does not come up. A way is judged by what
 * came between its first answer and its last one of the sample, so that
 * neither its start nor what the other still had under way counts.
 */
import { SyncError } from "../../shared/errors.ts";
import type { Clock } from "../../shared/ports.ts";
import type { WireBytes } from "../../shared/transfer-bytes.ts";
import type { FetchLink } from "../../sync/fetch/fetch-context.ts";

export type WayName = "tcp" | "udp";

export interface Choice {
  readonly transport: WayName;
  readonly why: string;
}

/** What one way has brought. */
export interface Sample {
  readonly bytes: number;
  readonly ms: number;
}

const SAMPLE_BYTES = 8 * 1024 * 1024;
/** TCP costs the machines less: UDP has to be better by so much. */
const UDP_GAIN_MIN = 1.1;

/** Decides from what both have brought. */
export function chooseWay(tcp: Sample, udp: Sample): Choice {
  const [tcpRate, udpRate] = [rateOf(tcp), rateOf(udp)];
  const transport = udpRate > tcpRate * UDP_GAIN_MIN ? "udp" : "tcp";
  return { transport, why: `measured: ${shown(tcpRate)} over TCP, ${shown(udpRate)} over UDP` };
}

/** Bytes a millisecond. */
function rateOf({ bytes, ms }: Sample): number {
  return bytes / Math.max(ms, 1);
}

function shown(bytesPerMs: number): string {
  return `${(bytesPerMs / 1000).toFixed(1)} MB/s`;
}

export interface MeasuredLinkDeps {
  readonly tcp: FetchLink;
  /** Rejects when UDP does not come up. */
  readonly udp: Promise<FetchLink>;
  readonly clock: Clock;
  readonly onChoice: (choice: Choice) => void;
}

/** Measures, chooses, and goes on over TCP should UDP break off. */
export function measuredLink({ tcp, udp, clock, onChoice }: MeasuredLinkDeps): FetchLink {
  const chooser = new Chooser(clock, onChoice);
  let udpLink: FetchLink | undefined;
  udp.then(
    (link) => {
      udpLink = link;
    },
    (error: unknown) => chooser.decide({ transport: "tcp", why: reasonOf(error) }),
  );
  const ask = async <A extends { readonly wire: WireBytes }>(call: (link: FetchLink) => Promise<A>): Promise<A> => {
    const other = udpLink;
    const way = other === undefined ? "tcp" : chooser.next();
    try {
      const answered = await call(way === "udp" && other !== undefined ? other : tcp);
      chooser.came(way, answered.wire.received);
      return answered;
    } catch (error) {
      if (way === "tcp" || !(error instanceof SyncError) || error.code !== "E_PEER_OFFLINE") throw error;
      chooser.decide({ transport: "tcp", why: "UDP broke off" });
      return await call(tcp);
    }
  };
  return {
    ...tcp,
    fetchChunks: (requests, signal, compression) => ask((link) => link.fetchChunks(requests, signal, compression)),
    fetchRegions: (request, signal, compression) => ask((link) => link.fetchRegions(request, signal, compression)),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Which way the next request takes. */
class Chooser {
  readonly #clock: Clock;
  readonly #onChoice: (choice: Choice) => void;
  readonly #meters = { tcp: new Meter(), udp: new Meter() };
  #choice: Choice | undefined;

  constructor(clock: Clock, onChoice: (choice: Choice) => void) {
    this.#clock = clock;
    this.#onChoice = onChoice;
  }

  /** Asked while both ways are there. */
  next(): WayName {
    const { tcp, udp } = this.#meters;
    if (this.#choice !== undefined) return this.#choice.transport;
    if (tcp.bytes < SAMPLE_BYTES) return "tcp";
    if (udp.bytes < SAMPLE_BYTES) return "udp";
    this.decide(chooseWay(tcp.sample, udp.sample));
    return this.next();
  }

  came(way: WayName, bytes: number): void {
    if (this.#choice === undefined) this.#meters[way].add(bytes, this.#clock.monotonic());
  }

  decide(choice: Choice): void {
    this.#choice = choice;
    this.#onChoice(choice);
  }
}

class Meter {
  #firstMs: number | undefined;
  #lastMs = 0;
  #firstBytes = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  get sample(): Sample {
    return { bytes: this.#bytes - this.#firstBytes, ms: this.#lastMs - (this.#firstMs ?? 0) };
  }

  add(bytes: number, nowMs: number): void {
    // What comes late, after the other way's turn has begun, would show this one slower than it is.
    if (this.#bytes >= SAMPLE_BYTES) return;
    if (this.#firstMs === undefined) {
      this.#firstMs = nowMs;
      this.#firstBytes = bytes;
    }
    this.#lastMs = nowMs;
    this.#bytes += bytes;
  }
}
