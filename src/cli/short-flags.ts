/** Short flags written together, such as `-rn`: the parser takes them so only when all are the command's own. */
import type { CommandRow } from "./command-rows/command-row.ts";
import { GLOBAL_OPTIONS } from "./globals.ts";

/**
 * Takes apart what is made of short flags without a value, of the command and
 * global ones; every other word stays as it is, as does all behind `--`.
 */
export function splitShortFlags(argv: readonly string[], row: CommandRow | undefined): readonly string[] {
  const flags = [...GLOBAL_OPTIONS.map(([text]) => text), ...(row?.options ?? []).map((option) => option.flags)];
  const letters = (isValued: boolean): ReadonlySet<string> =>
    new Set(
      flags
        .filter((text) => / [<[]/.test(text) === isValued)
        .flatMap((text) => /(?:^|\s)-([A-Za-z])(?:,|\s|$)/.exec(text)?.[1] ?? []),
    );
  const [plain, valued] = [letters(false), letters(true)];
  const end = argv.indexOf("--");
  return argv.flatMap((word, position) => {
    const isValue = valued.has(/^-([A-Za-z])$/.exec(argv[position - 1] ?? "")?.[1] ?? "");
    const isCluster = /^-[A-Za-z]{2,}$/.test(word) && [...word.slice(1)].every((letter) => plain.has(letter));
    if (!isCluster || isValue || (end !== -1 && position > end)) return [word];
    return [...word.slice(1)].map((letter) => `-${letter}`);
  });
}
