/** Makes commander's commands from the table. */
import { Command, Option } from "commander";
import type { CommandArguments, CommandOption, CommandOptions, CommandRow } from "./command-rows/command-row.ts";
import { COMMAND_GROUPS, COMMANDS } from "./command-table.ts";
import { GLOBAL_OPTIONS } from "./globals.ts";

export interface Invocation {
  readonly row: CommandRow;
  readonly args: CommandArguments;
  readonly options: CommandOptions;
  readonly globals: Readonly<Record<string, unknown>>;
}

export interface ProgramOptions {
  readonly columns: number;
  readonly write: (text: string) => void;
  readonly onCommand: (invocation: Invocation) => void;
}

const FIRST_MINUTE = `
First minute:
  on one machine    syncline up ~/Shared
  on another        syncline join CODE ~/Shared
`;

/** Global flags that are followed by a value. */
const VALUE_FLAGS: ReadonlySet<string> = new Set([
  ...GLOBAL_OPTIONS.flatMap(([flags]) => (/ </.test(flags) ? (/--[a-z-]+/.exec(flags) ?? []) : [])),
]);

/** The whole program. Parsing it calls `onCommand` once, or throws a CommanderError. */
export function buildProgram(options: ProgramOptions): Command {
  // Commands take these settings over from the one that they are made in, except that there is no command "help".
  const program = new Command("syncline")
    .exitOverride()
    .configureOutput({
      writeOut: options.write,
      writeErr: () => {},
      outputError: () => {},
      getOutHelpWidth: () => options.columns,
    })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError(false)
    .helpOption("-h, --help", "shows this help")
    .helpCommand(false)
    .description("Keeps folders in step between your machines, with no server in the middle.");
  for (const [flags, description] of GLOBAL_OPTIONS) program.addOption(makeOption({ flags, description }));
  program.option("--version", "prints the version");
  program.addHelpText("after", FIRST_MINUTE);
  const groups = new Map<string, Command>();
  for (const row of COMMANDS) {
    const [first = "", second] = row.name.split(" ");
    const parent = second === undefined ? program : groupOf(first, row, program, groups);
    const command = parent.command(second ?? first);
    if (second === undefined) command.helpGroup(`${row.group}:`);
    fillCommand(command, row, program, options.onCommand);
  }
  return program;
}

function groupOf(name: string, row: CommandRow, program: Command, groups: Map<string, Command>): Command {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const group = program
    .command(name)
    .helpCommand(false)
    .description(COMMAND_GROUPS[name] ?? "")
    .helpGroup(`${row.group}:`);
  groups.set(name, group);
  return group;
}

function fillCommand(
  command: Command,
  row: CommandRow,
  program: Command,
  onCommand: (invocation: Invocation) => void,
): void {
  command.description(row.details === undefined ? row.summary : `${row.summary}.\n${row.details}`).summary(row.summary);
  command.aliases([...(row.aliases ?? [])]);
  command.allowExcessArguments(false);
  for (const [name, description] of row.args ?? []) command.argument(name, description);
  for (const option of row.options ?? []) command.addOption(makeOption(option));
  command.action((...parts: unknown[]) => {
    // Commander adds the options and the command itself behind the arguments.
    const args = parts.slice(0, -2) as CommandArguments;
    onCommand({ row, args, options: command.opts(), globals: program.opts() });
  });
}

function makeOption({ flags, description }: CommandOption): Option {
  const option = new Option(flags.replace(/\.\.\.>$/, ">"), description);
  // Commander's own variadic options would swallow the arguments behind them.
  return flags.endsWith("...>")
    ? option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value])
    : option;
}

/** The command that the words begin with, as the table has it. */
export function rowOf(argv: readonly string[]): CommandRow | undefined {
  const name = commandOf(argv).join(" ");
  return COMMANDS.find((row) => row.name === name);
}

/** The command that the words begin with: `["peer", "invite"]`, `["peer"]`, or none. */
export function commandOf(argv: readonly string[]): readonly string[] {
  const words = argv.filter((word, position) => !word.startsWith("-") && !VALUE_FLAGS.has(argv[position - 1] ?? ""));
  const [first = "", second = ""] = words;
  if (COMMANDS.some(({ name }) => name === `${first} ${second}`)) return [first, second];
  const row = COMMANDS.find(({ name, aliases }) => name === first || aliases?.includes(first) === true);
  if (row !== undefined) return [row.name];
  return COMMANDS.some(({ name }) => name.startsWith(`${first} `)) ? [first] : [];
}
