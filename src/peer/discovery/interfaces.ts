/** The network interfaces that discovery works on. */
import type { NetworkInterfaceInfo } from "node:os";
import type { Ipv4Interface } from "./packet-gate.ts";

export type InterfaceTable = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const INTERFACES_MAX = 16;

/** Picks the first IPv4 address of each interface; loopback only when asked for, as a machine of its own needs no discovery. */
export function ipv4Interfaces(
  table: InterfaceTable,
  options: { readonly withLoopback: boolean },
): readonly Ipv4Interface[] {
  const picked = Object.entries(table).flatMap(([name, entries]): readonly Ipv4Interface[] => {
    const entry = entries?.find((info) => info.family === "IPv4" && (options.withLoopback || !info.internal));
    const prefix = Number(entry?.cidr?.split("/")[1]);
    return entry === undefined || !Number.isInteger(prefix) ? [] : [{ name, address: entry.address, prefix }];
  });
  return picked.slice(0, INTERFACES_MAX);
}

/** Tells interfaces apart over time: a new address on an old interface is another one. */
export function interfaceKey(link: Ipv4Interface): string {
  return `${link.name} ${link.address}/${link.prefix}`;
}
