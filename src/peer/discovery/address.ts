/** Addresses to dial: `HOST:PORT` as people type it after `--at`, as peers announce it and as it is kept. */
import { isIP } from "node:net";
import { SyncError } from "../../shared/errors.ts";
import { type HostPort, parseHostPort } from "../../shared/host-port.ts";

/** Where a device may be reached: an IP address or a DNS name in lower case, never a wildcard. Only a hint: who is there is proven by TLS. */
export type Address = HostPort;

const TEXT_LENGTH_MAX = 262;

/** Parses an address from a person; without a port it gets `defaultPort`, or is refused when there is none. */
export function parseAddress(text: string, defaultPort?: number): Address {
  const address = readAddress(text, defaultPort);
  if (address !== undefined) return address;
  throw new SyncError("E_USAGE", `${JSON.stringify(text.slice(0, TEXT_LENGTH_MAX))} is not an address`, {
    hint: "write HOST:PORT, with an IPv6 address in brackets: [fe80::1]:4777",
  });
}

/** As {@link parseAddress}, for lists where one bad entry is skipped. */
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
