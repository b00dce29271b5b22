/** The joining side of pairing in the net thread: finds the inviter and proves the code to it. */

import type { Candidate } from "../../peer/discovery/discovery.ts";
import type { Identity } from "../../peer/identity.ts";
import { bindingAtJoiner } from "../../peer/pairing/binding.ts";
import { parseCode } from "../../peer/pairing/code.ts";
import { noPairingError } from "../../peer/pairing/join-errors.ts";
import { candidatesOn, JoinTries } from "../../peer/pairing/join-tries.ts";
import { isLink, parseLink } from "../../peer/pairing/link.ts";
import type { InviteKind } from "../../peer/pairing/messages.ts";
import { runJoiner } from "../../peer/pairing/run-joiner.ts";
import { isProtocolRefused, PAIRING_PROTOCOL } from "../../peer/tls.ts";
import { tcpTransport } from "../../peer/transport/tcp.ts";
import type { SecureChannel } from "../../peer/transport/transport.ts";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort, type HostPort } from "../../shared/host-port.ts";
import type { DeviceId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock, Random } from "../../shared/ports.ts";
import type { JoinedDevice, JoinWish, MainCalls } from "./net-api.ts";

/** How long is looked for the inviter on the local network. */
const FIND_MS = 5000;
const LOOK_MS = 250;
/** After the first inviter was found, others on its channel have so long to show. */
const CROWD_MS = 500;

export interface JoinDeps {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly candidates: () => readonly Candidate[];
  /** Asks the network for devices now. */
  readonly refresh: () => void;
  readonly acceptOffer: MainCalls["acceptOffer"];
}

interface Secret {
  readonly kind: InviteKind;
  readonly channel: number;
  readonly password: Uint8Array;
  /** Of a link; a code binds to no device beforehand. */
  readonly device: DeviceId | undefined;
}

/** Joins by code or link. Rejects with what a person should be told. */
export async function join(deps: JoinDeps, wish: JoinWish, signal: AbortSignal): Promise<JoinedDevice> {
  if (isLink(wish.code)) {
    const link = parseLink(wish.code);
    const secret: Secret = { kind: "link", channel: link.channel, password: link.secret, device: link.device };
    const addresses = wish.at === null ? link.addresses : [wish.at, ...link.addresses];
    return await tryMachines(
      deps,
      secret,
      addresses.map((address) => [address]),
      signal,
    );
  }
  const code = parseCode(wish.code);
  const secret: Secret = {
    kind: "code",
    channel: code.channel,
    password: new TextEncoder().encode(code.secret),
    device: undefined,
  };
  if (wish.at !== null) return await tryMachines(deps, secret, [[wish.at]], signal);
  const found = await findInviters(deps, code.channel, signal);
  return await tryMachines(
    deps,
    secret,
    found.map(({ addresses }) => addresses),
    signal,
  );
}

async function findInviters(deps: JoinDeps, channel: number, signal: AbortSignal): Promise<readonly Candidate[]> {
  const startedAt = deps.clock.monotonic();
  let foundAt: number | undefined;
  deps.refresh();
  for (;;) {
    const found = candidatesOn(channel, deps.candidates());
    const now = deps.clock.monotonic();
    if (found.length > 0) foundAt ??= now;
    if (foundAt !== undefined && now - foundAt >= CROWD_MS) return found;
    if (foundAt === undefined && now - startedAt >= FIND_MS) {
      throw new SyncError("E_PEER_NOT_DISCOVERED", `no machine on this network invites on channel ${channel}`);
    }
    await deps.clock.sleep(LOOK_MS, signal);
  }
}

/** Tries each machine at its addresses until one is joined; then throws what the most telling one said. */
async function tryMachines(
  deps: JoinDeps,
  secret: Secret,
  machines: readonly (readonly HostPort[])[],
  signal: AbortSignal,
): Promise<JoinedDevice> {
  const tries = new JoinTries(secret.channel);
  const errors: unknown[] = [];
  for (const addresses of machines) {
    for (const address of addresses) {
      try {
        const joined = await tryAddress({ deps, secret, address, tries, signal });
        if (joined !== undefined) return joined;
        break;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        errors.push(error);
        if (isFinal(error)) throw error;
        // A machine that answered has answered; its other addresses would say the same.
        if (!isUnreachable(error)) break;
      }
    }
  }
  throw (
    errors.find((error) => !isUnreachable(error)) ??
    errors[0] ??
    new SyncError("E_PEER_OFFLINE", "the link names no address", {
      hint: "name one: syncline join LINK --at HOST:PORT",
    })
  );
}

/** Undefined when the code was tried on this machine already. */
async function tryAddress(wish: {
  readonly deps: JoinDeps;
  readonly secret: Secret;
  readonly address: HostPort;
  readonly tries: JoinTries;
  readonly signal: AbortSignal;
}): Promise<JoinedDevice | undefined> {
  const { deps, secret, tries, signal } = wish;
  const address = formatHostPort(wish.address);
  const channel = await dial(deps, wish.address, signal);
  const device = channel.peer.deviceId;
  try {
    if (secret.device !== undefined && device !== secret.device) {
      throw new SyncError("E_PEER_OFFLINE", `${address}: another device answers there than the link names`, {
        hint: "check the address, or make a new link",
      });
    }
    if (secret.device === undefined && !tries.admit(device)) return undefined;
    const { kind, password } = secret;
    const result = await runJoiner(channel.stream, {
      inputs: { kind, channel: secret.channel, password, binding: bindingAtJoiner(deps.identity, channel.socket) },
      random: deps.random,
      clock: deps.clock,
      signal,
      address,
      onOffer: (offer, words) => deps.acceptOffer({ device, address, offer, words }),
    });
    return { device, address, ...result };
  } finally {
    channel.stream.destroy();
  }
}

async function dial({ identity, clock }: JoinDeps, address: HostPort, signal: AbortSignal): Promise<SecureChannel> {
  const isDone = new AbortController();
  const deadline = new AbortController();
  clock.sleep(LIMITS.handshakeMs.value, isDone.signal).then(
    () => deadline.abort(new Error("no answer in time")),
    () => {},
  );
  try {
    return await tcpTransport.dial({
      identity,
      address,
      protocol: PAIRING_PROTOCOL,
      signal: AbortSignal.any([signal, deadline.signal]),
    });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    const where = formatHostPort(address);
    if (isProtocolRefused(cause)) throw noPairingError(where);
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new SyncError("E_PEER_OFFLINE", `${where} cannot be reached: ${message}`, {
      hint: "check the address; is Syncline running there, and the port open in its firewall?",
      cause,
    });
  } finally {
    isDone.abort();
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof SyncError && error.code === "E_PEER_OFFLINE";
}

/** Of these another machine would make nothing better: the offer was proven and turned down here, or the tries are used up. */
function isFinal(error: unknown): boolean {
  return (
    !(error instanceof SyncError) ||
    ![
      "E_PEER_OFFLINE",
      "E_CODE_WRONG",
      "E_CODE_EXPIRED",
      "E_CODE_USED",
      "E_PAIRING_CLOSED",
      "E_TIMEOUT",
      "E_PROTOCOL",
    ].includes(error.code)
  );
}
