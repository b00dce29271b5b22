import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRate, RateLimit } from "../../src/shared/rate-limit.ts";

describe("rates", () => {
  test.each([
    ["20M", 20_000_000],
    ["500k", 500_000],
    ["1.5G", 1_500_000_000],
    ["2MB/s", 2_000_000],
    ["4096", 4096],
    ["3 mb", 3_000_000],
  ])("%s is %i bytes a second", (text, expected) => {
    expect(parseRate(text)).toBe(expected);
  });

  test.each(["", "M", "-1M", "0", "12", "20X", "1e9", "9999G"])("%j is none", (text) => {
    expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});

describe("the limit", () => {
  test("holds within a tenth over five seconds, whatever the sizes asked for", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1 << 20 }), { minLength: 20, maxLength: 20 }), (sizes) => {
        const limit = new RateLimit(20_000_000);
        let now = 0;
        let bytes = 0;
        for (let i = 0; now < 5000; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          now += limit.take(size, now);
          bytes += size;
        }
        expect(bytes / (now / 1000)).toBeGreaterThan(18_000_000);
        expect(bytes / (now / 1000)).toBeLessThan(22_000_000);
      }),
    );
  });

  test("a pause does not save up", () => {
    const limit = new RateLimit(1_000_000);
    limit.take(1000, 0);
    expect(limit.take(100_000, 60_000)).toBe(0);
    expect(limit.take(1, 60_000)).toBeCloseTo(0, 5);
    expect(limit.take(1000, 60_000)).toBeGreaterThanOrEqual(0);
    expect(limit.take(1_000_000, 60_000)).toBeCloseTo(1, 1);
    expect(limit.take(1, 60_000)).toBeGreaterThan(1000);
  });
});
