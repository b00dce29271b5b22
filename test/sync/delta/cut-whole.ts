import type { Cutter } from "../../../src/sync/delta/cut.ts";
import type { CutRow } from "../../../src/sync/delta/cut-row.ts";

/** Cuts bytes that are all in memory; `pieces` says how many are handed over at a time, the last number again and again. */
export function cutWhole(
  cutter: Cutter,
  bytes: Uint8Array,
  row: CutRow,
  pieces: readonly number[] = [Infinity],
): number[] {
  const cuts: number[] = [];
  let position = 0;
  let end = 0;
  cutter.begin(row);
  for (let i = 0; ; i++) {
    const space = cutter.space();
    const piece = pieces[Math.min(i, pieces.length - 1)] ?? 1;
    const length = Math.min(space.length, piece, bytes.length - position);
    space.set(bytes.subarray(position, position + length));
    position += length;
    const isEnd = position === bytes.length;
    for (const chunk of cutter.push(length, isEnd)) {
      end += chunk.length;
      cuts.push(end);
    }
    if (isEnd) return cuts;
  }
}
