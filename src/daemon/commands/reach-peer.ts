/** Finds the connection to the device that a person names. */
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { PeerAsker } from "../api/peer-commands.ts";
import { resolvePeer } from "../api/resolve-names.ts";
import type { NetPeer } from "../net/net-peer.ts";
import type { Node } from "../node.ts";

type Reaching = Pick<Node, "parts" | "net" | "peers">;

/** A device that is being dialled may take so long to come up. */
const CONNECT_MS = 3000;
const LOOK_MS = 50;

export function peerAsker(node: Reaching): PeerAsker {
  const nameOf = (device: DeviceId): string => node.peers.nameOf(device);
  return {
    reach: (text) => reach(node, text),
    nameOf,
    sessionOf: (device, user) => node.parts.users.logins.get(device, user, nameOf(device)).token,
  };
}

async function reach(node: Reaching, text: string): Promise<NetPeer | undefined> {
  const config = node.parts.context.config.get();
  const { deviceId } = node.parts.identity;
  const isTaken = Object.values(config.peers).some(({ name }) => name === text);
  if (text === deviceId || (text === config.name && !isTaken)) return undefined;
  const device = resolvePeer(config, text);
  return node.peers.connectionOf(device) ?? (await dial(node, device));
}

async function dial(node: Reaching, device: DeviceId): Promise<NetPeer> {
  const { clock } = node.parts;
  const isPaused = node.peers.view(device)?.state === "paused";
  if (!isPaused) {
    await node.net.dialNow(device);
    for (const end = clock.monotonic() + CONNECT_MS; clock.monotonic() < end; ) {
      await clock.sleep(LOOK_MS);
      const peer = node.peers.connectionOf(device);
      if (peer !== undefined) return peer;
      if (node.peers.view(device)?.state !== "connecting") break;
    }
  }
  throw offline(node, device);
}

function offline(node: Reaching, device: DeviceId): SyncError {
  const name = node.peers.nameOf(device);
  const view = node.peers.view(device);
  if (view?.state === "paused")
    return new SyncError("E_PEER_OFFLINE", `${name} is paused here`, { hint: `syncline peer resume ${name}` });
  const why = view?.message ?? null;
  return new SyncError("E_PEER_OFFLINE", `${name} is not connected${why === null ? "" : `: ${why}`}`);
}
