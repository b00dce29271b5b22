import type { DiskStamp, Head } from "../../shared/file-info.ts";

const KEY_BITS = 48;

/**
 * The column `inode` of a local row: where a directory that is on the disk can
 * be found by its inode. The low 48 bits, so that it fits into a number; what
 * is found is compared whole.
 */
export function inodeKeyOf(winner: Head, stamp: DiskStamp | null): number | null {
  if (stamp === null || winner.deleted || winner.type !== "directory") return null;
  return inodeKey(stamp.ino);
}

export function inodeKey(ino: bigint): number {
  return Number(BigInt.asUintN(KEY_BITS, ino));
}
