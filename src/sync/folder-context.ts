import { toHex } from "../shared/hex.ts";
import type { FolderId, ShortId } from "../shared/ids.ts";
import type { Clock, Hasher, Log, Random } from "../shared/ports.ts";
import type { FetchOptions } from "./fetch/fetch-context.ts";
import type { FolderDisk } from "./folder-disk.ts";
import type { FolderIndex } from "./index/index-port.ts";

export type FolderMode = "two-way" | "send-only" | "receive-only";

/** Something that happened to a path, for the event log. */
export interface FolderEvent {
  readonly type: "file.changed" | "file.deleted" | "conflict.created" | "folder.state" | "transfer.done";
  readonly path: string | null;
  readonly device: ShortId;
  /** The account whose command it was. */
  readonly user?: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What every part of one folder's engine works with. */
export interface FolderContext {
  readonly folder: FolderId;
  /** This device. */
  readonly self: ShortId;
  readonly index: FolderIndex;
  readonly disk: FolderDisk;
  readonly clock: Clock;
  readonly random: Random;
  readonly hasher: Hasher;
  readonly log: Log;
  /** How its files are fetched, as configured now; the defaults where it is not said. */
  readonly fetchOptions?: () => FetchOptions;
  /** Other folders of this node that every device shares that shares this one: what lies there is not asked for. */
  readonly siblings?: () => ReadonlySet<FolderId>;
  /** Devices that share a folder of this node. */
  readonly membersOf?: (folder: FolderId) => ReadonlySet<ShortId>;
  /** Records from which on two indexes are compared rather than sent; the limit's value unless a test wants fewer. */
  readonly recordsComparedMin?: number;
  readonly emit: (event: FolderEvent) => void;
}

/** A fresh name for something kept in the store: never derived from what a user named. */
export function newStoreName(random: Random): string {
  return toHex(random.bytes(16));
}
