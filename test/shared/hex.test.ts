import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../../src/shared/hex.ts";

test("bytes survive being written and read", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes);
    }),
  );
});

test("digits are lower case, high half first", () => {
  expect(toHex(Uint8Array.of(0x0f, 0xa0))).toBe("0fa0");
});

test.each(["0", "0g", "0A", "é0", "00 ", "ab\u0141c"])("%j → E_PROTOCOL", (text) => {
  expect(() => fromHex(text)).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
});
