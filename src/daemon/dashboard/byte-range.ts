/** The `Range` header of a request, as far as it is answered: one range of bytes. */
import type { ByteRange } from "../transfers/read-content.ts";

/** "unsatisfiable": none of it is in the file. Undefined: all of it is wanted; so also for several ranges, which nobody needs here. */
export function parseRange(header: string | undefined, size: number): ByteRange | "unsatisfiable" | undefined {
  const found = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? "");
  if (found === null) return undefined;
  const [, first = "", last = ""] = found;
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const count = Math.min(size, Number(last));
    return count === 0 ? "unsatisfiable" : { start: size - count, end: size };
  }
  const start = Number(first);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end: last === "" ? size : Math.min(size, Number(last) + 1) };
}
