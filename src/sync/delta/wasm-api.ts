/** The part of the WebAssembly API used here; TypeScript has it only together with the whole DOM. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages; `buffer` is another one afterwards. */
  grow(pages: number): number;
}

declare const WebAssembly: {
  readonly Memory: new (options: { initial: number; maximum: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  validate(bytes: Uint8Array): boolean;
};

export interface LoadedWasm {
  readonly memory: WasmMemory;
  readonly exports: Readonly<Record<string, unknown>>;
}

export const PAGE_BYTES = 65_536;

/** Loads a compiled kernel with a memory of its own, or returns undefined where WebAssembly SIMD is missing. */
export function loadWasm(base64: string, pages: number, pagesMax: number = pages): LoadedWasm | undefined {
  const binary = Uint8Array.fromBase64(base64);
  if (!WebAssembly.validate(binary)) return undefined;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pagesMax });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  return { memory, exports };
}
