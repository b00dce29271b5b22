/** Owners as records name them: a device's short id, or an account of a device as `name@DEVICE`. */
import type { ShortId } from "./ids.ts";

export function deviceOfOwner(owner: string): ShortId {
  return owner.slice(owner.lastIndexOf("@") + 1) as ShortId;
}

/** Null when it is a device. */
export function userOfOwner(owner: string): string | null {
  const at = owner.lastIndexOf("@");
  return at === -1 ? null : owner.slice(0, at);
}
