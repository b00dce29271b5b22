import { expect, test } from "vitest";
import { lineOf, PIECE_CHARACTERS } from "../../../src/daemon/api/answer-lines.ts";
import { each, linesOf } from "../../../src/daemon/api/call-route.ts";

async function* streamOf(...items: readonly unknown[]): AsyncGenerator<unknown> {
  yield* items;
}

test("a stream of documents and batches is the same lines, in order, however they were put together", async () => {
  const documents = [{ a: 1 }, { a: 2 }, {}, { a: [3] }] as const;
  const [first, ...rest] = documents;
  const pieces = await Array.fromAsync(linesOf(streamOf(first, rest, []), lineOf));
  expect(pieces).toEqual(['{"v":1,"a":1}\n', '{"v":1,"a":2}\n{"v":1}\n{"v":1,"a":[3]}\n']);
  expect(await Array.fromAsync(each(streamOf(first, rest, [])))).toEqual(documents);
  expect(await Array.fromAsync(linesOf(Promise.resolve(first), lineOf))).toEqual([lineOf(first)]);
});

test("a batch of long lines comes in pieces that are sent one by one", async () => {
  const long = { text: "x".repeat(PIECE_CHARACTERS / 2) };
  const pieces = await Array.fromAsync(linesOf(streamOf([long, long, long]), lineOf));
  expect(pieces).toEqual([lineOf(long) + lineOf(long), lineOf(long)]);
});
