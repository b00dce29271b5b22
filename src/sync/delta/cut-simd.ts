/** The cut rule in WebAssembly SIMD; cut-scalar.ts explains it, wasm/cut.as.ts is its source. */
import type { CutKernel } from "./cut-kernel.ts";
import { CUT_WASM_BASE64 } from "./wasm/cut-wasm.ts";
import { loadWasm, PAGE_BYTES } from "./wasm-api.ts";

type FindCut = (from: number, end: number, normalEnd: number, strictMask: number, looseMask: number) => number;

/** The kernel loads whole vectors, so it may look at so many bytes behind the end of its range. */
const OVERREAD_BYTES = 32;

/** Makes the fast kernel, or returns undefined where WebAssembly SIMD is missing. */
export function createSimdKernel(memoryBytes: number): CutKernel | undefined {
  const wasm = loadWasm(CUT_WASM_BASE64, Math.ceil((memoryBytes + OVERREAD_BYTES) / PAGE_BYTES));
  if (wasm === undefined) return undefined;
  const findCut = wasm.exports["findCut"] as FindCut;
  return {
    memory: new Uint8Array(wasm.memory.buffer, 0, memoryBytes),
    findCut: ({ from, end, normalEnd, strictMask, looseMask }) => findCut(from, end, normalEnd, strictMask, looseMask),
  };
}
