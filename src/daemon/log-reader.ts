/** Reads the last lines of the log files, without holding a file in memory. */
import { readdirSync, statSync } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { LogLine } from "../shared/api-node.ts";
import { LOG_LEVELS, type LogLevel } from "../shared/config-settings.ts";
import { logText } from "../shared/log-text.ts";
import { parseLogLine } from "./log-line.ts";

const BLOCK_BYTES = 64 * 1024;
/** A line that is longer is no line of ours. */
const LINE_BYTES_MAX = 1024 * 1024;

export interface LogFilter {
  readonly level: LogLevel;
  /** Somewhere in the line, in capitals or not. */
  readonly contains?: string | undefined;
}

export interface LogQuery extends LogFilter {
  readonly lines: number;
  readonly signal: AbortSignal;
  readonly end: LogEnd;
}

/** A place in the log: everything before it has been written. */
export interface LogEnd {
  readonly number: number;
  readonly size: number;
}

/** Where the log ends now. Synchronous, so that nothing is written meanwhile. */
export function logEnd(directory: string): LogEnd {
  const number = Math.max(0, ...logNumbers(readdirSync(directory)));
  return { number, size: number === 0 ? 0 : statSync(join(directory, logName(number))).size };
}

/** Tells of lines whether they are of at least a level and contain a text. */
export function logMatcher({ level, contains }: LogFilter): (line: LogLine) => boolean {
  const least = LOG_LEVELS.indexOf(level);
  const words = contains?.toLowerCase();
  return (line) =>
    LOG_LEVELS.indexOf(line.level) >= least && (words === undefined || logText(line).toLowerCase().includes(words));
}

/** The last `lines` lines that match, oldest first. */
export async function readLogTail(directory: string, query: LogQuery): Promise<readonly LogLine[]> {
  const matches = logMatcher(query);
  const found: LogLine[] = [];
  if (query.lines === 0) return found;
  const numbers = logNumbers(await readdir(directory)).filter((number) => number <= query.end.number);
  for (const number of numbers.sort((a, b) => b - a)) {
    const size = number === query.end.number ? query.end.size : undefined;
    for await (const text of linesFromEnd(join(directory, logName(number)), size)) {
      query.signal.throwIfAborted();
      const line = parseLogLine(text);
      if (line === undefined || !matches(line)) continue;
      found.push(line);
      if (found.length === query.lines) return found.reverse();
    }
  }
  return found.reverse();
}

function logNumbers(names: readonly string[]): number[] {
  return names.flatMap((name) => {
    const number = /^syncline\.(\d+)\.log$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

function logName(number: number): string {
  return `syncline.${number}.log`;
}

async function* linesFromEnd(file: string, size: number | undefined): AsyncIterable<string> {
  const handle = await open(file, "r");
  try {
    yield* linesBackwards(handle, size ?? (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

async function* linesBackwards(handle: FileHandle, size: number): AsyncIterable<string> {
  let position = size;
  let rest: Buffer = Buffer.alloc(0);
  while (position > 0) {
    const length = Math.min(BLOCK_BYTES, position);
    position -= length;
    const block = Buffer.alloc(length);
    await handle.read(block, 0, length, position);
    const bytes = Buffer.concat([block, rest]);
    // The first line of the block may have begun in the block before.
    const start = position === 0 ? 0 : bytes.indexOf(10) + 1;
    rest = start > 0 ? bytes.subarray(0, start - 1) : bytes.subarray(0, LINE_BYTES_MAX);
    if (position > 0 && start === 0) continue;
    const lines = bytes.subarray(start).toString("utf8").split("\n");
    yield* lines.filter((line) => line !== "").reverse();
  }
}
