/** Which entries of a list are meant: by name, by pattern, by time. */
import type { ListEntry } from "../../shared/api.ts";

export type FilterKind = "contains" | "glob" | "regex";

export interface FileFilter {
  readonly kind: FilterKind;
  readonly text: string;
  /** Changed at this time or later, and before that one; milliseconds, null for any. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

type Filtered = Pick<ListEntry, "path" | "mtime">;

/** A test for entries, or why the pattern is none. A directory has no time of its own: where times count it is left out. */
export function fileTest({
  kind,
  text,
  fromMs,
  toMs,
}: FileFilter): ((entry: Filtered) => boolean) | { readonly fault: string } {
  const isNamed = nameTest(kind, text);
  if (typeof isNamed !== "function") return isNamed;
  return (entry) => isNamed(entry.path) && isWithin(entry.mtime, fromMs, toMs);
}

function isWithin(mtime: string | null, fromMs: number | null, toMs: number | null): boolean {
  if (fromMs === null && toMs === null) return true;
  if (mtime === null) return false;
  const ms = Date.parse(mtime);
  return (fromMs === null || ms >= fromMs) && (toMs === null || ms < toMs);
}

function nameTest(kind: FilterKind, text: string): ((path: string) => boolean) | { readonly fault: string } {
  if (text === "") return () => true;
  switch (kind) {
    case "contains": {
      const words = text.toLowerCase();
      return (path) => path.toLowerCase().includes(words);
    }
    case "glob": {
      const pattern = globPattern(text);
      // Without a slash it is about names, wherever they are.
      return (path) => pattern.test(text.includes("/") ? path : baseOf(path));
    }
    case "regex":
      try {
        const pattern = new RegExp(text, "u");
        return (path) => pattern.test(baseOf(path));
      } catch (error) {
        return { fault: error instanceof Error ? error.message : String(error) };
      }
  }
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** `*` and `?` within a name, `**` over directories, `[a-z]`, `{a,b}`. */
function globPattern(glob: string): RegExp {
  const parts = glob.match(/\*\*\/?|\*|\?|\[[^\]]+\]|\{[^{}]*\}|[^*?[{]+|[[{]/g) ?? [];
  return new RegExp(`^${parts.map(globPart).join("")}$`, "u");
}

function globPart(part: string): string {
  if (part === "**/") return "(?:[^/]*/)*";
  if (part === "**") return ".*";
  if (part === "*") return "[^/]*";
  if (part === "?") return "[^/]";
  if (/^\[.+\]$/.test(part))
    return `[${part
      .slice(1, -1)
      .replace(/^!/, "^")
      .replaceAll(/[\\[\]&|~]/g, "\\$&")}]`;
  if (/^\{.*\}$/.test(part)) return `(?:${part.slice(1, -1).split(",").map(escaped).join("|")})`;
  return escaped(part);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
