/** A place on the network, as people write it: `desk.local:4777`, `*:4777`, `[fe80::1]:4777`. */
export interface HostPort {
  /** `*` is every address of this machine. An IPv6 address is without brackets. */
  readonly host: string;
  readonly port: number;
}

const HOST = /^(?:\*|[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}))$/;
const IPV6 = /^[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9_.-]{1,32})?$/;

/** Reads HOST:PORT; without a port `defaultPort` is taken, when given. Undefined when it is neither. */
export function parseHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port === undefined || port > 65_535) return undefined;
  if (bracketed !== undefined)
    return IPV6.test(bracketed) && bracketed.includes(":") ? { host: bracketed, port } : undefined;
  return plain !== undefined && HOST.test(plain) ? { host: plain, port } : undefined;
}

/** Writes what {@link parseHostPort} reads. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Writes where a socket's other end is; an IPv4 address that came in through an IPv6 socket as what it is. */
export function formatRemote(socket: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string {
  const host = (socket.remoteAddress ?? "?").replace(/^::ffff:(?=\d+\.)/, "");
  return formatHostPort({ host, port: socket.remotePort ?? 0 });
}

/** Whether only this machine reaches the host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
