import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutPercent, describeSaved, settleSaved } from "../../src/shared/bandwidth-saved.ts";

describe("bandwidth saved", () => {
  test.each([
    [1000, 5, "bandwidth saved 99.5%"],
    [2_000_000_000, 800_000, "bandwidth saved 99.9%"],
    [1_000_000, 1, "bandwidth saved 99.9%"],
    [1000, 0, "bandwidth saved 100.0%"],
    [1000, 1000, "bandwidth saved 0.0%"],
    [1000, 1030, "cost 3% more"],
    [1000, 1001, "cost 1% more"],
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

  test("the parts sum to the total", () => {
    const bytes = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(bytes, bytes, bytes, bytes, bytes, (fileBytes, wireBytes, delta, reuse, compression) => {
        const settled = settleSaved(fileBytes, wireBytes, { delta, reuse, compression });
        const total = Math.max(0, fileBytes - wireBytes);
        const sum = settled.delta + settled.reuse + settled.compression;
        expect(sum).toBe(delta + reuse + compression === 0 ? 0 : total);
      }),
    );
  });
});
