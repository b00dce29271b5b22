/** The folder commands. */
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { ConfigDraft } from "../../shared/config-schema.ts";
import { SyncError } from "../../shared/errors.ts";
import { type FolderId, parseFolderId } from "../../shared/ids.ts";
import { revertOwnChanges } from "../../sync/versions/revert.ts";
import type { NodeService } from "../api/node-service.ts";
import { resolveFolder, resolvePeer } from "../api/resolve-names.ts";
import { isTaken } from "../folder-lock.ts";
import type { FolderRuntime } from "../folder-runtime.ts";
import type { Node } from "../node.ts";
import { folderAt, markDirectory, markedFolder, newFolderId, prepareDirectory } from "./folder-directory.ts";
import { folderDocument } from "./folder-view.ts";

export type FolderRoutes = Pick<
  NodeService,
  | "folderAdd"
  | "folderList"
  | "folderShow"
  | "folderShare"
  | "folderUnshare"
  | "folderMode"
  | "folderFetch"
  | "folderPause"
  | "folderResume"
  | "folderRescan"
  | "folderApprove"
  | "folderReject"
  | "folderRevert"
  | "folderOverride"
  | "folderRepair"
  | "folderRemove"
>;

export function folderRoutes(node: Node): FolderRoutes {
  const { parts, folders } = node;
  const config = parts.context.config;
  const find = (text: string): FolderRuntime => folders.get(resolveFolder(config.get(), text));
  const show = (id: FolderId): ReturnType<typeof folderDocument> => folderDocument(parts, folders.get(id));
  const change = async (
    text: string,
    edit: (folder: ConfigDraft["folders"][FolderId]) => void,
  ): Promise<{ id: FolderId; changed: boolean }> => {
    const id = resolveFolder(config.get(), text);
    const changed = await node.configure((draft) => edit(draft.folders[id] as ConfigDraft["folders"][FolderId]));
    return { id, changed };
  };
  const setPaused = async (text: string, paused: boolean): Promise<boolean> => {
    const { changed } = await change(text, (draft) => {
      draft.paused = paused;
    });
    return changed;
  };
  return {
    folderAdd: async (request) => {
      const { id, added } = await addFolder(node, request);
      return { folder: show(id), added };
    },
    folderList: async () => ({ folders: folders.all.map((runtime) => folderDocument(parts, runtime)) }),
    folderShow: async ({ folder }) => folderDocument(parts, find(folder)),
    folderShare: async ({ folder, peer, rights }) => {
      const device = resolvePeer(config.get(), peer);
      const { id } = await change(folder, (draft) => {
        draft.peers[device] = { rights };
      });
      return show(id);
    },
    folderUnshare: async ({ folder, peer }) => {
      const device = resolvePeer(config.get(), peer);
      const { id } = await change(folder, (draft) => {
        delete draft.peers[device];
      });
      return show(id);
    },
    folderMode: async ({ folder, mode }) => {
      const { id } = await change(folder, (draft) => {
        draft.mode = mode;
      });
      return show(id);
    },
    folderFetch: async ({ folder, delta, compression }) => {
      const { id } = await change(folder, (draft) => {
        if (delta !== undefined) draft.delta = delta;
        if (compression !== undefined) draft.compression = compression;
      });
      return show(id);
    },
    folderPause: async ({ folder }) => ({ changed: await setPaused(folder, true) }),
    folderResume: async ({ folder }) => ({ changed: await setPaused(folder, false) }),
    folderRescan: async ({ folder }, { signal }) => {
      const runtime = find(folder);
      const before = parts.index.read.folder(runtime.id)?.sequence ?? 0;
      runtime.folder.rescan();
      const flushed = await runtime.folder.flush(signal);
      if (flushed === undefined) throw stopped(runtime);
      return {
        folder: runtime.id,
        files: runtime.folder.status.files,
        changed: Math.max(0, flushed.sequence - before),
      };
    },
    folderApprove: async ({ folder }) => {
      const runtime = find(folder);
      return { folder: runtime.id, files: await runtime.folder.approve() };
    },
    folderReject: async ({ folder }) => {
      const runtime = find(folder);
      return { folder: runtime.id, files: await runtime.folder.reject() };
    },
    folderRevert: async ({ folder, dryRun }, { signal }) => {
      const runtime = find(folder);
      if (runtime.config.mode !== "receive-only") throw wrongMode(runtime, "receive-only", "revert");
      const { paths } = await revertOwnChanges(runtime.context, { paths: runtime.folder.ownChanges, dryRun, signal });
      if (!dryRun) runtime.folder.rescan();
      return { folder: runtime.id, files: paths.length, paths: [...paths] };
    },
    folderOverride: async ({ folder, dryRun }) => {
      const runtime = find(folder);
      if (runtime.config.mode !== "send-only") throw wrongMode(runtime, "send-only", "override");
      const paths = [...runtime.folder.differences()];
      if (!dryRun) await runtime.folder.override();
      return { folder: runtime.id, files: paths.length, paths };
    },
    folderRepair: async ({ folder }) => {
      const runtime = find(folder);
      prepareDirectory({ path: runtime.config.path, config: config.get(), homes: node.homes, force: true });
      markDirectory(runtime.config.path, runtime.id, { isRepair: true });
      await folders.restart(runtime.id);
      return show(runtime.id);
    },
    folderRemove: async ({ folder, purge }) => {
      const runtime = find(folder);
      await node.configure((draft) => {
        delete draft.folders[runtime.id];
      });
      await parts.index.write.forgetFolder(runtime.id);
      // Without its marker the directory may be added again, as the same folder or another.
      if (purge) rmSync(join(runtime.config.path, ".syncline"), { recursive: true, force: true });
      return { id: runtime.id, path: runtime.config.path, purged: purge };
    },
  };
}

interface AddFolderRequest {
  readonly path: string;
  readonly id?: string | undefined;
  readonly label?: string | undefined;
  readonly mode: "two-way" | "send-only" | "receive-only";
  readonly force: boolean;
}

/** Takes up a directory as a folder; one that is there already with the same directory is left as it is. */
async function addFolder(
  node: Node,
  request: AddFolderRequest,
): Promise<{ readonly id: FolderId; readonly added: boolean }> {
  const { parts } = node;
  const config = parts.context.config.get();
  const wanted = request.id === undefined ? undefined : parseFolderId(request.id);
  const existing = folderAt(config, request.path);
  if (existing !== undefined && (wanted === undefined || wanted === existing)) return { id: existing, added: false };
  if (existing !== undefined)
    throw new SyncError("E_FOLDER_OVERLAP", `${request.path} is the folder ${existing} already`);
  if (wanted !== undefined && config.folders[wanted] !== undefined) {
    throw new SyncError("E_FOLDER_EXISTS", `the folder ${wanted} is here already, at ${config.folders[wanted].path}`);
  }
  const path = prepareDirectory({ path: request.path, config, homes: node.homes, force: request.force });
  if (await isTaken(path)) throw new SyncError("E_FOLDER_IN_USE", `${path} is synced by another Syncline node`);
  const marked = markedFolder(path);
  const id =
    wanted ?? (marked !== undefined && config.folders[marked] === undefined ? marked : newFolderId(path, parts.random));
  markDirectory(path, id, { isRepair: false });
  await node.configure((draft) => {
    draft.folders[id] = {
      label: request.label ?? (basename(path) || id),
      path,
      mode: request.mode,
      paused: false,
      ignore: [],
      delta: "auto",
      compression: "auto",
      peers: {},
    };
  });
  return { id, added: true };
}

function stopped(runtime: FolderRuntime): SyncError {
  const { reason } = runtime.folder.status;
  if (runtime.config.paused) return new SyncError("E_PAUSED", `the folder ${runtime.id} is paused`);
  return new SyncError("E_ROOT_UNREADABLE", reason?.message ?? `the folder ${runtime.id} is halted`);
}

function wrongMode(runtime: FolderRuntime, mode: string, command: string): SyncError {
  return new SyncError(
    "E_USAGE",
    `the folder ${runtime.id} is ${runtime.config.mode}; ${command} is for ${mode} folders`,
    {
      hint: `see \`syncline folder mode ${runtime.id}\``,
    },
  );
}
