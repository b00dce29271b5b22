/** What a command of the table is made of. */
import type { Session } from "../session.ts";

/** Arguments as commander gives them: a text, a list for a variadic one, undefined when left out. */
export type CommandArguments = readonly (string | readonly string[] | undefined)[];
export type CommandOptions = Readonly<Record<string, unknown>>;
/** Returns the exit code; 0 when it returns nothing. */
export type CommandHandler = (
  session: Session,
  args: CommandArguments,
  options: CommandOptions,
) => Promise<number | undefined>;

export interface CommandOption {
  /** As commander takes it: `--at <host:port>`. One that ends in `...>` may be given again. */
  readonly flags: string;
  readonly description: string;
  /** What may follow, where that is one of a few words. */
  readonly values?: readonly string[];
}

/** Name as in `[dir]` or `<path>`, with what it is, and the words it may be where they are few. */
export type CommandArgument = readonly [name: string, description: string, values?: readonly string[]];

export interface CommandRow {
  /** `peer invite`. */
  readonly name: string;
  /** Shorter names for the same: `ls`. */
  readonly aliases?: readonly string[];
  readonly group: "Start" | "Peers" | "Folders" | "Files" | "Live" | "Administration";
  readonly summary: string;
  readonly args?: readonly CommandArgument[];
  readonly options?: readonly CommandOption[];
  /** Whether -n shows what would be done. Other commands that change something refuse it. */
  readonly dryRun?: true;
  readonly readOnly?: true;
  /** Whether --user means something though no argument is a path of another device. */
  readonly takesUser?: true;
  /** Goes on until Ctrl-C, which is then no failure to tell of. */
  readonly endless?: true;
  readonly details?: string;
  readonly load: () => Promise<CommandHandler>;
}
