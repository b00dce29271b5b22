/** Checks and prepares the directory that is to become a folder. */
import { existsSync, mkdirSync, readdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, sep } from "node:path";
import type { Config } from "../../shared/config-schema.ts";
import { SyncError } from "../../shared/errors.ts";
import type { FolderId } from "../../shared/ids.ts";
import type { Random } from "../../shared/ports.ts";
import { openDisk } from "../../sync/fs/disk.ts";
import { FsError } from "../../sync/fs/filesystem.ts";
import { readMarker, writeMarker } from "../../sync/fs/marker.ts";

export interface DirectoryRequest {
  readonly path: string;
  readonly config: Config;
  readonly homes: readonly string[];
  /** Allows `/` and the home directory. */
  readonly force: boolean;
}

/** Makes the directory when it is missing and gives its real path. Throws when it cannot be a folder of its own. */
export function prepareDirectory(request: DirectoryRequest): string {
  const path = makeDirectory(request.path);
  checkPlace(path, request);
  return path;
}

/** As {@link prepareDirectory}, without making anything: what is not there yet is only checked for where it would lie. */
export function checkDirectory(request: DirectoryRequest): void {
  if (existsSync(request.path) && !statSync(request.path).isDirectory())
    throw new SyncError("E_NOT_A_DIRECTORY", `${request.path} is not a directory`);
  checkPlace(realOrSame(request.path), request);
}

function checkPlace(path: string, request: DirectoryRequest): void {
  if (!request.force && (dirname(path) === path || path === realOrSame(homedir()))) {
    throw new SyncError("E_DIR_TOO_BROAD", `${path} is too broad to be a folder`);
  }
  for (const home of request.homes) {
    if (overlaps(path, realOrSame(home))) {
      throw new SyncError(
        "E_FOLDER_OVERLAP",
        `${path} is inside or around ${home}, where Syncline keeps its own files`,
      );
    }
  }
  for (const [id, folder] of Object.entries(request.config.folders)) {
    const other = realOrSame(folder.path);
    if (other !== path && overlaps(path, other))
      throw new SyncError("E_FOLDER_OVERLAP", `${path} is inside or around ${other}, which is the folder ${id}`);
  }
}

/** The folder that already has this directory. */
export function folderAt(config: Config, path: string): FolderId | undefined {
  const real = realOrSame(path);
  return (Object.entries(config.folders) as [FolderId, Config["folders"][FolderId]][]).find(
    ([, folder]) => realOrSame(folder.path) === real,
  )?.[0];
}

function makeDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    if (!statSync(path).isDirectory()) throw new SyncError("E_NOT_A_DIRECTORY", `${path} is not a directory`);
    return realpathSync(path);
  } catch (cause) {
    if (cause instanceof SyncError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "EEXIST" || code === "ENOTDIR")
      throw new SyncError("E_NOT_A_DIRECTORY", `${path} is not a directory`, { cause });
    if (code === "EACCES" || code === "EPERM" || code === "EROFS")
      throw new SyncError("E_PERMISSION", `${path} cannot be made or read`, { cause });
    throw new SyncError("E_DIR_NOT_FOUND", `${path}: ${(cause as Error).message}`, { cause });
  }
}

function realOrSame(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function overlaps(a: string, b: string): boolean {
  return a === b || a.startsWith(withSeparator(b)) || b.startsWith(withSeparator(a));
}

function withSeparator(path: string): string {
  return path.endsWith(sep) ? path : path + sep;
}

/** Whether a directory holds anything but what Syncline put there. */
export function isOccupied(path: string): boolean {
  try {
    return readdirSync(path).some((name) => name !== ".syncline");
  } catch {
    return false;
  }
}

/** Below the user's home, named after the label. */
export function defaultDirectory(label: string): string {
  const name = label.replaceAll(/[/\\\0]/g, "_");
  return join(homedir(), name === "." || name === ".." ? "folder" : name);
}

/**
 * Puts the marker of `folder` into a directory. A marker of the same folder is
 * left as it is; one of another folder is only overwritten by `repair`.
 */
export function markDirectory(path: string, folder: FolderId, options: { readonly isRepair: boolean }): void {
  const disk = openDisk(path);
  try {
    const found = readMarker(disk);
    if (found.type === "ok" && found.marker.folder === folder) return;
    if (found.type === "ok" && !options.isRepair) {
      throw new SyncError("E_MARKER_WRONG", `${path} has the marker of the folder ${found.marker.folder}`, {
        hint: `add it with --folder-id ${found.marker.folder}, or remove ${join(path, ".syncline")} if it is no longer used`,
      });
    }
    writeMarker(disk, { format: 1, folder, epoch: "" });
  } catch (cause) {
    if (!(cause instanceof FsError)) throw cause;
    throw new SyncError("E_PERMISSION", `${path} cannot be written to: ${cause.message}`, { cause });
  } finally {
    disk.close();
  }
}

/** The folder whose marker a directory holds. */
export function markedFolder(path: string): FolderId | undefined {
  const disk = openDisk(path);
  try {
    const found = readMarker(disk);
    return found.type === "ok" ? found.marker.folder : undefined;
  } finally {
    disk.close();
  }
}

const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** `shared-k3v9q`: a slug of the base name and five random characters. */
export function newFolderId(path: string, random: Random): FolderId {
  const slug = basename(path)
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 50);
  const tail = Array.from(random.bytes(5), (byte) => ID_ALPHABET.charAt(byte % 32)).join("");
  return `${slug === "" ? "folder" : slug}-${tail}` as FolderId;
}
