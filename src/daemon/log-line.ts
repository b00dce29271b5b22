/** One line of the log file, and how it looks on a terminal. */
import type { LogLine } from "../shared/api-node.ts";
import { LOG_LEVELS } from "../shared/config-settings.ts";
import { printable } from "../shared/printable.ts";

/** Reads a line of the file; undefined for one that a crash cut short. */
export function parseLogLine(text: string): LogLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { time, level, msg, ...fields } = value as Readonly<Record<string, unknown>>;
  const known = LOG_LEVELS.find((name) => name === level);
  if (typeof time !== "string" || typeof msg !== "string" || known === undefined) return undefined;
  return { time, level: known, message: msg, fields };
}

/** `2026-07-01 12:00:00.123 INFO  Pulled file folder=docs path=a.txt`, in local time. */
export function formatLogLine({ time, level, message, fields }: LogLine): string {
  const facts = Object.entries(fields).map(([key, value]) => ` ${printable(key)}=${formatFact(value)}`);
  return `${localTime(time)} ${level.toUpperCase().padEnd(5)} ${printable(message)}${facts.join("")}`;
}

function formatFact(value: unknown): string {
  if (typeof value === "object" && value !== null && "message" in value) return formatFact(value.message);
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  const isPlain = typeof value !== "string" || /^[^\s"=]+$/.test(text);
  return printable(isPlain ? text : JSON.stringify(text));
}

function localTime(time: string): string {
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
