/**
 * Compiles the AssemblyScript kernels into checked-in modules.
 *
 * Run after changing `src/sync/delta/wasm/*.as.ts`: `node scripts/build-wasm.ts`.
 * The product is a module with base64 text, so that loading it needs no file
 * access and works the same in every place the code runs. A test builds anew
 * and compares.
 */
import { readFile, writeFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const SOURCE: URL = new URL("../src/sync/delta/wasm/cut.as.ts", import.meta.url);
const PRODUCT: URL = new URL("../src/sync/delta/wasm/cut-wasm.ts", import.meta.url);
const OPTIONS: readonly string[] = ["--runtime", "stub", "--importMemory", "--enable", "simd", "--noAssert", "-O3"];

/** Compiles the cutter and returns the text of the module that holds it. */
export async function buildCutModule(): Promise<string> {
  const source = await readFile(SOURCE, "utf8");
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["cut.as.ts", "--outFile", "cut.wasm", ...OPTIONS], {
    readFile: (name: string) => (name === "cut.as.ts" ? source : null),
    writeFile: (_name: string, contents: Uint8Array | string) => {
      if (typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined)
    throw new Error(`cut.as.ts does not compile:\n${stderr.toString()}`, { cause: error });
  return moduleText(Buffer.from(binary).toString("base64"));
}

function moduleText(base64: string): string {
  const lines = base64.match(/.{1,100}/g) ?? [];
  return [
    "/** Compiled from cut.as.ts by scripts/build-wasm.ts; do not edit. */",
    "export const CUT_WASM_BASE64: string =",
    ...lines.map((line, i) => `  "${line}"${i === lines.length - 1 ? ";" : " +"}`),
    "",
  ].join("\n");
}

if (import.meta.main) await writeFile(PRODUCT, await buildCutModule());
