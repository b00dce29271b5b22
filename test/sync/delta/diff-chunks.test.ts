import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import { createCutter } from "../../../src/sync/delta/cut.ts";
import type { ChunkSource } from "../../../src/sync/delta/diff-chunks.ts";
import { diffChunks } from "../../../src/sync/delta/diff-chunks.ts";
import { hashFileContent } from "../../../src/sync/delta/hash-content.ts";
import { toWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { randomBytes } from "./inputs.ts";

/** A list of chunks that letters name: equal letters are equal chunks; each letter has a size of its own. */
function listOf(letters: string): ChunkList {
  const codes = Array.from(letters, (letter) => letter.charCodeAt(0));
  return {
    sizes: Uint32Array.from(codes, (code) => code * 100),
    hashes: Uint8Array.from(codes.flatMap((code) => new Array<number>(32).fill(code))),
  };
}

const shown = (source: ChunkSource): string =>
  source.type === "local" ? `${source.list}:${source.chunk}` : source.type === "repeat" ? `=${source.chunk}` : "?";

test.each([
  { wanted: "", locals: ["a"], expected: "" },
  { wanted: "abc", locals: [], expected: "? ? ?" },
  { wanted: "abc", locals: ["abc"], expected: "0:0 0:1 0:2" },
  { wanted: "axc", locals: ["abc"], expected: "0:0 ? 0:2" },
  { wanted: "cab", locals: ["abc"], expected: "0:2 0:0 0:1" },
  { wanted: "ab", locals: ["b", "ab"], expected: "1:0 0:0" },
  { wanted: "aa", locals: ["baa"], expected: "0:1 0:2" },
  { wanted: "aaxaa", locals: ["aaaaa"], expected: "0:0 0:1 ? 0:3 0:4" },
  { wanted: "aaa", locals: ["aa"], expected: "0:0 0:1 0:0" },
  { wanted: "bab", locals: ["ab", "bab"], expected: "0:1 0:0 0:1" },
  { wanted: "xyxx", locals: ["a"], expected: "? ? =0 =0" },
])("$wanted from $locals → $expected", ({ wanted, locals, expected }) => {
  expect(
    diffChunks(toWireChunkList(listOf(wanted)), locals.map(listOf))
      .map(shown)
      .join(" "),
  ).toBe(expected);
});

test("a local source has the offset at which its chunk begins", () => {
  expect(diffChunks(toWireChunkList(listOf("c")), [listOf("abc")])).toEqual([
    { type: "local", list: 0, chunk: 2, offset: 97 * 100 + 98 * 100 },
  ]);
});

test("chunks with equal hashes and different sizes are different", () => {
  const local = listOf("a");
  expect(diffChunks({ ...toWireChunkList(local), sizes: Uint32Array.of(5) }, [local])).toEqual([{ type: "missing" }]);
});

test("what local chunks and repeats give is what was wanted", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "d"), maxLength: 12 });
  fc.assert(
    fc.property(letters, fc.array(letters, { maxLength: 4 }), (wanted, locals) => {
      const sources = diffChunks(toWireChunkList(listOf(wanted)), locals.map(listOf));
      const letterOf = (i: number): string | undefined => {
        const source = sources[i] as ChunkSource;
        if (source.type === "local") return locals[source.list]?.[source.chunk];
        return source.type === "repeat" ? letterOf(source.chunk) : wanted[i];
      };
      expect(sources.map((_, i) => letterOf(i)).join("")).toBe(wanted);
      sources.forEach((source, i) => {
        if (source.type === "missing") expect(locals.join("") + wanted.slice(0, i)).not.toContain(wanted[i]);
      });
    }),
  );
});

test("after an edit in the middle of a file only the chunks around it are missing", () => {
  const tools = { hasher: createHasher(), cutter: createCutter() };
  const listOfBytes = (bytes: Uint8Array): ChunkList => {
    const { chunks } = hashFileContent(
      (buffer, position) => {
        const part = bytes.subarray(position, position + buffer.length);
        buffer.set(part);
        return part.length;
      },
      bytes.length,
      tools,
    );
    if (chunks === null) throw new Error("the bytes did not change");
    return chunks;
  };
  const before = randomBytes(1_500_000);
  const after = before.slice();
  after[700_000] = (after[700_000] ?? 0) ^ 1;
  const sources = diffChunks(toWireChunkList(listOfBytes(after)), [listOfBytes(before)]);
  expect(sources.length).toBeGreaterThan(30);
  expect(sources.filter(({ type }) => type === "missing").length).toBe(1);
});
