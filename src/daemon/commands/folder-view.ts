/** Folders as the node's interface shows them. */
import type { Folder as FolderDocument, FolderStatus as FolderStatusDocument } from "../../shared/api-folders.ts";
import type { Problem } from "../../shared/api-pieces.ts";
import { ERRORS, type ErrorCode } from "../../shared/errors.ts";
import type { PathProblem } from "../../shared/file-info.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { NodeParts } from "../node-parts.ts";

export function folderStatus(runtime: FolderRuntime): FolderStatusDocument {
  const { config, folder, id } = runtime;
  const status = folder.status;
  return {
    id,
    label: config.label,
    path: config.path,
    mode: config.mode,
    state: status.state,
    files: status.files,
    bytes: status.bytes,
    needFiles: status.needFiles,
    needBytes: status.needBytes,
    conflicts: runtime.openConflicts.count,
    problems: status.problems.map(problemDocument),
    problemsTotal: status.problemsTotal,
    heldDeletes: status.held === undefined ? 0 : status.held.here + status.held.received,
    peers: Object.keys(config.peers),
  };
}

export function folderDocument(parts: NodeParts, runtime: FolderRuntime): FolderDocument {
  const { config } = runtime;
  const peers = parts.context.config.get().peers;
  return {
    ...folderStatus(runtime),
    paused: config.paused,
    delta: config.delta,
    compression: config.compression,
    ignore: [...config.ignore],
    shares: Object.entries(config.peers).map(([id, { rights }]) => ({
      id,
      name: peers[id as DeviceId]?.name ?? id,
      rights,
    })),
  };
}

/** A problem with its next step. */
export function problemDocument(problem: PathProblem): Problem {
  return { path: problem.path, code: problem.code, message: problem.message, fix: fixFor(problem.code) };
}

export function fixFor(code: string): string {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].hint : "see `syncline logs`";
}
