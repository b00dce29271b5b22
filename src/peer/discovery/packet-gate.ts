/**
 * Which mDNS packets are looked at, decided before any of them is parsed.
 *
 * The library below parses whatever arrives, in time quadratic in the number
 * of records, and answers every question. The gate bounds size, number of
 * records and rate, and drops what was not sent from the interface's own
 * network: mDNS is link-local, and answering others was a known way to make
 * responders talk to the internet (Avahi issue 203).
 */
import { BlockList } from "node:net";

/** An IPv4 interface. */
export interface Ipv4Interface {
  readonly name: string;
  readonly address: string;
  readonly prefix: number;
}

const HEADER_BYTES = 12;
const PACKET_BYTES_MAX = 4096;
const RECORDS_MAX = 48;
const SOURCES_MAX = 256;
const SOURCE_IDLE_MS = 10_000;

/** Packets per second, and how many may come at once. */
const RATES = {
  query: { perSecond: 20, burst: 40 },
  response: { perSecond: 100, burst: 200 },
  perSource: { perSecond: 20, burst: 60 },
} as const;

export class PacketGate {
  readonly #network = new BlockList();
  readonly #queries: TokenBucket;
  readonly #responses: TokenBucket;
  readonly #sources = new Map<string, TokenBucket>();

  constructor(link: Ipv4Interface, now: number) {
    this.#network.addSubnet(link.address, link.prefix, "ipv4");
    this.#queries = new TokenBucket(RATES.query, now);
    this.#responses = new TokenBucket(RATES.response, now);
  }

  /** Whether a packet from `source` is to be parsed; counts it. */
  admits(packet: Uint8Array, source: string, now: number): boolean {
    if (!hasSaneHeader(packet) || !this.#network.check(source, "ipv4")) return false;
    const bySource = this.#bucketOf(source, now);
    if (bySource === undefined || !bySource.take(now)) return false;
    return (isResponse(packet) ? this.#responses : this.#queries).take(now);
  }

  #bucketOf(source: string, now: number): TokenBucket | undefined {
    const known = this.#sources.get(source);
    if (known !== undefined) return known;
    if (this.#sources.size >= SOURCES_MAX) this.#forgetIdle(now);
    if (this.#sources.size >= SOURCES_MAX) return undefined;
    const bucket = new TokenBucket(RATES.perSource, now);
    this.#sources.set(source, bucket);
    return bucket;
  }

  #forgetIdle(now: number): void {
    for (const [source, bucket] of this.#sources) {
      if (now - bucket.usedAt >= SOURCE_IDLE_MS) this.#sources.delete(source);
    }
  }
}

class TokenBucket {
  readonly #rate: { readonly perSecond: number; readonly burst: number };
  #tokens: number;
  #usedAt: number;

  constructor(rate: { readonly perSecond: number; readonly burst: number }, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#usedAt = now;
  }

  get usedAt(): number {
    return this.#usedAt;
  }

  take(now: number): boolean {
    const refill = (Math.max(0, now - this.#usedAt) / 1000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + refill);
    this.#usedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** The four counts of a DNS header are questions, answers, authorities and additionals. */
function hasSaneHeader(packet: Uint8Array): boolean {
  if (packet.length < HEADER_BYTES || packet.length > PACKET_BYTES_MAX) return false;
  const view = new DataView(packet.buffer, packet.byteOffset, HEADER_BYTES);
  const records = [4, 6, 8, 10].reduce((sum, offset) => sum + view.getUint16(offset), 0);
  return records <= RECORDS_MAX;
}

function isResponse(packet: Uint8Array): boolean {
  return ((packet[2] ?? 0) & 0x80) !== 0;
}
