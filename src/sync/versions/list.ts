import { SyncError } from "../../shared/errors.ts";
import type { Head } from "../../shared/file-info.ts";
import type { RelPath, ShortId } from "../../shared/ids.ts";
import { winnerOf } from "../core/heads.ts";
import type { FolderContext } from "../folder-context.ts";
import type { VersionRow } from "../index/index-port.ts";
import { liveHead } from "./known.ts";

/** One version of a path, the current one included. */
export interface PathVersion {
  /** 1 is the oldest; a kept version's number stays, and never comes again. */
  readonly version: number;
  /** When its content was written, as its author says. */
  readonly timeMs: number;
  readonly size: number;
  /** Who wrote it. */
  readonly device: ShortId;
  /** What took it from its path; of the current one: whether it was edited here or came by syncing. */
  readonly origin: string;
  /** `sha256:…` where it was computed before. */
  readonly hash: string | null;
  readonly head: Head;
  readonly isCurrent: boolean;
  /** Whether its bytes are here. */
  readonly isKept: boolean;
  /** Name in the store; null when its bytes lie elsewhere or nowhere here. */
  readonly storedAs: string | null;
}

const NS_PER_MS = 1_000_000n;
/** 9999-12-31: beyond it a time has no four-digit year. */
const TIME_MS_MAX = 253_402_300_799_999;

/** Lists a path's versions, oldest first. Throws E_PATH_NOT_FOUND for a path nobody ever heard of. */
export function listVersions(context: FolderContext, path: RelPath): readonly PathVersion[] {
  const { index, folder, self } = context;
  const rows = index.read.versions(folder, path);
  const row = index.read.local(folder, path);
  if (rows.length === 0 && row === undefined)
    throw new SyncError("E_PATH_NOT_FOUND", `there is nothing at ${path} in folder ${folder}, and never was`);
  const kept = rows.map(toVersion);
  const live = liveHead(row);
  if (live === undefined || live.type === "directory") return kept;
  const current: PathVersion = {
    version: (rows.at(-1)?.version ?? 0) + 1,
    timeMs: timeOf(live),
    size: live.size,
    device: live.author,
    origin: live.author === self ? "edit" : "sync",
    hash: null,
    head: live,
    isCurrent: true,
    isKept: row?.stamp != null,
    storedAs: null,
  };
  return [...kept, current];
}

/** One version of a path by its number. Throws E_VERSION_NOT_FOUND. */
export function versionOf(context: FolderContext, path: RelPath, version: number): PathVersion {
  const found = listVersions(context, path).find((candidate) => candidate.version === version);
  if (found !== undefined) return found;
  throw new SyncError("E_VERSION_NOT_FOUND", `${path} has no version ${version}`);
}

/** Whoever asked may be on another device. */
export function notKept(path: string, version: number): SyncError {
  return new SyncError(
    "E_VERSION_NOT_FOUND",
    `version ${version} of ${path} is not kept on the device that was asked`,
    {
      hint: "another device may have it: ask that one, or restore it under another name",
    },
  );
}

/** The time a version's content was written, within what a date can say. */
export function timeOf(head: Head): number {
  return Math.max(0, Math.min(Number(head.mtimeNs / NS_PER_MS), TIME_MS_MAX));
}

/** What the version of `path` was that a deletion ended, as the history tells; undefined when it is live or unknown. */
export function lastBeforeDeletion(context: FolderContext, path: RelPath): Head | undefined {
  const { index, folder } = context;
  const row = index.read.local(folder, path);
  const tombstone = row === undefined ? undefined : winnerOf(row.heads);
  if (tombstone?.deleted !== true) return undefined;
  const [before] = index.read.historyAt(folder, path, timeOf(tombstone) - 1, "", 1);
  return before?.path === path && !before.head.deleted ? before.head : undefined;
}

function toVersion(row: VersionRow): PathVersion {
  return {
    version: row.version,
    timeMs: timeOf(row.head),
    size: row.head.size,
    device: row.head.author,
    origin: ORIGINS[row.origin] ?? row.origin,
    hash: null,
    head: row.head,
    isCurrent: false,
    isKept: row.storedAs !== null,
    storedAs: row.storedAs,
  };
}

/** How the interface calls what took a version from its path. */
const ORIGINS: Readonly<Record<string, string>> = { replaced: "sync", deleted: "delete" };
