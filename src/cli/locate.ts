/** Finds the folder and the path below it that the command line names. */
import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Folder } from "../shared/api-folders.ts";
import { SyncError } from "../shared/errors.ts";
import { printable } from "../shared/printable.ts";
import { parseTarget, SELF } from "./remote-path.ts";
import type { Session } from "./session.ts";

export interface Place {
  /** An id, or a label as it was typed. */
  readonly folder: string;
  /** "" is the folder's root. */
  readonly path: string;
}

/** A place on this node, or on a paired device. */
export interface FarPlace {
  /** The device as a person named it; undefined: this node. */
  readonly peer: string | undefined;
  readonly place: Place;
}

/**
 * The place that `text` names: `PEER:FOLDER/PATH`, `self:FOLDER/PATH`, or a
 * local path in a folder of this node, whether or not it exists any more.
 */
export async function locateAnywhere(session: Session, text: string): Promise<FarPlace> {
  const target = parseTarget(text, session.io.platform);
  if (target.kind === "local" || target.peer === SELF) return { peer: undefined, place: await locate(session, text) };
  if (target.folder === "")
    throw new SyncError("E_USAGE", `"${printable(text)}" names no folder`, {
      hint: `write ${target.peer}:FOLDER/PATH; see \`syncline list ${target.peer}:\``,
    });
  return { peer: target.peer, place: { folder: target.folder, path: target.path } };
}

/**
 * The place that `text` names on this node: `self:FOLDER/PATH`, or a local
 * path in one of its folders, whether or not it exists any more.
 */
export async function locate(session: Session, text: string): Promise<Place> {
  const target = parseTarget(text, session.io.platform);
  if (target.kind === "local") return locateLocal(session, target.path);
  if (target.peer !== SELF) {
    throw new SyncError("E_USAGE", `"${printable(text)}" lies on another device`, {
      hint: `run this command there, or name a path of this node: ${SELF}:FOLDER/PATH`,
    });
  }
  if (target.folder === "")
    throw new SyncError("E_USAGE", `"${printable(text)}" names no folder`, {
      hint: `write ${SELF}:FOLDER/PATH; see \`syncline folder list\``,
    });
  return { folder: target.folder, path: target.path };
}

/** As {@link locate}; a bare word that is no local path in a folder is a folder's name. */
export async function locateFolderOrPath(session: Session, text: string): Promise<Place> {
  try {
    return await locate(session, text);
  } catch (error) {
    const isWord = error instanceof SyncError && error.code === "E_FOLDER_NOT_FOUND" && !/[/\\]/.test(text);
    if (!isWord) throw error;
    return { folder: text, path: "" };
  }
}

async function locateLocal(session: Session, path: string): Promise<Place> {
  const { folders } = await session.call("folderList", {});
  const absolute = resolve(session.io.cwd, path);
  for (const candidate of new Set([absolute, await realPathOf(absolute)])) {
    const place = await deepest(folders, candidate);
    if (place !== undefined) return place;
  }
  throw new SyncError("E_FOLDER_NOT_FOUND", `${printable(absolute)} lies in no folder of this node`, {
    hint: "see `syncline folder list`, or name it as self:FOLDER/PATH",
  });
}

/** Folders do not nest, but the longest match is right even if they did. */
async function deepest(folders: readonly Folder[], absolute: string): Promise<Place | undefined> {
  const sorted = folders.toSorted((a, b) => b.path.length - a.path.length);
  for (const folder of sorted) {
    for (const root of new Set([folder.path, await realPathOf(folder.path)])) {
      const inner = relative(root, absolute);
      if (inner === "") return { folder: folder.id, path: "" };
      const isInside = inner !== ".." && !inner.startsWith(`..${sep}`) && resolve(root, inner) === absolute;
      if (isInside) return { folder: folder.id, path: inner.split(sep).join("/") };
    }
  }
  return undefined;
}

/** Resolves the links of the directories on the way; the last part may be a link of its own, or gone. */
async function realPathOf(path: string): Promise<string> {
  const parent = dirname(path);
  if (parent === path) return path;
  try {
    return join(await realpath(parent), basename(path));
  } catch {
    return join(await realPathOf(parent), basename(path));
  }
}
