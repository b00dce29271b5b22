/**
 * TLS over a reliable stream over UDP (udx-native, an optional package).
 *
 * Nobody is answered here who was not announced: two devices that are
 * connected over TCP agree on the numbers of two streams first. Packets for
 * another number, or from another machine, are dropped without a word. Who it
 * is at the other end is proven by the same handshake as over TCP.
 */
import { isIP } from "node:net";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort, type HostPort } from "../../shared/host-port.ts";
import type { WireBytes } from "./transport.ts";
import { UdpStream } from "./udp-stream.ts";
import { loadUdx, type Udx, type UdxSocket, type UdxStream } from "./udx.ts";

/** What fits into a socket while the thread does something else: a packet that finds no room is sent again. */
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/** Numbers of the two ends of one stream, each made by chance. */
export interface StreamIds {
  readonly local: number;
  readonly remote: number;
}

export interface RawUdp {
  readonly stream: UdpStream;
  /** The other end, HOST:PORT. */
  readonly address: string;
  readonly wireBytes: () => WireBytes;
}

export class UdpEndpoint implements AsyncDisposable {
  readonly #udx: Udx;
  /** By their numbers: the package would take one twice. */
  readonly #streams = new Map<number, UdxStream>();
  #socket: UdxSocket | undefined;
  /** For addresses of a family that `#socket` cannot reach. */
  #spare: UdxSocket | undefined;

  private constructor(udx: Udx) {
    this.#udx = udx;
  }

  /** Undefined where the package is not installed, or does not load. */
  static load(): UdpEndpoint | undefined {
    const udx = loadUdx();
    return udx === undefined ? undefined : new UdpEndpoint(udx);
  }

  /** Takes packets at this address from now on; streams that stand stay where they are. Throws when the port is taken. */
  bind({ host, port }: HostPort): void {
    const socket = this.#udx.createSocket();
    if (host === "*") socket.bind(port);
    else socket.bind(port, host);
    enlarge(socket);
    void this.#socket?.close();
    this.#socket = socket;
  }

  /** Sends to a stream that the other end expects. */
  dial({ local, remote }: StreamIds, { host, port }: HostPort): RawUdp {
    const socket = this.#socketFor(host);
    const below = this.#open(local, () => true);
    try {
      below.connect(socket, remote, port, host);
    } catch (error) {
      below.destroy();
      throw error;
    }
    return rawOf(below, formatHostPort({ host, port }));
  }

  /** Expects a stream from this machine; the first packet tells the port. */
  async expect({ local, remote }: StreamIds, host: string, signal: AbortSignal): Promise<RawUdp> {
    const { promise, resolve, reject } = Promise.withResolvers<RawUdp>();
    const below = this.#open(local, (socket, fromPort, fromHost) => {
      if (plainHost(fromHost) !== plainHost(host)) return true;
      // Packets are about to be taken, and the stream has to know its way back by then.
      below.connect(socket, remote, fromPort, fromHost);
      resolve(rawOf(below, formatHostPort({ host: plainHost(fromHost), port: fromPort })));
      return false;
    });
    const stop = (): void => {
      below.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      signal.throwIfAborted();
      return await promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Ends every stream and lets go of the port. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams.values()) stream.destroy();
    await Promise.all([this.#socket?.close(), this.#spare?.close()]);
  }

  #open(id: number, firewall: (socket: UdxSocket, port: number, host: string) => boolean): UdxStream {
    if (this.#streams.has(id)) throw new SyncError("E_PROTOCOL", "a stream over UDP with this number exists");
    const stream = this.#udx.createStream(id, { firewall });
    this.#streams.set(id, stream);
    stream.on("error", () => {});
    stream.on("close", () => this.#streams.delete(id));
    return stream;
  }

  /** The bound socket where it can reach the host: so packets come from the port that others know. */
  #socketFor(host: string): UdxSocket {
    const bound = this.#socket?.address();
    const isReachable = bound?.host === "::" || bound?.family === isIP(host);
    if (this.#socket !== undefined && isReachable) return this.#socket;
    if (this.#spare === undefined) {
      this.#spare = this.#udx.createSocket();
      this.#spare.bind(0);
      enlarge(this.#spare);
    }
    return this.#spare;
  }
}

function enlarge(socket: UdxSocket): void {
  try {
    socket.setRecvBufferSize(SOCKET_BUFFER_BYTES);
    socket.setSendBufferSize(SOCKET_BUFFER_BYTES);
  } catch {
    // The system allows less; it works with what there is.
  }
}

function rawOf(below: UdxStream, address: string): RawUdp {
  return {
    stream: new UdpStream(below),
    address,
    wireBytes: () => ({ sent: below.bytesTransmitted, received: below.bytesReceived }),
  };
}

function plainHost(host: string): string {
  return host.replace(/^::ffff:/, "");
}
