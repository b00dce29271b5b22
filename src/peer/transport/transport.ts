/**
 * The way to another device: an encrypted stream whose other end has proven
 * its key. TCP is one; whatever carries TLS can be another.
 */
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { HostPort } from "../../shared/host-port.ts";
import type { Identity } from "../identity.ts";
import type { PeerIdentity, Protocol } from "../tls.ts";

/** Bytes on the wire, encryption and all, as the raw socket counts them. */
export interface WireBytes {
  readonly sent: number;
  readonly received: number;
}

/** A finished handshake. Who is at the other end is proven; whether that device is welcome is not asked yet. */
export interface SecureChannel {
  readonly stream: Duplex;
  /** The TLS side of the stream, for channel binding. */
  readonly socket: TLSSocket;
  readonly peer: PeerIdentity;
  readonly transport: "tcp" | "udp";
  /** The other end, HOST:PORT. */
  readonly address: string;
  readonly isDialled: boolean;
  wireBytes(): WireBytes;
}

export interface DialOptions {
  readonly identity: Identity;
  readonly address: HostPort;
  readonly protocol: Protocol;
  readonly signal: AbortSignal;
}

export interface Transport {
  /** Connects and completes the handshake. Rejects with the socket's error, or with E_NOT_ALLOWED when the other end proved no key. */
  dial(options: DialOptions): Promise<SecureChannel>;
}
