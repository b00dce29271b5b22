/** By which names and addresses this machine can be asked for. */
import { hostname, networkInterfaces } from "node:os";
import { formatHostPort, type HostPort } from "../../shared/host-port.ts";

/** Addresses of all interfaces, and the machine's name, also as mDNS has it. */
export function ownHosts(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((group) => (group ?? []).map(({ address }) => address));
  const name = hostname().toLowerCase();
  return [...addresses, name, ...(name.includes(".") ? [] : [`${name}.local`])];
}

export function isEveryAddress(host: string): boolean {
  return host === "*" || host === "0.0.0.0" || host === "::";
}

/** What a Host header may say to who listens at an address. Names that were made to point here are none of these. */
export function allowedHosts({ host, port }: HostPort, scheme: "http" | "https"): readonly string[] {
  const hosts = isEveryAddress(host)
    ? ["127.0.0.1", "localhost", ...ownHosts()]
    : [host.toLowerCase(), ...(scheme === "http" ? ["localhost"] : [])];
  const whole = hosts.map((one) => formatHostPort({ host: one, port }));
  // A browser leaves out the port that its scheme stands for.
  const standard = scheme === "http" ? 80 : 443;
  const short = port === standard ? whole.map((one) => one.slice(0, -`:${port}`.length)) : [];
  return [...new Set([...whole, ...short])];
}
