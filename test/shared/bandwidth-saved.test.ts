import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutPercent, describeSaved } from "../../src/shared/bandwidth-saved.ts";

describe("bandwidth saved", () => {
  test.each([
    [1000, 5, "bandwidth saved 99.5%"],
    [2_000_000_000, 800_000, "bandwidth saved 99.9%"],
    [1_000_000, 1, "bandwidth saved 99.9%"],
    [1000, 0, "bandwidth saved 100.0%"],
    [1000, 1000, "bandwidth saved 0.0%"],
    [1000, 1030, "cost 3% more"],
    [1000, 1001, "cost 0.1% more"],
    [100_000, 100_001, "cost 0.1% more"],
    [1000, 1011, "cost 2% more"],
    [0, 500, ""],
  ])("%i file bytes over %i wire bytes: %s", (fileBytes, wireBytes, expected) => {
    expect(describeSaved(fileBytes, wireBytes)).toBe(expected);
  });

  test("is never rounded up", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 43 }), fc.double({ min: 0, max: 1, noNaN: true }), (whole, share) => {
        const part = Math.floor(whole * share);
        expect(Number(cutPercent(part, whole))).toBeLessThanOrEqual((100 * part) / whole + 1e-9);
      }),
    );
  });
});
