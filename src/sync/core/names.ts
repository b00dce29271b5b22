/** What names mean to platforms that fold or refuse them. A name itself is never changed. */
import type { RelPath } from "../../shared/ids.ts";

const ASCII = /^[\0-\x7f]*$/;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9¹²³])[ .]*(?:\.|$)/i;
const WINDOWS_FORBIDDEN = /[<>:"\\|?*\x01-\x1f]/;

/** What leaves a system's own litter in directories; may go together with the directory it lies in. */
const OS_JUNK: ReadonlySet<string> = new Set([".DS_Store", "Thumbs.db", "thumbs.db", "desktop.ini", "Desktop.ini"]);

/** Whose rules for names hold in a folder. */
export type NameRules = "posix" | "windows";

/**
 * The key under which names meet on a file system that folds case or Unicode
 * forms: equal keys may be the same file there.
 *
 * Coarser than any such file system, since missing a twin overwrites a file
 * (CVE-2026-23950) and a false one is only reported. Upper case first makes
 * `ß` and `ss`, `ﬁ` and `fi`, `K` (Kelvin) and `k` meet; a second round settles
 * what decomposing the first one brought up.
 */
export function foldKey(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return foldOnce(foldOnce(text)).normalize("NFC");
}

function foldOnce(text: string): string {
  return text.normalize("NFD").toUpperCase().normalize("NFD").toLowerCase();
}

/**
 * Chooses the rules for a folder. A file system that folds case and has no
 * symlinks is of the FAT family, whoever mounts it.
 */
export function nameRulesFor(
  platform: string,
  capabilities: { readonly caseSensitive: boolean; readonly symlinks: boolean },
): NameRules {
  return platform === "win32" || (!capabilities.caseSensitive && !capabilities.symlinks) ? "windows" : "posix";
}

/** Why a path cannot be stored under `rules`, naming the part at fault; undefined when it can. */
export function unholdableReason(path: RelPath, rules: NameRules): string | undefined {
  if (rules === "posix") return undefined;
  for (const part of path.split("/")) {
    const fault = windowsFault(part);
    if (fault !== undefined) return `${JSON.stringify(part)} ${fault}`;
  }
  return undefined;
}

function windowsFault(part: string): string | undefined {
  const forbidden = WINDOWS_FORBIDDEN.exec(part);
  if (forbidden !== null) return `has the character ${JSON.stringify(forbidden[0])}`;
  if (part.endsWith(".") || part.endsWith(" ")) return "ends in a dot or a space";
  return WINDOWS_DEVICE.test(part) ? "is the name of a device" : undefined;
}

/** Whether a file name is litter of an operating system, which never keeps a directory alive. */
export function isOsJunk(name: string): boolean {
  return OS_JUNK.has(name);
}
