import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { buildKernel, KERNELS, productOf } from "../../../scripts/build-wasm.ts";

test.each(KERNELS)("the checked-in WebAssembly of %s is what its source compiles to", async (kernel) => {
  const checkedIn = await readFile(productOf(kernel), "utf8");
  expect(checkedIn, "else run `node scripts/build-wasm.ts`").toBe(await buildKernel(kernel));
});
