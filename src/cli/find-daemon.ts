/** Finds the running daemon, and makes sure that it is the caller's own. */
import { lstatSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { SyncError } from "../shared/errors.ts";
import type { HomePaths } from "../shared/home-paths.ts";
import { parseRunInfo, type RunInfo } from "../shared/run-info.ts";

/** What run.json says; undefined when no daemon has written one. */
export function readRunInfo(paths: HomePaths): RunInfo | undefined {
  try {
    return parseRunInfo(readFileSync(paths.runFile, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * The control socket of the home's daemon; undefined when none is running.
 *
 * What is sent there may hold a pairing code, and what comes back is believed.
 * So the home and the socket have to be the caller's alone: a socket that
 * another user planted is E_HOME_UNSAFE.
 */
export function findSocket(paths: HomePaths, uid: number | undefined): string | undefined {
  if (uid === undefined) return readRunInfo(paths)?.socket ?? undefined;
  const home = tryStat(paths.stateDir);
  if (home === undefined) return undefined;
  assertPrivate(paths.stateDir, home, uid);
  const socket = readRunInfo(paths)?.socket;
  if (socket === undefined || socket === null) return undefined;
  const found = tryStat(socket, lstatSync);
  if (found === undefined) return undefined;
  if (found.uid !== uid) throw unsafe(`the socket ${socket} belongs to user ${found.uid}, not to you (${uid})`, socket);
  if (!found.isSocket()) throw unsafe(`${socket} is not a socket`, socket);
  const directory = dirname(socket);
  if (directory !== paths.stateDir) assertPrivate(directory, statSync(directory), uid);
  return socket;
}

function assertPrivate(directory: string, found: Stats, uid: number): void {
  if (found.uid !== uid) {
    throw new SyncError("E_HOME_UNSAFE", `${directory} belongs to user ${found.uid}, not to you (${uid})`, {
      hint: "run this as its owner, or use a home of your own with --home",
    });
  }
  const mode = found.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new SyncError(
      "E_HOME_UNSAFE",
      `${directory} has mode ${mode.toString(8).padStart(4, "0")}: it must be 0700, yours alone`,
      {
        hint: `look what is in it, then run: chmod 700 ${directory}`,
      },
    );
  }
}

function unsafe(message: string, socket: string): SyncError {
  return new SyncError("E_HOME_UNSAFE", message, {
    hint: `look who put it there; when it is nothing of yours, remove ${socket} and run \`syncline up\``,
  });
}

function tryStat(path: string, read: (path: string) => Stats = statSync): Stats | undefined {
  try {
    return read(path);
  } catch {
    return undefined;
  }
}
