/**
 * The private area of a folder, and the marker that proves the folder is there.
 *
 * An unmounted disk looks like an empty directory. Without the marker nothing
 * is scanned, and so nothing counts as deleted (promise P10; Syncthing #762).
 */
import { type ErrorCode, SyncError } from "../../shared/errors.ts";
import { type FolderId, parseFolderId } from "../../shared/ids.ts";
import { isFsError } from "./errno.ts";
import { type Filesystem, FsError, PRIVATE_DIRECTORY, type PrivatePath, privatePath, ROOT } from "./filesystem.ts";
import { readText } from "./read-text.ts";

export interface Marker {
  readonly format: 1;
  readonly folder: FolderId;
  /** Stands in the index, too: a difference tells of a clone or a restored backup. */
  readonly epoch: string;
}

export type MarkerCheck =
  | { readonly type: "ok"; readonly marker: Marker }
  /** The directory is there, the marker is not: an empty mount point, or another directory. */
  | { readonly type: "missing" }
  | { readonly type: "wrongFolder"; readonly marker: Marker }
  /** The disk did not give it: a network drive that is away, a broken disk. */
  | { readonly type: "unreadable"; readonly reason: string }
  /** There is a marker that is not understood, perhaps of a newer version. */
  | { readonly type: "broken"; readonly reason: string }
  /** The folder's path leads nowhere, or to another directory than the one that was opened. */
  | { readonly type: "rootMissing" };

const MARKER = privatePath("marker.json");
const AREA = PRIVATE_DIRECTORY as PrivatePath;

/** Makes whatever is missing of `.syncline/`, for its owner alone, and keeps it out of git. Throws E_NOT_A_DIRECTORY when something else has its name. */
export function makePrivateArea(fs: Filesystem): void {
  makePrivateDirectory(fs, AREA);
  makePrivateDirectory(fs, privatePath("stage"));
  makePrivateDirectory(fs, privatePath("store"));
  const ignore = privatePath(".gitignore");
  if (fs.stat(ignore) === undefined) writeDurably(fs, ignore, "*\n");
  fs.syncDirectory(AREA);
  fs.syncDirectory(ROOT);
}

/** Writes the marker, durably and in one step, over any there may be: the caller has read that one and decided. Makes the private area first. */
export function writeMarker(fs: Filesystem, marker: Marker): void {
  makePrivateArea(fs);
  writeDurably(fs, MARKER, `${JSON.stringify(marker)}\n`);
  fs.syncDirectory(AREA);
}

/** Reads the marker of a directory that may be anything. Never throws. */
export function readMarker(
  fs: Filesystem,
): Extract<MarkerCheck, { readonly type: "ok" | "missing" | "unreadable" | "broken" | "rootMissing" }> {
  try {
    if (fs.rootState() !== "same") return { type: "rootMissing" };
    return parseMarker(readText(fs, MARKER));
  } catch (thrown) {
    if (isFsError(thrown, "ENOENT", "ENOTDIR")) return { type: "missing" };
    if (thrown instanceof FsError) return { type: "unreadable", reason: thrown.message };
    throw thrown;
  }
}

/** The error that stops a folder for a marker that is not as it should be; undefined when it is. */
export function markerError(check: MarkerCheck, folder: string): SyncError | undefined {
  const error = (code: ErrorCode, message: string): SyncError => new SyncError(code, `folder ${folder}: ${message}`);
  switch (check.type) {
    case "ok":
      return undefined;
    case "missing":
      return error("E_MARKER_MISSING", "marker .syncline/marker.json is missing");
    case "wrongFolder":
      return error("E_MARKER_WRONG", `the marker there names folder ${check.marker.folder}`);
    case "unreadable":
      return error("E_ROOT_UNREADABLE", `marker .syncline/marker.json cannot be read: ${check.reason}`);
    case "broken":
      return error("E_MARKER_WRONG", `marker .syncline/marker.json is not understood: ${check.reason}`);
    case "rootMissing":
      return error("E_ROOT_UNREADABLE", "its directory is gone or has been replaced");
  }
}

function parseMarker(text: string): ReturnType<typeof readMarker> {
  try {
    const { format, folder, epoch } = JSON.parse(text) as Record<string, unknown> & {
      format: unknown;
      folder: unknown;
      epoch: unknown;
    };
    if (format !== 1)
      return { type: "broken", reason: `its format is ${String(format)}; this version of Syncline knows 1` };
    if (typeof folder !== "string" || typeof epoch !== "string")
      return { type: "broken", reason: "a field is missing" };
    return { type: "ok", marker: { format, folder: parseFolderId(folder), epoch } };
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof SyncError || thrown instanceof TypeError)
      return { type: "broken", reason: thrown.message };
    throw thrown;
  }
}

function makePrivateDirectory(fs: Filesystem, path: PrivatePath): void {
  try {
    fs.mkdir(path, 0o700);
  } catch (thrown) {
    if (!isFsError(thrown, "EEXIST")) throw thrown;
  }
  const found = fs.stat(path);
  if (found?.type !== "directory") {
    throw new SyncError("E_NOT_A_DIRECTORY", `${path} is not a directory`, {
      hint: `move ${path} away; that name belongs to Syncline`,
    });
  }
  if ((found.mode & 0o077) !== 0 && fs.capabilities.executableBit) fs.chmod(path, 0o700);
}

function writeDurably(fs: Filesystem, path: PrivatePath, text: string): void {
  const staged = privatePath("stage", `new-${path.slice(path.lastIndexOf("/") + 1).replace(".", "")}`);
  removeQuietly(fs, staged);
  const handle = fs.createStage(staged);
  try {
    handle.write(new TextEncoder().encode(text), 0);
    handle.sync();
  } finally {
    handle.close();
  }
  fs.rename(staged, path);
}

function removeQuietly(fs: Filesystem, path: PrivatePath): void {
  try {
    fs.unlink(path);
  } catch (thrown) {
    if (!isFsError(thrown, "ENOENT")) throw thrown;
  }
}
