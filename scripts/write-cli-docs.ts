/**
 * `npm run docs` writes docs/cli.md from the tables of commands and settings.
 * test/cli/docs.test.ts fails when it is out of date.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandRow } from "../src/cli/command-rows/command-row.ts";
import { COMMANDS } from "../src/cli/command-table.ts";
import { GLOBAL_OPTIONS } from "../src/cli/globals.ts";
import { SETTING_KEYS, settingRow, variableOf } from "../src/shared/config-settings.ts";

const NOTE = "<!-- Written by `npm run docs`; do not edit. -->";

/** Text of docs/cli.md. */
export function renderCliDocs(): string {
  const groups = [...new Set(COMMANDS.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const rows = COMMANDS.filter((row) => row.group === group);
    return `## ${group}\n\n${rows.map(renderCommand).join("\n\n")}`;
  });
  return `# Command line

${NOTE}

Data goes to standard output, messages to standard error. \`--json\` prints documents with \`"v":1\`: one, or one a line
with a summary or result as the last; a failure is a document on standard error. Exit codes and error codes are in
[errors.md](errors.md).

A path of a folder is a local path, or \`PEER:FOLDER/PATH\` with the name or id of a paired device, and a folder's id, or
its label when no other has it there; the node's own folders are \`self:FOLDER/PATH\`. What is on a paired device is
answered by that device, within the rights that it gave this one; its folders need not be synced here. A time
is \`2h\`, \`'2h ago'\`, \`yesterday\`, \`2026-07-01\` or \`2026-07-01T18:00\`, in the local zone unless it names one. A length
of time is \`500ms\`, \`30s\`, \`5m\`, \`2h\` or \`1d\`.

These flags stand before or after any command:

${table(
  ["Flag", "Meaning"],
  GLOBAL_OPTIONS.map(([flags, description]) => [code(flags), description]),
)}

${sections.join("\n\n")}

## Settings

\`config.json\` lies in the node's home, or in \`$XDG_CONFIG_HOME/syncline\`; \`syncline config path\` prints where. It also
holds the folders and the peers; [config.example.json](../config.example.json) shows every key. A running daemon follows
an edit at once; one with a fault is reported and changes nothing. A variable comes before the file, and is not stored.

Each folder has \`delta\` (changed regions instead of whole chunks) and \`compression\` (of what peers send): \`auto\`, \`on\` or
\`off\`, for what this device fetches.

${table(["Setting", "Default", "Variable", "Flag of up and join", "Meaning"], SETTING_KEYS.map(settingCells))}
`;
}

function renderCommand(row: CommandRow): string {
  const args = (row.args ?? []).map(([name]) => ` ${name}`).join("");
  const options = (row.options ?? []).map(({ flags, description }) => `- ${code(flags)}: ${description}`);
  const parts = (row.args ?? []).map(([name, description]) => `- ${code(name)}: ${description}`);
  const dryRun = row.dryRun === true ? ["- `-n`: shows what would be done, and does nothing"] : [];
  const aliases =
    row.aliases === undefined ? "" : ` (also ${row.aliases.map((alias) => code(`syncline ${alias}`)).join(", ")})`;
  const details = row.details === undefined ? "" : ` ${row.details}`;
  const list = [...parts, ...options, ...dryRun];
  return `### ${code(`syncline ${row.name}${args}`)}\n\n${row.summary}${aliases}.${details}${list.length === 0 ? "" : `\n\n${list.join("\n")}`}`;
}

function settingCells(key: (typeof SETTING_KEYS)[number]): readonly string[] {
  const row = settingRow(key);
  const flag = row.flag === undefined ? "" : code(row.flag);
  return [code(key), code(JSON.stringify(row.default)), code(variableOf(key)), flag, row.description];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, "../docs/cli.md"), renderCliDocs());
