/**
 * Decides what may stand where the cursor is, from the words before it and the
 * table of commands. Pure: what peers and folders there are is asked by whoever
 * carries the wishes out.
 */
import type { CommandRow } from "../command-rows/command-row.ts";
import { COMMAND_GROUPS, COMMANDS } from "../command-table.ts";
import { GLOBAL_OPTIONS } from "../globals.ts";

export interface Candidate {
  readonly value: string;
  readonly note: string;
  /** More belongs behind it: no space follows. */
  readonly isOpen: boolean;
}

export type Wish =
  | { readonly type: "words"; readonly candidates: readonly Candidate[] }
  | { readonly type: "peers" }
  | { readonly type: "folders" }
  /** `PEER:FOLDER/PATH`; `self:` alone when no other device is meant. */
  | { readonly type: "places"; readonly isSelfOnly: boolean }
  | { readonly type: "files" }
  | { readonly type: "directories" };

export interface Completion {
  readonly wishes: readonly Wish[];
  /** What of the last word stays before each candidate: `--peer=`. */
  readonly kept: string;
  /** What the candidates begin with. */
  readonly prefix: string;
  /** As --home gave it in these words. */
  readonly home: string | undefined;
}

interface Flag {
  readonly names: readonly string[];
  readonly description: string;
  /** `peer` of `--peer <peer>`; undefined for a flag that stands alone. */
  readonly placeholder: string | undefined;
  readonly values: readonly string[] | undefined;
}

const HELP: Flag = {
  names: ["-h", "--help"],
  description: "shows this help",
  placeholder: undefined,
  values: undefined,
};

const GLOBAL_FLAGS: readonly Flag[] = [
  ...GLOBAL_OPTIONS.map(([flags, description]) => flagOf({ flags, description })),
  HELP,
];

/** `words`: those behind `syncline`, the last one being written. */
export function completionOf(words: readonly string[]): Completion {
  const current = words.at(-1) ?? "";
  const before = readWords(words.slice(0, -1));
  const { home, pending } = before;
  if (pending !== undefined) return { wishes: wishesForValue(pending), kept: "", prefix: current, home };
  const flags = [...(before.row === undefined ? [] : flagsOf(before.row)), ...GLOBAL_FLAGS];
  const equals = current.indexOf("=");
  if (current.startsWith("--") && equals !== -1 && !before.isBehindFlags) {
    const flag = flags.find(({ names }) => names.includes(current.slice(0, equals)));
    const wishes = flag === undefined ? [] : wishesForValue(flag);
    return { wishes, kept: current.slice(0, equals + 1), prefix: current.slice(equals + 1), home };
  }
  const wishes =
    current.startsWith("-") && !before.isBehindFlags ? [flagWords(flags)] : wishesForArgument(before, current);
  return { wishes, kept: "", prefix: current, home };
}

interface WordsBefore {
  readonly row: CommandRow | undefined;
  /** `peer` of `peer invite`, while the second word is missing. */
  readonly group: string | undefined;
  /** Arguments of the command so far. */
  readonly count: number;
  /** The flag that waits for its value. */
  readonly pending: Flag | undefined;
  readonly isBehindFlags: boolean;
  readonly isUnknown: boolean;
  readonly home: string | undefined;
}

function readWords(words: readonly string[]): WordsBefore {
  let row: CommandRow | undefined;
  let group: string | undefined;
  let count = 0;
  let pending: Flag | undefined;
  let isBehindFlags = false;
  let isUnknown = false;
  let home: string | undefined;
  for (const word of words) {
    if (pending !== undefined) {
      if (pending.names.includes("--home")) home = word;
      pending = undefined;
    } else if (word === "--" && !isBehindFlags) isBehindFlags = true;
    else if (word.startsWith("-") && word !== "-" && !isBehindFlags) {
      if (word.startsWith("--home=")) home = word.slice("--home=".length);
      const flags = [...(row === undefined ? [] : flagsOf(row)), ...GLOBAL_FLAGS];
      const flag = flags.find(({ names }) => names.includes(word));
      pending = flag?.placeholder === undefined ? undefined : flag;
    } else if (row !== undefined) count++;
    else {
      row = rowOf(group === undefined ? word : `${group} ${word}`);
      if (row === undefined && group === undefined && isGroup(word)) group = word;
      else if (row === undefined) isUnknown = true;
    }
  }
  return { row, group, count, pending, isBehindFlags, isUnknown, home };
}

function isGroup(word: string): boolean {
  return COMMANDS.some(({ name }) => name.startsWith(`${word} `));
}

function rowOf(name: string): CommandRow | undefined {
  return COMMANDS.find((row) => row.name === name || row.aliases?.includes(name) === true);
}

function wishesForArgument({ row, group, count, isUnknown }: WordsBefore, current: string): readonly Wish[] {
  if (isUnknown) return [];
  if (row === undefined) return [{ type: "words", candidates: commandWords(group, current) }];
  const args = row.args ?? [];
  const last = args.at(-1);
  const arg = args[count] ?? (last?.[0].includes("...") === true ? last : undefined);
  if (arg === undefined) return [];
  const [name, description, values] = arg;
  if (values !== undefined) return [wordsWish(values, description)];
  const placeholder = placeholderOf(name);
  if (placeholder !== "path" && placeholder !== "source") return wishesFor(placeholder);
  // What a person reads of the argument is what is offered for it.
  const places: Wish = { type: "places", isSelfOnly: !description.includes("PEER:") };
  return /\blocal\b/.test(description) ? [places, { type: "files" }] : [places];
}

function wishesForValue({ placeholder = "", values, description }: Flag): readonly Wish[] {
  if (values !== undefined) return [wordsWish(values, description)];
  return placeholder === "path" ? [{ type: "files" }] : wishesFor(placeholder);
}

function wishesFor(placeholder: string): readonly Wish[] {
  switch (placeholder) {
    case "peer":
      return [{ type: "peers" }];
    case "folder":
      return [{ type: "folders" }];
    case "dir":
      return [{ type: "directories" }];
    case "file":
      return [{ type: "files" }];
    default:
      return [];
  }
}

function wordsWish(values: readonly string[], note: string): Wish {
  return { type: "words", candidates: values.map((value) => ({ value, note, isOpen: false })) };
}

/** Names of commands; their shorter names only to who has begun to write one. */
function commandWords(group: string | undefined, current: string): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const { name, aliases = [], summary } of COMMANDS) {
    const [first = "", second] = name.split(" ");
    if (group !== undefined && first !== group) continue;
    const value = group === undefined ? first : (second ?? "");
    const note = group === undefined && second !== undefined ? (COMMAND_GROUPS[first] ?? "") : summary;
    if (!found.has(value)) found.set(value, { value, note, isOpen: false });
    for (const alias of group === undefined && current !== "" ? aliases : [])
      found.set(alias, { value: alias, note: summary, isOpen: false });
  }
  return [...found.values()];
}

function flagWords(flags: readonly Flag[]): Wish {
  const candidates = flags.flatMap(({ names, description }) =>
    names.map((value) => ({ value, note: description, isOpen: false })),
  );
  return { type: "words", candidates };
}

function flagsOf({ options = [] }: CommandRow): readonly Flag[] {
  return options.map(flagOf);
}

function flagOf(option: {
  readonly flags: string;
  readonly description: string;
  readonly values?: readonly string[];
}): Flag {
  const [names = "", placeholder] = option.flags.split(" <");
  return {
    names: names.split(", "),
    description: option.description,
    placeholder: placeholder === undefined ? undefined : placeholderOf(placeholder),
    values: option.values,
  };
}

/** `path` of `[path...]`, `<path>` or `path...>`. */
function placeholderOf(text: string): string {
  return text.replaceAll(/[<>[\]]|\.\.\./g, "");
}
