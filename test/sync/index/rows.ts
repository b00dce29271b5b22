/** Builds the rows that index tests write. */
import type { DiskStamp, Head } from "../../../src/shared/file-info.ts";
import type { ContentId, FolderId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import type { LocalChange } from "../../../src/sync/index/index-port.ts";

export const FOLDER: FolderId = "photos" as FolderId;
export const OTHER: FolderId = "papers" as FolderId;
export const A: ShortId = "AAAAAAAAAAAA" as ShortId;
export const B: ShortId = "BBBBBBBBBBBB" as ShortId;
export const C: ShortId = "CCCCCCCCCCCC" as ShortId;
export const EPOCH = "epoch-1";

export function path(text: string): RelPath {
  return text as RelPath;
}

/** A content id that starts with a text's hash-like digits. */
export function contentId(text: string): ContentId {
  return Buffer.from(text.padEnd(32, "\0")).toString("hex").slice(0, 64) as ContentId;
}

export type Counters = Readonly<Partial<Record<"A" | "B" | "C", number>>>;

/** A live file of 10 bytes, written by the device with the last counter given. */
export function file(counters: Counters, content = "one", more: Partial<Head> = {}): Head {
  const version = (["A", "B", "C"] as const).flatMap((name) =>
    counters[name] === undefined ? [] : [[{ A, B, C }[name], counters[name]] as const],
  );
  return {
    version,
    author: version.at(-1)?.[0] ?? A,
    type: "file",
    deleted: false,
    size: 10,
    mtimeNs: 1_700_000_000_000_000_000n,
    mode: 0o644,
    contentId: contentId(content),
    target: "",
    previous: null,
    owner: A,
    ...more,
  };
}

export function directory(counters: Counters): Head {
  return file(counters, "", { type: "directory", size: 0, mtimeNs: 0n, mode: 0o755, contentId: null });
}

export function tombstone(counters: Counters, deletedAtMs = 1_700_000_000_000): Head {
  return file(counters, "", { deleted: true, contentId: null, mtimeNs: BigInt(deletedAtMs) * 1_000_000n });
}

export function stamp(ino = 7n): DiskStamp {
  return {
    dev: 2049n,
    ino,
    size: 10,
    mtimeNs: 1_700_000_000_000_000_000n,
    ctimeNs: 1_700_000_001_000_000_000n,
    mode: 0o100644,
  };
}

/** A change that is on the disk and announced; a tombstone has no stamp. */
export function change(at: string, heads: Head | readonly Head[], more: Partial<LocalChange> = {}): LocalChange {
  const all = Array.isArray(heads) ? (heads as readonly Head[]) : [heads as Head];
  return { path: path(at), heads: all, stamp: all[0]?.deleted ? null : stamp(), announce: true, ...more };
}

/** An announced record of a peer. */
export function announced(
  sequence: number,
  at: string,
  heads: Head | readonly Head[],
  chunkList: Uint8Array | null = null,
) {
  const all = Array.isArray(heads) ? (heads as readonly Head[]) : [heads as Head];
  return { sequence, info: { path: path(at), heads: all }, chunkList };
}
