/** Telling when a change has arrived, by looking at the files alone. */
import { createReadStream, lstatSync, type Stats } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 1;
/** A time set through a double is off by some hundred nanoseconds. */
const SAME_TIME_MS = 0.01;

/** Looks every millisecond until `isThere`. Returns the milliseconds since `startedMs`; undefined when it never was. */
export async function arrival(
  isThere: () => boolean,
  options: { readonly startedMs: number; readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<number | undefined> {
  const { startedMs, deadlineMs, signal } = options;
  while (!isThere()) {
    if (performance.now() - startedMs > deadlineMs) return undefined;
    await sleep(LOOK_MS, undefined, { signal });
  }
  return performance.now() - startedMs;
}

/** Whether `copy` has the size and time of `file`: it gets its name only when it is whole, so this says that it is there. */
export function looksLike(copy: string, file: string): boolean {
  const [there, here] = [statOf(copy), statOf(file)];
  if (there === undefined || here === undefined) return false;
  return there.size === here.size && Math.abs(there.mtimeMs - here.mtimeMs) < SAME_TIME_MS;
}

export function isAbsent(path: string): boolean {
  return statOf(path) === undefined;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether two files hold the same bytes. */
export async function haveSameBytes(a: string, b: string): Promise<boolean> {
  if (statOf(a)?.size !== statOf(b)?.size) return false;
  const options = { highWaterMark: 1024 * 1024 };
  const other = createReadStream(b, options)[Symbol.asyncIterator]();
  for await (const part of createReadStream(a, options) as AsyncIterable<Buffer>) {
    const { value } = (await other.next()) as { value: Buffer | undefined };
    if (value === undefined || !part.equals(value)) return false;
  }
  return true;
}
