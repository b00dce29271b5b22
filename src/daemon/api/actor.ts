/**
 * Who asks, and what they may do: the one place where rights are decided.
 *
 * Pure. Facts come from this node's own configuration and index, never from
 * the request; what the requester says of itself is not among them.
 */
import type { DeviceId, ShortId } from "../../shared/ids.ts";
import { shortId } from "../../shared/ids.ts";

export interface Actor {
  /** The paired device that asks over its connection; null when it is this node. */
  readonly device: DeviceId | null;
  /** What people here call the device. */
  readonly deviceName: string;
  /** The account that is signed in; null when the device speaks for itself. */
  readonly user: string | null;
  readonly role: "admin" | "user";
  /** Somebody at the device who is none of its admins: what the device brought is not his to take away. */
  readonly isGuest?: boolean;
}

/** Whoever opens the control socket: local admin of this node. */
export function localAdmin(deviceName: string): Actor {
  return { device: null, deviceName, user: null, role: "admin" };
}

/** What an action does to a folder. */
export type Action =
  /** Shows names or contents. */
  | "read"
  /** Adds or replaces; what was there is kept. */
  | "write"
  /** Takes a path away from where its owner put it; it goes to the trash or elsewhere. */
  | "remove"
  /** Destroys what is kept. */
  | "purge";

/** What this node knows about an actor and what is acted upon. */
export interface ActionFacts {
  /** The rights of the actor's device on the folder; null when it is not shared with it. This node has "write" on its own. */
  readonly rights: "read" | "write" | null;
  /** Whether the path belongs to the actor; where many paths are meant, whether all do. */
  readonly isOwner: boolean;
}

/** Why not, in the order in which it is found out. */
export type Verdict = "yes" | "not-shared" | "read-only" | "not-owner" | "not-admin";

/**
 * Decides whether an actor may do something in a folder.
 *
 * Invariants:
 * 1. A folder that is not shared with the actor's device does not exist for it, whatever its role.
 * 2. Folder rights are the device's, the role is the user's; neither makes up for the other.
 * 3. The local admin may do everything.
 * 4. By command only the owner or an admin takes a path away, only an admin for good.
 */
export function mayDo(actor: Actor, action: Action, { rights, isOwner }: ActionFacts): Verdict {
  const isAdmin = actor.role === "admin";
  if (actor.device === null && isAdmin) return "yes";
  if (rights === null) return "not-shared";
  switch (action) {
    case "read":
      return "yes";
    case "write":
      return rights === "write" ? "yes" : "read-only";
    case "remove":
      if (rights !== "write") return "read-only";
      return isAdmin || isOwner ? "yes" : "not-owner";
    case "purge":
      if (rights !== "write") return "read-only";
      return isAdmin ? "yes" : "not-admin";
  }
}

/** The owner that a path gets when this actor first brings it: a device, or an account with the device that keeps it. */
export function ownerFor(actor: Actor, self: ShortId): string {
  if (actor.user !== null) return `${actor.user}@${self}`;
  return actor.device === null ? self : shortId(actor.device);
}

/** Whether an actor is the owner of a path: the account that is signed in, else the device that asks. */
export function isOwnedBy(owner: string, actor: Actor, self: ShortId): boolean {
  return actor.isGuest !== true && owner === ownerFor(actor, self);
}
