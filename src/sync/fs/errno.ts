/**
 * Errno numbers and names, and the one way from a thrown value to {@link FsError}.
 *
 * Node has no name for some codes (EDQUOT, ESTALE, EUCLEAN …) and spells those
 * differently in different calls, so names are made here, from the number.
 */
import { constants } from "node:os";
import { FsError } from "./filesystem.ts";

const NUMBERS: Readonly<Record<string, number>> = {
  ...constants.errno,
  // Linux only, and missing from Node's table.
  EUCLEAN: 117,
  ENOMEDIUM: 123,
};

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(NUMBERS)
    .reverse()
    .map(([name, number]) => [number, name] as const),
);

/** The positive number of a code such as "ENOENT". */
export function errnoOf(code: string): number {
  const number = NUMBERS[code];
  if (number === undefined) throw new Error(`bug: unknown errno name ${code}`);
  return number;
}

/** A failure with a known code, as an implementation of the port throws it. */
export function fsError(code: string, path: string, call: string, cause?: unknown): FsError {
  return new FsError(code, errnoOf(code), path, call, cause);
}

/** A failure known by its positive number only, as the kernel gives it. */
export function fsErrorFromNumber(errno: number, path: string, call: string): FsError {
  return new FsError(nameOf(errno), errno, path, call);
}

/**
 * Turns whatever a call threw into an {@link FsError}.
 *
 * An argument that Node refuses by itself (a NUL in a link's target) is EINVAL;
 * anything without an errno is a bug and is thrown on as it is.
 */
export function toFsError(thrown: unknown, path: string, call: string): FsError {
  if (thrown instanceof FsError) return thrown;
  if (thrown instanceof Error && "errno" in thrown && typeof thrown.errno === "number") {
    const errno = Math.abs(thrown.errno);
    return new FsError(nameOf(errno), errno, path, call, thrown);
  }
  if (thrown instanceof Error && "code" in thrown && String(thrown.code).startsWith("ERR_INVALID_ARG")) {
    return fsError("EINVAL", path, call, thrown);
  }
  throw thrown;
}

/** Whether `thrown` is a failed file system call with one of these codes. */
export function isFsError(thrown: unknown, ...codes: readonly string[]): thrown is FsError {
  return thrown instanceof FsError && codes.some((code) => thrown.errno === errnoOf(code));
}

function nameOf(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}
