/** Addresses to dial: `HOST:PORT` as people type it after `--at`, as peers announce it and as it is kept. */
import { isIP } from "node:net";
import { type HostPort, parseHostPort } from "../../shared/host-port.ts";

/** Where a device may be reached: an IP address or a DNS name in lower case, never a wildcard. Only a hint: who is there is proven by TLS. */
export type Address = HostPort;

const TEXT_LENGTH_MAX = 262;

/** Reads an address; without a port it gets `defaultPort`. Undefined for what is none. */
export function readAddress(text: string, defaultPort?: number): Address | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  // A bare IPv6 address is full of colons: without brackets it has no port.
  const parsed = parseHostPort(isIP(text.trim()) === 6 ? `[${text.trim()}]` : text, defaultPort);
  if (parsed === undefined || parsed.port === 0 || !isHost(parsed.host)) return undefined;
  return { host: parsed.host.toLowerCase(), port: parsed.port };
}

function isHost(host: string): boolean {
  if (host.includes(":")) return isIP(host) === 6;
  // What looks like a number but is no IPv4 address would be read as one by some resolvers.
  if (/^[\d.]+$/.test(host)) return isIP(host) === 4;
  return host !== "*" && !host.includes("..");
}
