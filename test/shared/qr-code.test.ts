import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { qrCode } from "../../src/shared/qr-code.ts";

/** A text of a given length, the same in every run. */
function text(length: number): Uint8Array {
  const letters = "abcdefghij&=?%:ABC0123456789";
  return new TextEncoder().encode(Array.from({ length }, (_, i) => letters[(i * 7 + length) % 29] ?? "x").join(""));
}

function digest(length: number): string {
  const rows = (qrCode(text(length)) ?? []).map((row) => row.map(Number).join(""));
  return createHash("sha256").update(rows.join("\n")).digest("hex").slice(0, 16);
}

// Codes of all twenty versions were read back by a decoder of other hands (jsQR). These stand for them: the smallest,
// one block, version information, blocks of two lengths, the largest.
test.each([
  [1, 1, "e921340847c19a22"],
  [100, 5, "298249405f02bfd8"],
  [154, 7, "746f0645b3854342"],
  [300, 11, "74f7c1131c638498"],
  [858, 20, "6d4c91c124f0077d"],
])("%d bytes make the code that was read back, of version %d", (length, version, expected) => {
  expect(qrCode(text(length))).toHaveLength(17 + 4 * version);
  expect(digest(length)).toBe(expected);
});

test("more than the largest version holds is none", () => {
  expect(qrCode(new Uint8Array(859))).toBeUndefined();
});
