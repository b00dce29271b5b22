/**
 * The directories that hold a node's keys and settings: made, or found to be
 * the caller's alone. Whoever can write there is the node.
 */
import { createHash } from "node:crypto";
import { chmod, lstat, mkdir, readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { SyncError } from "../shared/errors.ts";
import type { HomePaths } from "../shared/home-paths.ts";

/** Longest socket path that every Unix takes. */
const SOCKET_BYTES_MAX = 100;
const PRIVATE = 0o700;

/**
 * Opens the home: makes what is missing with mode 0700, sets an empty
 * directory of the caller's own to 0700, and refuses everything else that is
 * not 0700 and the caller's own (E_HOME_UNSAFE). Called before anything else
 * touches it.
 */
export async function openHome(paths: HomePaths): Promise<void> {
  for (const directory of new Set([paths.configDir, paths.stateDir])) await openPrivateDirectory(directory);
  await mkdir(paths.logDir, { recursive: true, mode: PRIVATE });
}

async function openPrivateDirectory(directory: string): Promise<void> {
  await makeDirectory(directory);
  if (process.platform === "win32") return;
  // A link to the home is as good as where it leads: what counts is who can change the directory itself.
  const real = await realpath(directory);
  const found = await lstat(real);
  if (!found.isDirectory()) throw new SyncError("E_NOT_A_DIRECTORY", `${directory} is not a directory`);
  const uid = process.geteuid?.();
  if (found.uid !== uid) {
    throw new SyncError("E_HOME_UNSAFE", `${directory} belongs to user ${found.uid}, not to you (${uid})`, {
      hint: "use a directory of your own with --home, or run as its owner",
    });
  }
  const mode = found.mode & 0o777;
  if (mode === PRIVATE) return;
  if ((await entriesOf(real)).length === 0) {
    await chmod(real, PRIVATE);
    return;
  }
  throw new SyncError(
    "E_HOME_UNSAFE",
    `${directory} has mode ${mode.toString(8).padStart(4, "0")}: it must be 0700, yours alone`,
    {
      hint: `look what is in it, then run: chmod 700 ${quote(directory)}`,
    },
  );
}

/** An unreadable directory counts as not empty. */
async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch {
    return ["?"];
  }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(dirname(directory), { recursive: true });
    await mkdir(directory, { mode: PRIVATE });
    await chmod(directory, PRIVATE);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await isDirectory(directory))) return;
    if (code === "EEXIST" || code === "ENOTDIR") {
      throw new SyncError("E_NOT_A_DIRECTORY", `${directory} cannot be a home: a file is in the way`, { cause });
    }
    throw new SyncError("E_PERMISSION", `${directory} cannot be made: ${(cause as Error).message}`, { cause });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/**
 * Places for the control socket, best first: in the home, and in
 * `$XDG_RUNTIME_DIR` for when the home's path is too long for a socket or its
 * file system has none.
 */
export async function controlSockets(
  paths: HomePaths,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const name = createHash("sha256").update(paths.stateDir).digest("hex").slice(0, 16);
  if (process.platform === "win32") return [`\\\\.\\pipe\\syncline-${name}`];
  const places = Buffer.byteLength(paths.socket) <= SOCKET_BYTES_MAX ? [paths.socket] : [];
  const runtime = env["XDG_RUNTIME_DIR"];
  if (runtime?.startsWith("/") === true && (await isPrivate(runtime))) {
    const path = join(runtime, `syncline-${name}.sock`);
    if (Buffer.byteLength(path) <= SOCKET_BYTES_MAX) places.push(path);
  }
  if (places.length > 0) return places;
  throw new SyncError("E_START_FAILED", `${paths.socket} is too long for a socket (${SOCKET_BYTES_MAX} bytes)`, {
    hint: "choose a shorter --home, or set XDG_RUNTIME_DIR to a directory of yours with mode 0700",
  });
}

async function isPrivate(directory: string): Promise<boolean> {
  try {
    const found = await stat(directory);
    return found.isDirectory() && found.uid === process.geteuid?.() && (found.mode & 0o777) === PRIVATE;
  } catch {
    return false;
  }
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
