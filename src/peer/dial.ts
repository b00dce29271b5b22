/**
 * Dials a device at all its known addresses, a little apart, and keeps the
 * first that proves the device's key.
 *
 * An address is a hint: whoever answers there with another key is left at
 * once, before anything was said, and the other addresses are still tried.
 */
import { SyncError } from "../shared/errors.ts";
import { formatHostPort, type HostPort } from "../shared/host-port.ts";
import type { DeviceId } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Clock } from "../shared/ports.ts";
import type { Identity } from "./identity.ts";
import { SYNC_PROTOCOL } from "./tls.ts";
import type { SecureChannel, Transport } from "./transport/transport.ts";

/** A next address is tried when the one before has not answered for so long. Source: RFC 8305 §5. */
const STAGGER_MS = 250;

export interface DialDeps {
  readonly identity: Identity;
  readonly transport: Transport;
  readonly clock: Clock;
}

/** What became of one address. */
export interface DialFailure {
  readonly address: string;
  readonly code: "E_PEER_OFFLINE" | "E_NOT_ALLOWED";
  readonly message: string;
}

export type DialOutcome =
  | { readonly type: "connected"; readonly channel: SecureChannel }
  | { readonly type: "failed"; readonly failures: readonly DialFailure[] };

/** Resolves when one address has proven the key or all have failed; `signal` ends all tries. Never rejects. */
export async function dialDevice(
  deps: DialDeps,
  device: DeviceId,
  addresses: readonly HostPort[],
  signal: AbortSignal,
): Promise<DialOutcome> {
  const failures: DialFailure[] = [];
  const decided = new AbortController();
  const stop = AbortSignal.any([signal, decided.signal]);
  const winner = Promise.withResolvers<SecureChannel | undefined>();
  let isWon = false;
  const tryOne = async (address: HostPort, position: number): Promise<void> => {
    try {
      if (position > 0) await deps.clock.sleep(STAGGER_MS * position, stop);
      const channel = await dialOne(deps, device, address, stop);
      if (isWon) channel.stream.destroy();
      isWon = true;
      winner.resolve(channel);
    } catch (error) {
      failures.push(failureAt(address, error));
    }
  };
  const all = Promise.all(addresses.map(tryOne)).then(() => winner.resolve(undefined));
  const channel = await winner.promise;
  decided.abort();
  await all;
  return channel === undefined ? { type: "failed", failures } : { type: "connected", channel };
}

/** Connects to one address and checks the pin. */
async function dialOne(
  { identity, transport, clock }: DialDeps,
  device: DeviceId,
  address: HostPort,
  signal: AbortSignal,
): Promise<SecureChannel> {
  const isDone = new AbortController();
  const deadline = new AbortController();
  clock.sleep(LIMITS.handshakeMs.value, isDone.signal).then(
    () => deadline.abort(new SyncError("E_TIMEOUT", "no answer in time")),
    () => {},
  );
  try {
    const channel = await transport.dial({
      identity,
      address,
      protocol: SYNC_PROTOCOL,
      signal: AbortSignal.any([signal, deadline.signal]),
    });
    if (channel.peer.deviceId === device) return channel;
    channel.stream.destroy();
    throw new SyncError("E_NOT_ALLOWED", `another device answers there: ${channel.peer.deviceId}`);
  } finally {
    isDone.abort();
  }
}

/** What a system calls it when it cannot connect, in words. */
const IN_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was cut",
  EHOSTUNREACH: "the network does not reach it",
  ENETUNREACH: "the network does not reach it",
  ENOTFOUND: "no machine has this name",
  ETIMEDOUT: "no answer in time",
};

function failureAt(address: HostPort, error: unknown): DialFailure {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const message = IN_WORDS[code ?? ""] ?? (error instanceof Error ? error.message : String(error));
  const isRefused = error instanceof SyncError && error.code === "E_NOT_ALLOWED";
  return { address: formatHostPort(address), code: isRefused ? "E_NOT_ALLOWED" : "E_PEER_OFFLINE", message };
}
