/** Makes commander's commands from the table. */
import { Command, type CommanderError, Option } from "commander";
import { nearest } from "../shared/did-you-mean.ts";
import { SyncError } from "../shared/errors.ts";
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
  const program = new Command("syncline");
  const configure = (command: Command): Command =>
    command
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
      .helpCommand(false);
  configure(program).description("Keeps folders in step between your machines, with no server in the middle.");
  for (const [flags, description] of GLOBAL_OPTIONS) program.addOption(makeOption({ flags, description }));
  program.option("--version", "prints the version");
  program.addHelpText("after", FIRST_MINUTE);
  const groups = new Map<string, Command>();
  for (const row of COMMANDS) {
    const [first = "", second] = row.name.split(" ");
    const parent = second === undefined ? program : groupOf(first, row, program, groups, configure);
    const command = configure(parent.command(second ?? first));
    if (second === undefined) command.helpGroup(`${row.group}:`);
    fillCommand(command, row, program, options.onCommand);
  }
  return program;
}

function groupOf(
  name: string,
  row: CommandRow,
  program: Command,
  groups: Map<string, Command>,
  configure: (command: Command) => Command,
): Command {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const group = configure(program.command(name))
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

/** What commander refused, as E_USAGE with a near miss. */
export function usageError(error: CommanderError, argv: readonly string[]): SyncError {
  const message = error.message.replace(/^error: /, "").replaceAll("'", '"');
  const command = commandOf(argv);
  const hint = nearMiss(error, command) ?? `see \`${["syncline", ...command].join(" ")} --help\``;
  return new SyncError("E_USAGE", message, { hint });
}

function nearMiss(error: CommanderError, command: readonly string[]): string | undefined {
  const given = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  if (error.code === "commander.unknownCommand") {
    const known = COMMANDS.map(({ name }) => name).filter((name) =>
      name.startsWith(command.length > 0 ? `${command[0]} ` : ""),
    );
    const words = known.map((name) => name.split(" ")[command.length] ?? "");
    const match = nearest(given, words);
    return match === undefined ? undefined : `did you mean \`${["syncline", ...command, match].join(" ")}\`?`;
  }
  if (error.code !== "commander.unknownOption") return undefined;
  const row = COMMANDS.find(({ name }) => name === command.join(" "));
  const flags = [...(row?.options ?? []).map((option) => option.flags), ...GLOBAL_OPTIONS.map(([text]) => text)];
  const match = nearest(
    given,
    flags.flatMap((text) => /--[a-z-]+/.exec(text) ?? []),
  );
  return match === undefined ? undefined : `did you mean ${match}?`;
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
