/** Reads what the parser found into what a command needs. */
import { nearest } from "../shared/did-you-mean.ts";
import { SyncError } from "../shared/errors.ts";
import type { CommandArguments, CommandOptions } from "./command-rows/command-row.ts";

/** An argument that the parser has made sure of. */
export function textArgument(args: CommandArguments, position: number): string {
  const value = args[position];
  return typeof value === "string" ? value : "";
}

export function optionalArgument(args: CommandArguments, position: number): string | undefined {
  const value = args[position];
  return typeof value === "string" ? value : undefined;
}

export function listArgument(args: CommandArguments, position: number): readonly string[] {
  const value = args[position];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

export function textOption(options: CommandOptions, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

export function listOption(options: CommandOptions, name: string): string[] {
  const value = options[name];
  return Array.isArray(value) ? (value as string[]) : [];
}

export function isSet(options: CommandOptions, name: string): boolean {
  return options[name] === true;
}

/** A whole number of an option; undefined when it was left out. */
export function countOption(options: CommandOptions, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new SyncError("E_USAGE", `--${name}: "${text}" is not a whole number`);
  return value;
}

/** One of a few words. */
export function choice<T extends string>(text: string, what: string, known: readonly T[]): T {
  const match = known.find((word) => word === text);
  if (match !== undefined) return match;
  const guess = nearest(text, known);
  throw new SyncError(
    "E_USAGE",
    `${what}: "${text}" is none of ${known.join(", ")}`,
    guess === undefined ? {} : { hint: `did you mean ${guess}?` },
  );
}

/** As {@link choice}, for an option that may be left out. */
export function choiceOption<T extends string>(
  options: CommandOptions,
  name: string,
  known: readonly T[],
): T | undefined {
  const text = textOption(options, name);
  return text === undefined ? undefined : choice(text, `--${name}`, known);
}

/** What is given, without what is undefined: an absent key and an undefined one differ to a schema. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
