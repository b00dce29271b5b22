/** TLS over TCP: the transport that always works. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type SecureContext, TLSSocket, type TLSSocketOptions } from "node:tls";
import { formatHostPort, formatRemote } from "../../shared/host-port.ts";
import { clientTlsOptions, peerIdentityOf } from "../tls.ts";
import type { DialOptions, SecureChannel, Transport, WireBytes } from "./transport.ts";

/** Bytes that may wait in a stream before it asks for a pause. */
const STREAM_BUFFER_BYTES = 1024 * 1024;

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
    const options = { ...clientTlsOptions(identity, protocol), socket: raw, highWaterMark: STREAM_BUFFER_BYTES };
    const socket = connectTls(options);
    await secured(socket, raw, "secureConnect");
    return channelOf(socket, raw, { isDialled: true, address: formatHostPort(address) });
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
    // The types lack the option, which the stream below takes.
    const options: TLSSocketOptions & { readonly highWaterMark: number } = {
      ...tls,
      secureContext: context,
      isServer: true,
      highWaterMark: STREAM_BUFFER_BYTES,
    };
    const socket = new TLSSocket(raw, options);
    await secured(socket, raw, "secure");
    const address = formatRemote(raw);
    return channelOf(socket, raw, { isDialled: false, address });
  } catch (error) {
    raw.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function channelOf(
  socket: TLSSocket,
  raw: Socket,
  facts: { readonly isDialled: boolean; readonly address: string },
): SecureChannel {
  try {
    return {
      stream: socket,
      socket,
      peer: peerIdentityOf(socket),
      transport: "tcp",
      wireBytes: () => wireBytesOf(raw),
      ...facts,
    };
  } catch (error) {
    socket.destroy();
    throw error;
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

/** Waits for the end of the handshake. Errors that come later are the connection's; a listener stays so that none ends the process. */
function secured(socket: TLSSocket, raw: Socket, event: "secure" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    for (const part of [socket, raw]) {
      part.on("error", reject);
      part.once("close", () => reject(new Error("the connection was closed during the handshake")));
    }
  });
}
