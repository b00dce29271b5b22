import { describe, expect, test } from "vitest";
import type { ChunkList, Head } from "../../../src/shared/file-info.ts";
import type { ContentId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import type { IndexRecord } from "../../../src/shared/messages.ts";
import { encodeChunkList } from "../../../src/sync/delta/chunk-list.ts";
import { toWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { listToSend, packList, unpackList } from "../../../src/sync/exchange/announced-list.ts";
import { randomBytes } from "../delta/inputs.ts";

const AUTHOR = "AAAAAAAAAAAA" as ShortId;
const CHUNK = 40_000;
const [OLD, NEW] = ["0a".repeat(32), "0b".repeat(32)] as [ContentId, ContentId];

/** `edited`: chunks that differ between the versions. */
function listOf(chunks: number, edited: readonly number[] = []): ChunkList {
  const hashes = new Uint8Array(chunks * 32);
  for (let i = 0; i < chunks; i++) hashes.set(randomBytes(32, edited.includes(i) ? 100_000 + i : i + 1), i * 32);
  return { sizes: new Uint32Array(chunks).fill(CHUNK), hashes };
}

function winnerOf(chunks: number, fields: Partial<Head> = {}): Head {
  return {
    version: [[AUTHOR, 2]],
    author: AUTHOR,
    type: "file",
    deleted: false,
    size: chunks * CHUNK,
    mtimeNs: 1n,
    mode: 0o644,
    contentId: NEW,
    target: "",
    previous: OLD,
    owner: AUTHOR,
    ...fields,
  };
}

const store =
  (lists: Readonly<Record<string, ChunkList>>) =>
  (contentId: ContentId): Uint8Array | undefined => {
    const list = lists[contentId];
    return list === undefined ? undefined : encodeChunkList(list);
  };

const inStep = { canSplice: true, isInStep: true };

/** What the receiver reads, who has `there`. */
function received(
  head: Head,
  sent: Pick<IndexRecord, "chunkList" | "splice" | "spliceBase">,
  there: Record<string, ChunkList>,
) {
  const kept = packList({ sequence: 1, info: { path: "a" as RelPath, heads: [head] }, ...sent });
  return kept === null ? undefined : unpackList(kept, head.size, store(there));
}

test("an edit in a large file goes along as a splice, and comes out as the list", () => {
  const [base, list] = [listOf(5000), listOf(5000, [2500])];
  const sent = listToSend(winnerOf(5000), store({ [OLD]: base, [NEW]: list }), inStep);
  expect(sent.chunkList.length).toBe(0);
  expect(sent.splice?.length).toBeLessThan(40);
  expect(received(winnerOf(5000), sent, { [OLD]: base })).toEqual(toWireChunkList(list));
});

test("a receiver without the base gets nothing out of a splice, and asks", () => {
  const sent = listToSend(winnerOf(5000), store({ [OLD]: listOf(5000), [NEW]: listOf(5000, [7]) }), inStep);
  expect(received(winnerOf(5000), sent, {})).toBeUndefined();
});

test("a splice that does not make the file's list is E_PROTOCOL", () => {
  const sent = listToSend(winnerOf(5000), store({ [OLD]: listOf(5000), [NEW]: listOf(5000, [7]) }), inStep);
  expect(() => received(winnerOf(5000), sent, { [OLD]: listOf(4000) })).toThrow(
    expect.objectContaining({ code: "E_PROTOCOL" }) as Error,
  );
});

describe("what goes along:", () => {
  const short = { [OLD]: listOf(20), [NEW]: listOf(20, [3]) };
  const long = { [OLD]: listOf(200), [NEW]: listOf(200, [3]) };
  test.each([
    { name: "a short list to a peer that is in step", chunks: 20, lists: short, options: inStep, expected: "splice" },
    {
      name: "a short list to one that may lack the version before",
      chunks: 20,
      lists: short,
      options: { ...inStep, isInStep: false },
      expected: "list",
    },
    {
      name: "a short list to one that knows no splices",
      chunks: 20,
      lists: short,
      options: { ...inStep, canSplice: false },
      expected: "list",
    },
    {
      name: "a hundred scattered edits to a peer that is in step",
      chunks: 3000,
      lists: {
        [OLD]: listOf(3000),
        [NEW]: listOf(
          3000,
          Array.from({ length: 100 }, (_, i) => 30 * i),
        ),
      },
      options: inStep,
      expected: "splice",
    },
    {
      name: "a hundred scattered edits to one that may lack the version before",
      chunks: 3000,
      lists: {
        [OLD]: listOf(3000),
        [NEW]: listOf(
          3000,
          Array.from({ length: 100 }, (_, i) => 30 * i),
        ),
      },
      options: { ...inStep, isInStep: false },
      expected: "nothing",
    },
    {
      name: "a long list to one that may lack the version before",
      chunks: 200,
      lists: long,
      options: { ...inStep, isInStep: false },
      expected: "splice",
    },
    {
      name: "a long list to one that knows no splices",
      chunks: 200,
      lists: long,
      options: { ...inStep, canSplice: false },
      expected: "nothing",
    },
    {
      name: "a long list of a new file",
      chunks: 200,
      lists: { [NEW]: listOf(200) },
      options: inStep,
      expected: "nothing",
    },
    {
      name: "a long list of which everything changed",
      chunks: 400,
      lists: { [OLD]: listOf(400, [...Array(400).keys()]), [NEW]: listOf(400) },
      options: inStep,
      expected: "nothing",
    },
  ])("$name → $expected", ({ chunks, lists, options, expected }) => {
    const { chunkList, splice } = listToSend(winnerOf(chunks), store(lists), options);
    expect(splice !== undefined ? "splice" : chunkList.length > 0 ? "list" : "nothing").toBe(expected);
  });
});

test("nothing goes along with a file of one chunk, a directory or a tombstone", () => {
  const all = store({ [OLD]: listOf(20), [NEW]: listOf(20, [3]) });
  const heads = [
    winnerOf(20, { size: 1000 }),
    winnerOf(20, { type: "directory", contentId: null }),
    winnerOf(20, { deleted: true, contentId: null }),
  ];
  for (const head of heads) expect(listToSend(head, all, inStep)).toEqual({ chunkList: new Uint8Array(0) });
});

describe("a new file", () => {
  const [NEAR, FAR] = ["0c".repeat(32), "0d".repeat(32)] as [ContentId, ContentId];
  const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const lists = { [NEAR]: listOf(3000), [FAR]: listOf(3000, range(0, 50)), [NEW]: listOf(3000, [1500]) };
  const head = winnerOf(3000, { previous: null });
  const options = { ...inStep, relatives: () => [FAR, NEAR] };

  test("is told by the most similar content that the peer has", () => {
    const sent = listToSend(head, store(lists), options);
    expect(sent.spliceBase).toBe(NEAR);
    expect(sent.splice?.length).toBeLessThan(40);
    expect(received(head, sent, { [NEAR]: lists[NEAR] as ChunkList })).toEqual(
      toWireChunkList(lists[NEW] as ChunkList),
    );
    expect(received(head, sent, {})).toBeUndefined();
  });

  test("that replaces another is told by what it resembles, not by what was there", () => {
    const replacing = winnerOf(3000);
    const sent = listToSend(replacing, store({ ...lists, [OLD]: listOf(3000, range(0, 3000)) }), options);
    expect(sent.spliceBase).toBe(NEAR);
  });

  test.each([
    { name: "resembles nothing there", options: { ...options, relatives: () => [] } },
    { name: "goes to a peer that lacks what was before", options: { ...options, isInStep: false } },
    { name: "resembles what is nowhere here", options: { ...options, relatives: () => [OLD] } },
  ])("that $name is asked for", (row) => {
    expect(listToSend(head, store(lists), row.options)).toEqual({ chunkList: new Uint8Array(0) });
  });
});
