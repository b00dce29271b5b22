/**
 * Parsers for the values that messages are made of. Whatever a peer says passes
 * here once; what is wrong throws E_PROTOCOL and ends the peer's connection.
 */
import { SyncError } from "../../shared/errors.ts";
import type { PathProblem } from "../../shared/file-info.ts";
import { toHex } from "../../shared/hex.ts";
import { type ContentId, type FolderId, parseFolderId, parseRelPath, type RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";

const CONTENT_ID_BYTES = 32;

/** The failure for a message that breaks the protocol. */
export function broken(what: string, cause?: unknown): SyncError {
  return new SyncError("E_PROTOCOL", `the peer sent ${what}`, cause === undefined ? {} : { cause });
}

export function folderIdFrom(text: string): FolderId {
  try {
    return parseFolderId(text);
  } catch (cause) {
    throw broken("what is no folder id", cause);
  }
}

export function relPathFrom(text: string): RelPath {
  try {
    return parseRelPath(text);
  } catch (cause) {
    throw broken("a path that cannot be", cause);
  }
}

/** A sequence number, size or offset: exact in a double. */
export function countFrom(value: bigint, what: string, max: number = Number.MAX_SAFE_INTEGER): number {
  if (value < 0n || value > BigInt(max)) throw broken(`${what} ${value}, which is above ${max}`);
  return Number(value);
}

/** An index epoch; "" stands for none. */
export function epochFrom(text: string, options: { readonly mayBeEmpty: boolean }): string {
  if (text === "" && options.mayBeEmpty) return text;
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(text)) throw broken("what is no epoch");
  return text;
}

export function contentIdFrom(bytes: Uint8Array): ContentId {
  if (bytes.length !== CONTENT_ID_BYTES) throw broken(`a content id of ${bytes.length} bytes`);
  return toHex(bytes) as ContentId;
}

/** Text for people: cut to length, never trusted for anything. */
export function shownText(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : text.slice(0, charactersMax).toWellFormed();
}

export function codeFrom(text: string): string {
  if (!/^E_[A-Z0-9_]{1,60}$/.test(text)) throw broken("what is no problem code");
  return text;
}

interface WireProblem {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export function problemsFrom(problems: readonly WireProblem[]): readonly PathProblem[] {
  if (problems.length > LIMITS.ackProblems.value) throw broken(`${problems.length} problems at once`);
  return problems.map(({ path, code, message }) => ({
    path: shownText(path, LIMITS.pathBytes.value),
    code: codeFrom(code),
    message: shownText(message, MESSAGE_CHARACTERS_MAX),
  }));
}

/** What is told to a peer of one's problems: the first few, each of bounded length. */
export function problemsToSend(problems: readonly PathProblem[]): readonly PathProblem[] {
  return problems.slice(0, LIMITS.ackProblems.value).map(({ path, code, message }) => ({
    path: shownText(path, LIMITS.pathBytes.value),
    code,
    message: shownText(message, MESSAGE_CHARACTERS_MAX),
  }));
}

export const MESSAGE_CHARACTERS_MAX = 1000;
export const NAME_CHARACTERS_MAX = 100;
