import { expect, test } from "vitest";
import { releaseBytes } from "../../src/shared/release-bytes.ts";

test("bytes of their own lose their memory, once; a part of a larger buffer keeps it", () => {
  const own = new Uint8Array([1, 2, 3]);
  const again = own.subarray();
  releaseBytes(own);
  releaseBytes(own);
  releaseBytes(again);
  expect([own.length, again.length]).toEqual([0, 0]);
  const large = new Uint8Array([1, 2, 3]);
  releaseBytes(large.subarray(1));
  expect([...large]).toEqual([1, 2, 3]);
  releaseBytes(new Uint8Array(0));
});
