/** Where to look for a cut: byte offsets into the kernel's memory. */
export interface CutSearch {
  /** Cuts lie behind this offset. The 32 bytes before it belong to the same file. */
  readonly from: number;
  /** The last offset at which a cut may lie. */
  readonly end: number;
  /** Up to this offset, inclusive, `strictMask` decides; behind it `looseMask`. */
  readonly normalEnd: number;
  readonly strictMask: number;
  readonly looseMask: number;
}

/**
 * The inner loop of the cutter over a memory of its own.
 *
 * Two implementations, equal by test: WebAssembly SIMD, and plain JavaScript
 * where that is missing.
 */
export interface CutKernel {
  /** At least as many bytes as asked for; the kernel reads nothing else. */
  readonly memory: Uint8Array;
  /** The first cut in the range, or 0 when there is none. */
  findCut(search: CutSearch): number;
}

/** Bytes that decide about a cut, all of them before it. */
export const CUT_WINDOW_BYTES = 32;
