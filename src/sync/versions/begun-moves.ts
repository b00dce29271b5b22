/** Moves into other folders that have begun, and not come to their end: noted in the folder that they leave. */
import { baseName, type FolderId, type RelPath } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import type { MoveRequest } from "./movable.ts";

export interface BegunMove {
  readonly path: RelPath;
  readonly folder: FolderId;
  readonly to: RelPath;
}

const NOTE = "moves";
/** The oldest give way: what they had not come to stays where it is anyway. */
const MOVES_MAX = 100;

export function begunMoves({ index, folder }: FolderContext): readonly BegunMove[] {
  return JSON.parse(index.read.note(folder, NOTE) ?? "[]") as BegunMove[];
}

/** Where the same command was bringing the same path when it broke off. */
export function begunMove(
  { from, to }: { readonly from: FolderContext; readonly to: FolderContext },
  request: Pick<MoveRequest, "path" | "to">,
): RelPath | undefined {
  const inside = request.to === "" ? baseName(request.path) : `${request.to}/${baseName(request.path)}`;
  return begunMoves(from).find(
    (begun) => begun.path === request.path && begun.folder === to.folder && [request.to, inside].includes(begun.to),
  )?.to;
}

/** Notes where a path is going; undefined: it has come there. */
export async function noteMove(
  { from, to }: { readonly from: FolderContext; readonly to: FolderContext },
  path: RelPath,
  target: RelPath | undefined,
): Promise<void> {
  const others = begunMoves(from).filter((begun) => begun.path !== path);
  const all = target === undefined ? others : [...others, { path, folder: to.folder, to: target }];
  await from.index.write.setNote(from.folder, NOTE, all.length === 0 ? null : JSON.stringify(all.slice(-MOVES_MAX)));
}
