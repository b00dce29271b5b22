/** The cut rule in WebAssembly SIMD; cut-scalar.ts explains it, wasm/cut.as.ts is its source. */
import type { CutKernel } from "./cut-kernel.ts";
import { CUT_WASM_BASE64 } from "./wasm/cut-wasm.ts";

/** The part of the WebAssembly API used here; TypeScript has it only together with the whole DOM. */
declare const WebAssembly: {
  readonly Memory: new (options: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  validate(bytes: Uint8Array): boolean;
};

type FindCut = (from: number, end: number, normalEnd: number, strictMask: number, looseMask: number) => number;

const PAGE_BYTES = 65_536;
/** The kernel loads whole vectors, so it may look at so many bytes behind the end of its range. */
const OVERREAD_BYTES = 32;

/** Makes the fast kernel, or returns undefined where WebAssembly SIMD is missing. */
export function createSimdKernel(memoryBytes: number): CutKernel | undefined {
  const binary = Uint8Array.fromBase64(CUT_WASM_BASE64);
  if (!WebAssembly.validate(binary)) return undefined;
  const pages = Math.ceil((memoryBytes + OVERREAD_BYTES) / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const findCut = instance.exports["findCut"] as FindCut;
  return {
    memory: new Uint8Array(memory.buffer, 0, memoryBytes),
    findCut: ({ from, end, normalEnd, strictMask, looseMask }) => findCut(from, end, normalEnd, strictMask, looseMask),
  };
}
