/**
 * Compares what two devices read back of one path, and tells which of them
 * still holds what it recorded. Pure.
 *
 * Invariants:
 * 1. A side is trusted only while its disk is what its own index says.
 * 2. Where both are, they differ because one has not told the other yet:
 *    syncing settles it, nothing is broken.
 * 3. Where neither is, only a person knows.
 */

/** One side of a path, as it was read back. */
export type Side =
  | { readonly type: "file"; readonly hash: string; readonly isAsRecorded: boolean }
  | { readonly type: "symlink"; readonly target: string; readonly isAsRecorded: boolean }
  | { readonly type: "directory"; readonly isAsRecorded: boolean };

/** Which side is as it was recorded. */
export type Sound = "here" | "there" | "both" | "neither";

export type Difference =
  | { readonly type: "differs"; readonly sound: Sound }
  /** There and not here. */
  | { readonly type: "missing"; readonly sound: Sound }
  /** Here and not there. */
  | { readonly type: "extra"; readonly sound: Sound };

/** Undefined when both hold the same. Absent: nothing is there. */
export function compareSides(here: Side | undefined, there: Side | undefined): Difference | undefined {
  if (here === undefined || there === undefined) {
    if (here === there) return undefined;
    if (here === undefined) return { type: "missing", sound: there?.isAsRecorded === true ? "there" : "neither" };
    return { type: "extra", sound: here.isAsRecorded ? "here" : "neither" };
  }
  return isSame(here, there) ? undefined : { type: "differs", sound: soundOf(here, there) };
}

function isSame(here: Side, there: Side): boolean {
  switch (here.type) {
    case "file":
      return there.type === "file" && here.hash === there.hash;
    case "symlink":
      return there.type === "symlink" && here.target === there.target;
    case "directory":
      return there.type === "directory";
    default:
      return here satisfies never;
  }
}

function soundOf(here: Side, there: Side): Sound {
  if (here.isAsRecorded) return there.isAsRecorded ? "both" : "here";
  return there.isAsRecorded ? "there" : "neither";
}
