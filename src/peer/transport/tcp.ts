/** TLS over TCP: the transport that always works. */
import { connect as connectTcp, type Socket } from "node:net";
import type { SecureContext, TLSSocketOptions } from "node:tls";
import { formatHostPort, formatRemote } from "../../shared/host-port.ts";
import { clientTlsOptions } from "../tls.ts";
import { secureAccepted, secureDialled } from "./secure-stream.ts";
import type { DialOptions, SecureChannel, Transport, WireBytes } from "./transport.ts";

export const tcpTransport: Transport = { dial: dialTcp };

async function dialTcp({ identity, address, protocol, signal }: DialOptions): Promise<SecureChannel> {
  signal.throwIfAborted();
  const raw = connectTcp({ host: address.host, port: address.port, noDelay: true, autoSelectFamily: true });
  const stop = (): void => {
    raw.destroy(signal.reason instanceof Error ? signal.reason : new Error("the dial was given up"));
  };
  signal.addEventListener("abort", stop);
  try {
    await connected(raw);
    const facts = { transport: "tcp", wireBytes: () => wireBytesOf(raw) } as const;
    return await secureDialled(raw, clientTlsOptions(identity, protocol), {
      ...facts,
      isDialled: true,
      address: formatHostPort(address),
    });
  } catch (error) {
    raw.destroy();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

export interface AcceptOptions {
  readonly context: SecureContext;
  /** Of `serverTlsOptions`: what concerns a single socket. */
  readonly tls: TLSSocketOptions;
  readonly signal: AbortSignal;
}

/** Completes the handshake of an accepted socket. Rejects when it fails, or when the other end proved no key. */
export async function acceptTcp(raw: Socket, { context, tls, signal }: AcceptOptions): Promise<SecureChannel> {
  const stop = (): void => {
    raw.destroy(new Error("the handshake took too long"));
  };
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    return await secureAccepted(
      raw,
      { context, tls },
      { transport: "tcp", wireBytes: () => wireBytesOf(raw), isDialled: false, address: formatRemote(raw) },
    );
  } catch (error) {
    raw.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** The TLS socket counts plaintext; the socket below it counts what went over the wire. */
function wireBytesOf(raw: Socket): WireBytes {
  return { sent: raw.bytesWritten, received: raw.bytesRead };
}

function connected(raw: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    raw.once("connect", resolve);
    raw.once("error", reject);
    raw.once("close", () => reject(new Error("the connection was closed")));
  });
}
