/**
 * What of this node's news somebody may see. Pure.
 *
 * A plain user sees what happens to files, folders and connections; what
 * concerns trust, accounts and other people's notices is for admins. Types are
 * named here one by one, so that a new one is for admins until somebody has
 * thought about it.
 */
import type { NodeEvent } from "../../shared/api-node.ts";
import type { ShortId } from "../../shared/ids.ts";
import { type Actor, ownerFor } from "./actor.ts";

const FOR_ALL: ReadonlySet<string> = new Set([
  "file.changed",
  "file.deleted",
  "file.uploaded",
  "file.downloaded",
  "conflict.created",
  "conflict.resolved",
  "folder.state",
  "peer.connected",
  "peer.lost",
  "transfer.done",
]);

/** Whether an actor may see an event. Of notices each user sees his own. */
export function maySeeEvent(actor: Actor, event: Pick<NodeEvent, "type" | "data">, self: ShortId): boolean {
  if (actor.role === "admin") return true;
  if (event.type === "notice.created") return event.data["owner"] === ownerFor(actor, self);
  return FOR_ALL.has(event.type);
}

/** The owners whose notices are an actor's own to look at: this device's are those of its admins. */
export function noticeOwners(actor: Actor, self: ShortId): readonly string[] {
  const own = ownerFor(actor, self);
  return actor.role === "admin" && own !== self ? [self, own] : [own];
}
