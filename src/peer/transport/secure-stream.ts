/** Mutual TLS over any stream of bytes, and who is at the other end of it. */
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type SecureContext, TLSSocket, type TLSSocketOptions } from "node:tls";
import { peerIdentityOf } from "../tls.ts";
import type { SecureChannel, WireBytes } from "./transport.ts";

/** Bytes that may wait in a stream before it asks for a pause. */
const STREAM_BUFFER_BYTES = 1024 * 1024;

/** What is known of the stream below. */
export interface StreamFacts extends Pick<SecureChannel, "transport" | "address" | "isDialled"> {
  readonly wireBytes: () => WireBytes;
}

/** Completes the handshake as the end that dialled. Rejects when it fails, or when the other end proved no key. */
export async function secureDialled(
  raw: Duplex,
  options: ConnectionOptions,
  facts: StreamFacts,
): Promise<SecureChannel> {
  const socket = connect({ ...options, socket: raw, highWaterMark: STREAM_BUFFER_BYTES } as ConnectionOptions);
  await secured(socket, raw, "secureConnect");
  return channelOf(socket, facts);
}

/** The same as the end that was dialled. */
export async function secureAccepted(
  raw: Duplex,
  { context, tls }: { readonly context: SecureContext; readonly tls: TLSSocketOptions },
  facts: StreamFacts,
): Promise<SecureChannel> {
  // The types lack the option, which the stream below takes.
  const options: TLSSocketOptions & { readonly highWaterMark: number } = {
    ...tls,
    secureContext: context,
    isServer: true,
    highWaterMark: STREAM_BUFFER_BYTES,
  };
  // It takes any stream, as `tls.connect` does; its types say sockets only.
  const socket = new TLSSocket(raw as ConstructorParameters<typeof TLSSocket>[0], options);
  await secured(socket, raw, "secure");
  return channelOf(socket, facts);
}

function channelOf(socket: TLSSocket, facts: StreamFacts): SecureChannel {
  try {
    return { stream: socket, socket, peer: peerIdentityOf(socket), ...facts };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Waits for the end of the handshake. Errors that come later are the connection's; a listener stays so that none ends the process. */
function secured(socket: TLSSocket, raw: Duplex, event: "secure" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    for (const part of [socket, raw]) {
      part.on("error", reject);
      part.once("close", () => reject(new Error("the connection was closed during the handshake")));
    }
  });
}
