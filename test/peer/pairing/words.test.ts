import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { threeWords } from "../../../src/peer/pairing/three-words.ts";
import { WORDS } from "../../../src/peer/pairing/words.ts";

/** Whether one letter added, removed, changed or swapped with its neighbour makes one word the other. */
function isNear(a: string, b: string): boolean {
  if (a.length > b.length) return isNear(b, a);
  if (b.length - a.length > 1) return false;
  if (a.length < b.length) return [...b].some((_, at) => b.slice(0, at) + b.slice(at + 1) === a);
  const differing = [...a].flatMap((letter, at) => (letter === b[at] ? [] : [at]));
  const [first, second] = differing;
  if (first === undefined || second === undefined) return true;
  return differing.length === 2 && second === first + 1 && a[first] === b[second] && a[second] === b[first];
}

test("there are 1024 different short words", () => {
  expect(new Set(WORDS).size).toBe(1024);
  expect(WORDS.every((word) => /^[a-z]{4,7}$/.test(word))).toBe(true);
});

test("no two words begin with the same four letters", () => {
  expect(new Set(WORDS.map((word) => word.slice(0, 4))).size).toBe(WORDS.length);
});

test("no two words are one slip apart", () => {
  const near = WORDS.flatMap((a, index) =>
    WORDS.slice(index + 1)
      .filter((b) => isNear(a, b))
      .map((b) => `${a}/${b}`),
  );
  expect(near).toEqual([]);
});

test("the list is frozen: other words would differ between two versions of Syncline", () => {
  const hash = createHash("sha256").update(WORDS.join("\n")).digest("hex");
  expect(hash).toBe("4d61fede18f782e081ed1a4701e0d2edf722d7e6b5101c033dd04f456a184e11");
});

test("the words are a function of key and channel", () => {
  const key = new Uint8Array(64).fill(7);
  const channel = new Uint8Array(32).fill(9);
  expect(threeWords(key, channel)).toMatch(/^[a-z]+-[a-z]+-[a-z]+$/);
  expect(threeWords(key, channel)).toBe(threeWords(key, channel));
  expect(threeWords(key, channel)).not.toBe(threeWords(new Uint8Array(64).fill(8), channel));
  expect(threeWords(key, channel)).not.toBe(threeWords(key, new Uint8Array(32).fill(8)));
});
