/** How finely a file of some size is cut. Sizes in bytes. */
export interface CutRow {
  /** No chunk but the last has this size or less. */
  readonly min: number;
  /** Up to here the strict mask decides, behind it the loose one, which pulls sizes towards this value. */
  readonly normal: number;
  /** No chunk is larger. */
  readonly max: number;
  readonly strictMask: number;
  readonly looseMask: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** A file of at most so many bytes is one chunk, and its content id is that chunk's hash. */
export const WHOLE_FILE_BYTES_MAX: number = 32 * KIB;

/** The largest `max` of any row: what a buffer must be able to hold beside a block. */
export const CHUNK_BYTES_MAX: number = 4 * MIB;

const WHOLE: CutRow = row(WHOLE_FILE_BYTES_MAX, WHOLE_FILE_BYTES_MAX, WHOLE_FILE_BYTES_MAX, 0, 0);
const FINE: CutRow = row(16 * KIB, 32 * KIB, 128 * KIB, 7, 5);
const MEDIUM: CutRow = row(32 * KIB, 64 * KIB, 256 * KIB, 8, 6);
const COARSE: CutRow = row(128 * KIB, 256 * KIB, 1024 * KIB, 10, 8);
const COARSEST: CutRow = row(512 * KIB, MIB, CHUNK_BYTES_MAX, 12, 10);

/**
 * Chooses the row for a file of `size` bytes.
 *
 * Part of a file's identity: a function of the size alone, so that equal bytes
 * have equal chunk lists on every device, whatever their history. A file that
 * grows past a row is cut anew; the bits of a finer mask are among those of a
 * coarser one, so about half of the coarser cuts were cuts before.
 */
export function chunkRow(size: number): CutRow {
  if (size <= WHOLE_FILE_BYTES_MAX) return WHOLE;
  if (size <= GIB) return FINE;
  if (size <= 16 * GIB) return MEDIUM;
  if (size <= 256 * GIB) return COARSE;
  return COARSEST;
}

/** The most chunks a file of `size` bytes can have: all but the last are larger than the row's min. */
export function chunkCountMax(size: number): number {
  return size === 0 ? 0 : Math.floor((size - 1) / (chunkRow(size).min + 1)) + 1;
}

function row(min: number, normal: number, max: number, strictBits: number, looseBits: number): CutRow {
  return { min, normal, max, strictMask: 2 ** strictBits - 1, looseMask: 2 ** looseBits - 1 };
}
