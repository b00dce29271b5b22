import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { buildCutModule } from "../../../scripts/build-wasm.ts";

test("the checked-in WebAssembly is what its source compiles to (else run `node scripts/build-wasm.ts`)", async () => {
  const checkedIn = await readFile(new URL("../../../src/sync/delta/wasm/cut-wasm.ts", import.meta.url), "utf8");
  expect(await buildCutModule()).toBe(checkedIn);
});
