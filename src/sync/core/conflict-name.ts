/**
 * Names conflict copies.
 *
 * A copy's name is a function of the loser's record alone, so that every
 * device which makes the copy makes the same one, and the copies merge.
 */
import type { Head } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { baseName, isReserved, parentOf } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { byteLength, cutToBytes } from "../../shared/marked-name.ts";

const AUTHOR_CHARACTERS = 7;
const CONTENT_CHARACTERS = 8;
const EXTENSION_BYTES_MAX = 64;
/** The mark of a conflict copy, before its extension or at the end of the name. */
const MARK = /\.sync-conflict-\d{8}-\d{6}-[A-Z2-7]{7}(?:-[0-9a-f]{8})?(?=\.[^.]*$|$)/;
const NANOSECONDS = 1_000_000_000n;
const DAY_SECONDS = 86_400;
/** 9999-12-31T23:59:59Z: later times show as this one, so that the name keeps its form. */
const SECONDS_MAX = 253_402_300_799;

/**
 * The name for the copy of `loser`, a version of `path` that lost:
 * `name.sync-conflict-YYYYMMDD-HHMMSS-DEVICE.ext`.
 *
 * A copy that is in conflict itself gets a new mark in the place of the old
 * one, so names do not grow. The stem is cut at a character so that the whole
 * keeps to 255 bytes; a path without room for the mark moves up to the nearest
 * directory that has it.
 */
export function conflictName(path: RelPath, loser: Head): RelPath {
  return withMark(path, `.sync-conflict-${timeText(loser.mtimeNs)}-${loser.author.slice(0, AUTHOR_CHARACTERS)}`);
}

/**
 * The name to use where {@link conflictName} is taken by other content: two
 * losers of one author and second, or two long names cut to the same stem.
 */
export function distinctConflictName(path: RelPath, loser: Head): RelPath {
  const content = (loser.contentId ?? "0".repeat(CONTENT_CHARACTERS)).slice(0, CONTENT_CHARACTERS);
  return withMark(
    path,
    `.sync-conflict-${timeText(loser.mtimeNs)}-${loser.author.slice(0, AUTHOR_CHARACTERS)}-${content}`,
  );
}

/** Whether a path has the name of a conflict copy. */
export function isConflictName(path: RelPath): boolean {
  return MARK.test(baseName(path));
}

/** The path a conflict copy was made of, as far as its name still tells. */
export function originalOf(copy: RelPath): RelPath {
  const name = baseName(copy);
  return joined(parentOf(copy), name.replace(MARK, ""));
}

function withMark(path: RelPath, mark: string): RelPath {
  const { stem, extension } = splitName(baseName(path).replace(MARK, ""));
  const fixedBytes = byteLength(mark) + byteLength(extension);
  let parent = parentOf(path);
  while (parent !== undefined && roomIn(parent) <= fixedBytes) parent = parentOf(parent);
  const copy = joined(parent, cutToBytes(stem, roomIn(parent) - fixedBytes) + mark + extension);
  // `.synclineignore` would become a reserved name; without its dot it is an ordinary one.
  return isReserved(copy) ? joined(parent, baseName(copy).replace(/^\.+/, "_")) : copy;
}

/** The last extension counts; a leading dot does not begin one. */
function splitName(name: string): { readonly stem: string; readonly extension: string } {
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 ? name.slice(dot) : "";
  if (extension === "" || byteLength(extension) > EXTENSION_BYTES_MAX) return { stem: name, extension: "" };
  return { stem: name.slice(0, dot), extension };
}

/** Bytes that a name in `parent` may have. */
function roomIn(parent: RelPath | undefined): number {
  const before = parent === undefined ? 0 : byteLength(parent) + 1;
  return Math.min(LIMITS.nameBytes.value, LIMITS.pathBytes.value - before);
}

function joined(parent: RelPath | undefined, name: string): RelPath {
  return (parent === undefined ? name : `${parent}/${name}`) as RelPath;
}

/** `YYYYMMDD-HHMMSS` in UTC. Source of the calendar arithmetic: https://howardhinnant.github.io/date_algorithms.html#civil_from_days */
function timeText(mtimeNs: bigint): string {
  const seconds = Math.min(SECONDS_MAX, Math.max(0, Number(mtimeNs / NANOSECONDS)));
  const days = Math.floor(seconds / DAY_SECONDS) + 719_468;
  const era = Math.floor(days / 146_097);
  const dayOfEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const second = seconds % DAY_SECONDS;
  const time = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60].map(twoDigits).join("");
  return `${String(year).padStart(4, "0")}${twoDigits(month)}${twoDigits(day)}-${time}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
