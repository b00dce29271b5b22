/** `syncline list`: what lies in a folder, here or on a paired device. */
import type { RouteInput } from "../../shared/api.ts";
import type { ListEntry, ListLine } from "../../shared/api-list.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { choiceOption, given, isSet, optionalArgument, textOption } from "../arguments.ts";
import type { CommandHandler, CommandOptions } from "../command-rows/command-row.ts";
import { locateAnywhere, type Place } from "../locate.ts";
import { parseTime } from "../parse-time.ts";
import { parseTarget, SELF } from "../remote-path.ts";
import { formatBytes, formatTime, plural } from "../render/format.ts";
import { textWidth } from "../render/table.ts";
import type { Session } from "../session.ts";

/** Lines are printed together, so that a long list costs few writes. */
const PRINT_CHARACTERS = 32 * 1024;
const SHORT_HASH = 12;

export const list: CommandHandler = async (session, args, options) => {
  const { peer, place } = await placeOf(session, optionalArgument(args, 0) ?? `${SELF}:`);
  const input = { ...place, ...(await filtersOf(session, options)) };
  const lines = session.stream("list", input, { peer });
  await print(session, lines, { isLong: isSet(options, "long"), isWhole: isSet(options, "fullHash") });
  return undefined;
};

const SORTS = ["size", "mtime", "name"] as const;

async function filtersOf(session: Session, options: CommandOptions): Promise<Omit<RouteInput<"list">, keyof Place>> {
  const now = session.io.now();
  const timeOf = (name: string): string | undefined => {
    const text = textOption(options, name);
    return text === undefined ? undefined : parseTime(text, now).toISOString();
  };
  for (const name of ["regex", "pathRegex"]) {
    const pattern = textOption(options, name);
    if (pattern !== undefined) await assertRegex(session, name === "regex" ? "--regex" : "--path-regex", pattern);
  }
  return {
    recursive: isSet(options, "recursive"),
    deleted: isSet(options, "deleted"),
    sha256: isSet(options, "sha256"),
    ...given({
      since: timeOf("since"),
      until: timeOf("until"),
      glob: textOption(options, "glob"),
      regex: textOption(options, "regex"),
      pathRegex: textOption(options, "pathRegex"),
      sort: choiceOption(options, "sort", SORTS),
    }),
  };
}

/** Points at the character that makes a pattern none. */
async function assertRegex(session: Session, flag: string, pattern: string): Promise<void> {
  const { regexFlags } = await import("../../shared/regex-fault.ts");
  const checked = regexFlags(pattern);
  if (!("fault" in checked)) return;
  const { message, index } = checked.fault;
  const before = printable(pattern.slice(0, index));
  session.note(`  ${printable(pattern)}\n  ${" ".repeat(textWidth(before))}^`);
  throw new SyncError("E_USAGE", `${flag}: ${message} at character ${index + 1} of "${pattern}"`);
}

/** `PEER:` and `self:` alone name all folders. */
async function placeOf(
  session: Session,
  text: string,
): Promise<{ readonly peer: string | undefined; readonly place: Partial<Place> }> {
  const target = parseTarget(text, session.io.platform);
  if (target.kind === "remote" && target.folder === "" && target.path === "")
    return { peer: target.peer === SELF ? undefined : target.peer, place: {} };
  return await locateAnywhere(session, text);
}

interface Look {
  readonly isLong: boolean;
  readonly isWhole: boolean;
}

async function print(session: Session, lines: AsyncIterable<ListLine>, look: Look): Promise<void> {
  let text = "";
  const flush = async (): Promise<void> => {
    await session.io.write(text);
    text = "";
  };
  for await (const line of lines) {
    if (session.globals.json) text += `${JSON.stringify({ v: 1, ...line })}\n`;
    else if (line.type === "summary") {
      await flush();
      session.note(`${plural(line.entries, "entry", "entries")}, ${formatBytes(line.bytes)}`);
    } else text += `${lineOf(session, line, look)}\n`;
    if (text.length >= PRINT_CHARACTERS) await flush();
  }
  await flush();
}

function lineOf(session: Session, line: Exclude<ListLine, { type: "summary" }>, look: Look): string {
  const isPlain = session.globals.plain;
  if (line.type === "folder") {
    const cells = [
      line.path,
      line.label,
      `${line.files}`,
      isPlain ? `${line.size}` : formatBytes(line.size),
      line.rights,
    ];
    return joined(look.isLong ? cells : [line.path], isPlain);
  }
  if (!look.isLong) return printable(nameOf(line));
  const cells = [
    line.mode,
    (isPlain ? `${line.size}` : formatBytes(line.size)).padStart(isPlain ? 0 : 9),
    line.mtime === null ? "-".padEnd(isPlain ? 0 : 19) : isPlain ? line.mtime : formatTime(line.mtime),
    line.owner.padEnd(isPlain ? 0 : 12),
    hashOf(line, look.isWhole),
    line.target === null ? nameOf(line) : `${nameOf(line)} -> ${line.target}`,
  ];
  return joined(cells, isPlain);
}

function joined(cells: readonly string[], isPlain: boolean): string {
  return cells.map(printable).join(isPlain ? "\t" : "  ");
}

function nameOf(entry: ListEntry): string {
  const slash = entry.type === "directory" ? "/" : "";
  return `${entry.path}${slash}${entry.deleted ? " (deleted)" : ""}`;
}

/** The plain SHA-256 where it is known, else the content id. */
function hashOf(entry: ListEntry, isWhole: boolean): string {
  const hash = entry.hash ?? entry.contentId;
  if (hash === null) return "-".padEnd(SHORT_HASH);
  return isWhole ? hash : hash.slice(hash.indexOf(":") + 1).slice(0, SHORT_HASH);
}
