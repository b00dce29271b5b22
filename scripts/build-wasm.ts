/**
 * Compiles the AssemblyScript kernels into checked-in modules.
 *
 * Run after changing `src/sync/delta/wasm/*.as.ts`: `node scripts/build-wasm.ts`.
 * A product is a module with base64 text, so that loading it needs no file
 * access and works the same in every place the code runs. A test builds anew
 * and compares.
 */
import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const SOURCES: Readonly<Record<string, URL>> = {
  cut: new URL("../src/sync/delta/wasm/cut.as.ts", import.meta.url),
  region: new URL("../src/sync/delta/wasm/region.as.ts", import.meta.url),
};
const OPTIONS: readonly string[] = ["--runtime", "stub", "--importMemory", "--enable", "simd", "--noAssert", "-O3"];

/** `NAME.as.ts` becomes `NAME-wasm.ts`. */
export const KERNELS: readonly string[] = Object.keys(SOURCES);

/** The checked-in module of a kernel. */
export function productOf(kernel: string): URL {
  return new URL(`${kernel}-wasm.ts`, sourceOf(kernel));
}

function sourceOf(kernel: string): URL {
  const source = SOURCES[kernel];
  if (source === undefined) throw new Error(`bug: there is no kernel ${kernel}`);
  return source;
}

/** Compiles a kernel and returns the text of the module that holds it. */
export async function buildKernel(kernel: string): Promise<string> {
  const file = `${kernel}.as.ts`;
  const source = await readFile(sourceOf(kernel), "utf8");
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([file, "--outFile", `${kernel}.wasm`, ...OPTIONS], {
    readFile: (name: string) => (name === file ? source : null),
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined)
    throw new Error(`${file} does not compile:\n${stderr.toString()}`, { cause: error });
  return moduleText(kernel, Buffer.from(binary).toString("base64"));
}

function moduleText(kernel: string, base64: string): string {
  const lines = base64.match(/.{1,100}/g) ?? [];
  return [
    `/** Compiled from ${kernel}.as.ts by scripts/build-wasm.ts; do not edit. */`,
    `export const ${kernel.toUpperCase()}_WASM_BASE64: string =`,
    ...lines.map((line, i) => `  "${line}"${i === lines.length - 1 ? ";" : " +"}`),
    "",
  ].join("\n");
}

if (import.meta.main) for (const kernel of KERNELS) await writeFile(productOf(kernel), await buildKernel(kernel));
