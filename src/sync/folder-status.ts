/** How a folder stands, as others see it. */
import type { PathProblem } from "../shared/file-info.ts";
import type { ShortId } from "../shared/ids.ts";
import type { Held } from "./deletion-guard.ts";
import type { Transfer } from "./puller/fetcher.ts";

export type FolderStateName = "scanning" | "syncing" | "in-sync" | "paused" | "halted" | "error";

export interface FolderStatus {
  readonly state: FolderStateName;
  /** Why it is halted or in error. */
  readonly reason: PathProblem | undefined;
  readonly files: number;
  readonly directories: number;
  readonly bytes: number;
  readonly needFiles: number;
  readonly needBytes: number;
  readonly problems: readonly PathProblem[];
  readonly problemsTotal: number;
  readonly held: Held | undefined;
  readonly transfers: readonly Transfer[];
}

/** Where one peer stands with this folder. */
export interface PeerProgress {
  readonly device: ShortId;
  readonly isActive: boolean;
  readonly closed: { readonly code: string; readonly message: string } | undefined;
  /** Our sequence up to which it has applied everything. */
  readonly applied: number;
  /** It has applied everything we have. */
  readonly hasOurs: boolean;
  /** We have applied everything it told us of. */
  readonly haveTheirs: boolean;
  readonly problems: readonly PathProblem[];
}
