/** What stands in a DNS-SD record of Syncline, written and read. Everything read comes from strangers. */
import { BlockList, isIP } from "node:net";
import { CHANNELS } from "../pairing/code.ts";
import type { Address } from "./address.ts";
import type { Announcement, Candidate } from "./discovery.ts";
import { parseSaltedId, type SaltedId } from "./salted-id.ts";

/** A service as bonjour-service hands it over: any field may be missing or of any kind. */
export interface FoundService {
  readonly name?: unknown;
  readonly port?: unknown;
  readonly txt?: unknown;
  readonly addresses?: unknown;
  /** Where the packet came from. */
  readonly referer?: unknown;
}

export type TxtRecord = Readonly<Record<"v" | "i" | "s", string>> & { readonly c?: string };

export const SERVICE_TYPE = "syncline";
const RECORD_VERSION = "1";
const ADDRESSES_MAX = 4;

/** Networks that a machine near us can be in; an announced address elsewhere would make us dial strangers on the internet. */
const NEARBY = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
] as const) {
  NEARBY.addSubnet(network, prefix, "ipv4");
}
NEARBY.addSubnet("fc00::", 7, "ipv6");

/** The TXT record: version, salted id and its salt and, only while there is a live invite, the invite's channel. */
export function txtOf(id: SaltedId, announcement: Announcement): TxtRecord {
  const record = { v: RECORD_VERSION, i: id.hash, s: id.salt };
  return announcement.channels.length === 0 ? record : { ...record, c: announcement.channels.join("") };
}

/** Reads a found service; undefined when it is none of ours or of another form. */
export function readService(service: FoundService): Candidate | undefined {
  const txt = isRecord(service.txt) ? service.txt : {};
  const id = parseSaltedId(txt["s"], txt["i"]);
  const channels = readChannels(txt["c"]);
  const { port } = service;
  if (txt["v"] !== RECORD_VERSION || id === undefined || channels === undefined) return undefined;
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  const addresses = hostsOf(service).map((host): Address => ({ host, port }));
  return addresses.length === 0 ? undefined : { id, channels, addresses };
}

/** The packet's own source first: it is right whenever nothing relays between networks. */
function hostsOf(service: FoundService): readonly string[] {
  const source = isRecord(service.referer) ? service.referer["address"] : undefined;
  const announced = Array.isArray(service.addresses) ? service.addresses.slice(0, 4 * ADDRESSES_MAX) : [];
  const hosts = [source, ...announced.filter(isNearby)].filter((host) => typeof host === "string" && isIP(host) !== 0);
  return [...new Set(hosts as string[])].slice(0, ADDRESSES_MAX);
}

function isNearby(host: unknown): boolean {
  if (typeof host !== "string") return false;
  const family = isIP(host);
  return family !== 0 && NEARBY.check(host, family === 4 ? "ipv4" : "ipv6");
}

function readChannels(text: unknown): readonly number[] | undefined {
  if (text === undefined) return [];
  if (typeof text !== "string" || text.length > CHANNELS || !/^\d+$/.test(text)) return undefined;
  return [...new Set(text)].map(Number).sort((a, b) => a - b);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
