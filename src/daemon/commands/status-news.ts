/** What of a node's status is worth telling whoever follows it. */
import type { Status } from "../../shared/api-node.ts";

/** Less traffic is no news: connections that idle talk, too. */
const TOLD_BYTES = 64 * 1024;

/** The same text for two statuses between which nothing happened: left out is what moves by itself. */
export function newsOf({ process: _process, traffic, peers, ...telling }: Status): string {
  const moved = Math.floor((traffic.wireBytesSent + traffic.wireBytesReceived) / TOLD_BYTES);
  // Who is connected was seen just now, whenever that is asked.
  const known = peers.map((peer) => (peer.state === "connected" ? { ...peer, lastSeen: null } : peer));
  return JSON.stringify({ ...telling, peers: known, moved });
}
