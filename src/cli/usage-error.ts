/** Tells what is wrong with a command line. Loaded only when something is. */
import type { CommanderError } from "commander";
import { nearest } from "../shared/did-you-mean.ts";
import { SyncError } from "../shared/errors.ts";
import { COMMANDS } from "./command-table.ts";
import { GLOBAL_OPTIONS } from "./globals.ts";
import { commandOf } from "./program.ts";

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
