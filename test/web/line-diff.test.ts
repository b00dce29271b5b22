import fc from "fast-check";
import { expect, test } from "vitest";
import { lineDiff } from "../../src/web/text/line-diff.ts";

const SIGNS = { same: " ", added: "+", removed: "-", gap: "~" } as const;

function shown(before: string, after: string): string | undefined {
  return lineDiff(before, after)
    ?.map(({ type, text }) => SIGNS[type] + text)
    .join("|");
}

test.each([
  ["a\nb\nc", "a\nb\nc", "~…"],
  ["a\nb\nc", "a\nx\nc", " a|-b|+x| c"],
  ["", "a", "-|+a"],
  ["a\nb", "b", "-a| b"],
  ["1\n2\n3\n4\n5\n6", "1\n2\n3\n4\n5\nsix", "~…| 3| 4| 5|-6|+six"],
])("%j against %j", (before, after, expected) => {
  expect(shown(before, after)).toBe(expected);
});

test("what is removed and kept is the one text, what is added and kept the other", () => {
  // Seen to fail with the two mixed up. Few lines, so that no gap hides any.
  const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 4 }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (before, after) => {
      fc.pre(before !== after);
      const lines = lineDiff(before, after) ?? [];
      const side = (other: string): string =>
        lines.flatMap(({ type, text: line }) => (type === other || type === "gap" ? [] : [line])).join("\n");
      expect([side("added"), side("removed")]).toEqual([before, after]);
    }),
  );
});

test("texts without anything in common are told as such", () => {
  const many = (sign: string): string => Array.from({ length: 1500 }, (_, i) => `${sign}${i}`).join("\n");
  expect(lineDiff(many("a"), many("b"))).toBeUndefined();
});
