/** The conflict commands. */
import type { Conflict } from "../../shared/api-conflicts.ts";
import { SyncError } from "../../shared/errors.ts";
import { type ConflictView, listConflicts, showConflict } from "../../sync/conflicts/list.ts";
import { resolveConflict } from "../../sync/conflicts/resolve.ts";
import { undoConflict } from "../../sync/conflicts/undo.ts";
import type { NodeService } from "../api/node-service.ts";
import { resolveFolder } from "../api/resolve-names.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import { PageOfPaths } from "../list/page-of-paths.ts";
import type { Node } from "../node.ts";

export type ConflictRoutes = Pick<NodeService, "conflictList" | "conflictShow" | "conflictResolve" | "conflictUndo">;

export function conflictRoutes(node: Node): ConflictRoutes {
  const { parts, folders } = node;
  return {
    conflictList: async ({ folder, all, ...request }) => {
      const asked =
        folder === undefined ? folders.all : [folders.get(resolveFolder(parts.context.config.get(), folder))];
      const page = new PageOfPaths(request);
      const conflicts = asked.flatMap((runtime) =>
        listConflicts(runtime.context, { all })
          .filter(({ path }) => page.place(path) === "here")
          .map((view) => document(node, runtime, view)),
      );
      return { conflicts, total: page.total };
    },
    conflictShow: async ({ id }) => {
      const runtime = ownerOf(node, id);
      return document(node, runtime, showConflict(runtime.context, id));
    },
    conflictResolve: async ({ id, keep }) => {
      const runtime = ownerOf(node, id);
      return document(node, runtime, await resolveConflict(runtime.context, id, keep));
    },
    conflictUndo: async ({ id }) => {
      const runtime = ownerOf(node, id);
      return document(node, runtime, await undoConflict(runtime.context, id));
    },
  };
}

/** The folder that a conflict belongs to: its number is unique on this node. */
function ownerOf(node: Node, id: number): FolderRuntime {
  const row = node.parts.index.read.conflict(id);
  const runtime = row === undefined ? undefined : node.folders.find(row.folder);
  if (runtime === undefined) throw new SyncError("E_CONFLICT_NOT_FOUND", `there is no conflict ${id} here`);
  return runtime;
}

function document(node: Node, runtime: FolderRuntime, view: ConflictView): Conflict {
  const { createdAtMs, copies, ...rest } = view;
  return {
    ...rest,
    folder: runtime.id,
    createdAt: new Date(createdAtMs).toISOString(),
    copies: copies.map(({ path, device, timeMs, size }) => ({
      path,
      device: node.peers.nameOfShort(device),
      mtime: new Date(timeMs).toISOString(),
      size,
    })),
  };
}
