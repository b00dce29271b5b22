/**
 * What is used of the package udx-native, which is optional and brings no
 * types: where it is absent, or does not load, there is no UDP.
 */
import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";

export interface UdxSocket extends EventEmitter {
  /** Throws when the port is taken. Without a host: all addresses of both families. */
  bind(port: number, host?: string): void;
  address(): { readonly host: string; readonly family: 4 | 6; readonly port: number } | null;
  setRecvBufferSize(bytes: number): void;
  setSendBufferSize(bytes: number): void;
  /** Closes once the last of its streams is gone. */
  close(): Promise<void>;
}

export interface UdxStream extends EventEmitter {
  readonly bytesTransmitted: number;
  readonly bytesReceived: number;
  connect(socket: UdxSocket, remoteId: number, port: number, host: string): void;
  /** False: wait for "drain". */
  write(bytes: Uint8Array): boolean;
  end(): void;
  pause(): void;
  resume(): void;
  destroy(error?: Error): void;
}

export interface Udx {
  createSocket(): UdxSocket;
  /** `firewall` is asked about packets before the stream is connected; true drops them. */
  createStream(
    id: number,
    options: { readonly firewall: (socket: UdxSocket, port: number, host: string) => boolean },
  ): UdxStream;
}

/** Undefined where the package is not there. */
export function loadUdx(): Udx | undefined {
  try {
    const load: NodeJS.Require = createRequire(import.meta.url);
    return new (load("udx-native") as new () => Udx)();
  } catch {
    return undefined;
  }
}
