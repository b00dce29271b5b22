/** Connections over UDP for transfers: how both ends come to open the same one. */
import type { RouteInput, RouteRequest } from "../../shared/api.ts";
import { SyncError } from "../../shared/errors.ts";
import { parseHostPort } from "../../shared/host-port.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { Clock, Random } from "../../shared/ports.ts";
import type { NetClient } from "../net/net-client.ts";
import type { NetPeer } from "../net/net-peer.ts";

/** A packet that is dropped once comes again within a second, the handshake takes several. */
const OPEN_MS = 8000;
/** What is wrong on this machine shows at once; the answer to the peer waits so long for it. */
const FAULT_MS = 50;

export interface UdpLinksDeps {
  readonly net: NetClient;
  readonly clock: Clock;
  readonly random: Random;
  /** Asks a peer to open its end. */
  readonly ask: (peer: NetPeer, input: RouteInput<"udpOpen">, signal: AbortSignal) => Promise<unknown>;
}

export interface UdpLink {
  /** By which the other end finds it. */
  readonly stream: number;
  readonly peer: NetPeer;
}

export class UdpLinks {
  readonly #deps: UdpLinksDeps;
  /** Those that peers asked for, by device and number. */
  readonly #taken = new Map<string, Promise<NetPeer>>();

  constructor(deps: UdpLinksDeps) {
    this.#deps = deps;
  }

  /** Opens a connection over UDP beside the one that stands. Rejects with E_NO_TRANSPORT, or with the signal's reason. */
  async open(beside: NetPeer, name: string, signal: AbortSignal): Promise<UdpLink> {
    const { net, ask } = this.#deps;
    const [local, remote] = [this.#number(), this.#number()];
    const ids = { local, remote };
    const timeout = AbortSignal.timeout(OPEN_MS);
    const until = AbortSignal.any([signal, timeout]);
    const theirs = { local: remote, remote: local };
    try {
      // Whoever waits for the first packet has to be there before it is sent.
      if (beside.facts.isDialled) {
        await ask(beside, theirs, until);
        return { stream: remote, peer: await net.openUdp(beside, ids, until) };
      }
      const opening = net.openUdp(beside, ids, until);
      opening.catch(() => {});
      await ask(beside, theirs, until);
      return { stream: remote, peer: await opening };
    } catch (error) {
      signal.throwIfAborted();
      throw explained(error, { beside, name, isTimeout: timeout.aborted, listening: net.listening.port });
    }
  }

  /** Opens this end for a peer that asked; it is used once the peer names it. */
  async accept(device: DeviceId, { local, remote }: RouteRequest<"udpOpen">): Promise<void> {
    const { net, clock } = this.#deps;
    const beside = net.peerOf(device);
    if (beside === undefined) throw new SyncError("E_PEER_OFFLINE", "the connection was lost");
    const key = `${device} ${local}`;
    const opening = net.openUdp(beside, { local, remote }, AbortSignal.timeout(OPEN_MS));
    this.#taken.set(key, opening);
    const forget = (): void => void this.#taken.delete(key);
    opening.then((peer) => peer.over.addEventListener("abort", forget, { once: true }), forget);
    await Promise.race([opening, clock.sleep(FAULT_MS)]);
  }

  /** The connection that a peer opened under this number. */
  async find(device: DeviceId, stream: number): Promise<NetPeer> {
    const opening = this.#taken.get(`${device} ${stream}`);
    if (opening === undefined)
      throw new SyncError("E_NO_TRANSPORT", "there is no connection over UDP with this number");
    return await opening;
  }

  close({ peer }: UdpLink): void {
    this.#deps.net.closeUdp(peer);
  }

  #number(): number {
    const [number = 0] = new Uint32Array(this.#deps.random.bytes(4).slice().buffer);
    return number === 0 ? 1 : number;
  }
}

/** Why UDP is not there, with what to do about it. */
function explained(
  cause: unknown,
  facts: {
    readonly beside: NetPeer;
    readonly name: string;
    readonly isTimeout: boolean;
    readonly listening: number;
  },
): SyncError {
  const { beside, name, isTimeout, listening } = facts;
  if (cause instanceof SyncError && cause.code === "E_NO_TRANSPORT") return cause;
  const { address, isDialled } = beside.facts;
  const port = isDialled ? (parseHostPort(address)?.port ?? listening) : listening;
  const why = isTimeout ? `no answer in ${OPEN_MS / 1000} s` : cause instanceof Error ? cause.message : String(cause);
  return new SyncError("E_NO_TRANSPORT", `UDP does not get through to ${name}: ${why}`, {
    cause,
    hint: `let UDP port ${port} through the firewall ${isDialled ? "there" : "here"}, or leave --transport out`,
  });
}
