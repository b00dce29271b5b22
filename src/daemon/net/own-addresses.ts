/** Where this device can be dialled, as far as it can tell by itself. */
import { networkInterfaces } from "node:os";
import { formatHostPort, type HostPort } from "../../shared/host-port.ts";
import { LIMITS } from "../../shared/limits.ts";

/** The addresses to tell trusted peers. Loopback only where nothing else is listened on. */
export function ownAddresses(
  listening: HostPort,
  table: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): readonly HostPort[] {
  const { host, port } = listening;
  if (host !== "*" && host !== "0.0.0.0" && host !== "::") return [listening];
  const all = Object.values(table).flatMap((entries) => entries ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"));
  const ipv4First = outside.toSorted((a, b) => Number(a.family === "IPv6") - Number(b.family === "IPv6"));
  const usable = host === "0.0.0.0" ? ipv4First.filter(({ family }) => family === "IPv4") : ipv4First;
  return usable.slice(0, LIMITS.addressesPerPeer.value).map(({ address }) => ({ host: address, port }));
}

/** Changes whenever the machine's addresses do: Node tells nobody, so it is compared from time to time. */
export function networkFingerprint(table: ReturnType<typeof networkInterfaces> = networkInterfaces()): string {
  return Object.entries(table)
    .flatMap(([name, entries]) => (entries ?? []).map(({ address, netmask }) => `${name} ${address} ${netmask}`))
    .sort()
    .join("\n");
}

/** As people and peers write them. */
export function addressTexts(addresses: readonly HostPort[]): readonly string[] {
  return addresses.map(formatHostPort);
}
