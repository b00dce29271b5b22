/**
 * Decides which paths of a folder do not sync.
 *
 * gitignore semantics over three lists, the later one deciding: what is built
 * in, `.synclineignore`, and this device's own patterns. An ignored path is
 * neither needed nor announced nor deleted.
 */
import type { RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Glob } from "./glob.ts";
import { compileGlob, matchesName, matchesPath } from "./glob.ts";

/** The file that holds a folder's patterns. It always syncs. */
export const IGNORE_FILE: RelPath = ".synclineignore" as RelPath;

/** Ignored in every folder, unless a `!pattern` takes it back. */
const BUILT_IN_PATTERNS: readonly string[] = [
  ".DS_Store",
  "._*",
  "[Tt]humbs.db",
  "[Dd]esktop.ini",
  "$RECYCLE.BIN/",
  ".Trash-*/",
  ".fseventsd/",
  ".Spotlight-V100/",
  ".nfs*",
  ".fuse_hidden*",
  ".~lock.*#",
  "~$*",
  ".*.sw[op]",
  // What a download puts together beside its target.
  ".syncline-*.part",
];

const DIRECTORIES_REMEMBERED = 8192;

export interface IgnoreSource {
  /** Text of `.synclineignore`; "" when there is none. */
  readonly folderText: string;
  /** What `folder ignore` added on this device. */
  readonly devicePatterns: readonly string[];
}

/** A pattern that does nothing, and why. */
export interface PatternFault {
  readonly pattern: string;
  readonly reason: string;
}

interface Rule {
  readonly glob: Glob;
  readonly isNegated: boolean;
  readonly onlyDirectories: boolean;
}

/** Compiles patterns. Never throws: what cannot be used is listed in `faults`. */
export function compileIgnore(source: IgnoreSource): IgnoreRules {
  const rules: Rule[] = [];
  const faults: PatternFault[] = [];
  const lines = [...BUILT_IN_PATTERNS, ...linesOf(source.folderText), ...source.devicePatterns];
  for (const line of lines) {
    const parsed = parsePattern(line);
    if (parsed === undefined) continue;
    if (rules.length + faults.length === LIMITS.ignorePatterns.value) {
      faults.push({
        pattern: shown(line),
        reason: `and what follows it: there are ${LIMITS.ignorePatterns.value} before it`,
      });
      break;
    }
    if (typeof parsed === "string") faults.push({ pattern: shown(line), reason: parsed });
    else rules.push(parsed);
  }
  return new IgnoreRules(rules, faults);
}

/** Compiled patterns, with a bounded memory of what was decided for directories. */
export class IgnoreRules {
  /** Patterns that do nothing, in order. */
  readonly faults: readonly PatternFault[];
  readonly #rules: readonly Rule[];
  /** Whether a directory, or one around it, is ignored. */
  readonly #directories = new Map<string, boolean>();

  constructor(rules: readonly Rule[], faults: readonly PatternFault[]) {
    // The last match decides, so they are tried from the end.
    this.#rules = rules.toReversed();
    this.faults = faults;
  }

  /**
   * Whether a path does not sync. What lies in an ignored directory is ignored,
   * and no `!pattern` takes it back: the directory is never entered.
   */
  isIgnored(path: RelPath, isDirectory: boolean): boolean {
    return this.#isInIgnored(parentPath(path)) || this.isIgnoredChild(path, isDirectory);
  }

  /** The same for callers that know that the directory around `path` is not ignored. */
  isIgnoredChild(path: string, isDirectory: boolean): boolean {
    if (path === IGNORE_FILE) return false;
    const name = path.slice(path.lastIndexOf("/") + 1);
    let parts: readonly string[] | undefined;
    for (const { glob, isNegated, onlyDirectories } of this.#rules) {
      if (onlyDirectories && !isDirectory) continue;
      if (glob.isBaseNameOnly) {
        if (matchesName(glob, name)) return !isNegated;
      } else {
        parts ??= path.split("/");
        if (matchesPath(glob, parts)) return !isNegated;
      }
    }
    return false;
  }

  /** Whether a directory or one around it is ignored. Begins at the nearest one that is remembered, so that deep trees cost no more. */
  #isInIgnored(directory: string): boolean {
    const unknown: string[] = [];
    let isIgnored: boolean | undefined;
    for (let path = directory; path !== "" && isIgnored === undefined; path = parentPath(path)) {
      isIgnored = this.#directories.get(path);
      if (isIgnored === undefined) unknown.push(path);
    }
    isIgnored ??= false;
    for (const path of unknown.toReversed()) {
      isIgnored ||= this.isIgnoredChild(path, true);
      if (this.#directories.size >= DIRECTORIES_REMEMBERED) this.#directories.clear();
      this.#directories.set(path, isIgnored);
    }
    return isIgnored;
  }
}

function parentPath(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function shown(pattern: string): string {
  return pattern.length > 80 ? `${pattern.slice(0, 80)}…` : pattern;
}

function linesOf(text: string): readonly string[] {
  return text.replace(/^\uFEFF/, "").split(/\r?\n/);
}

/** A rule, why a line is none, or undefined for a line that says nothing. */
function parsePattern(line: string): Rule | string | undefined {
  if (line.startsWith("#")) return undefined;
  let pattern = trimEnd(line);
  if (pattern === "") return undefined;
  if (pattern.length > LIMITS.ignorePatternChars.value)
    return `is longer than ${LIMITS.ignorePatternChars.value} characters`;
  const isNegated = pattern.startsWith("!");
  if (isNegated) pattern = pattern.slice(1);
  const onlyDirectories = pattern.endsWith("/");
  if (onlyDirectories) pattern = pattern.slice(0, -1);
  const glob = compileGlob(pattern);
  return glob === undefined ? "can match nothing" : { glob, isNegated, onlyDirectories };
}

/** Drops trailing spaces, but not one that a backslash keeps. */
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " ") end--;
  const backslashes = line.slice(0, end).length - line.slice(0, end).replace(/\\+$/, "").length;
  return end < line.length && backslashes % 2 === 1 ? line.slice(0, end + 1) : line.slice(0, end);
}
