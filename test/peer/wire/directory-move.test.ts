import { expect, test } from "vitest";
import { expandMove } from "../../../src/peer/wire/directory-move.ts";
import type { FileInfo } from "../../../src/shared/file-info.ts";
import type { DirectoryMove } from "../../../src/shared/messages.ts";
import { compare } from "../../../src/shared/version-vector.ts";
import { A, B, content, head, path } from "./samples.ts";

const move: DirectoryMove = { sequence: 30, from: path("old"), to: path("new/place"), author: B, counter: 100 };
const directory: FileInfo = {
  path: path("old"),
  heads: [head({ type: "directory", size: 0, contentId: null, mtimeNs: 0n })],
};
const file: FileInfo = {
  path: path("old/x.txt"),
  heads: [
    head({
      version: [
        [A, 5],
        [B, 7],
      ],
      previous: content("c"),
    }),
  ],
};
const gone: FileInfo = { path: path("old/gone"), heads: [head({ deleted: true, contentId: null })] };
const neighbour: FileInfo = { path: path("older"), heads: [head()] };

test("each live record at and below the directory becomes a tombstone and a new record", () => {
  const records = expandMove(move, [directory, file, gone, neighbour]);
  expect(records.map(({ info }) => [info.path, info.heads[0]?.deleted])).toEqual([
    ["old", true],
    ["new/place", false],
    ["old/x.txt", true],
    ["new/place/x.txt", false],
  ]);
  for (const record of records) expect(record.sequence).toBe(30);
});

test("a moved file keeps what it is; only its author and history say that it moved", () => {
  const [tombstone, arrival] = expandMove(move, [file]).map(({ info }) => info.heads[0]);
  expect(tombstone).toEqual({
    ...file.heads[0],
    version: [
      [A, 5],
      [B, 100],
    ],
    author: B,
    deleted: true,
    contentId: null,
    previous: content("a"),
    mtimeNs: 100_000_000_000n,
  });
  expect(arrival).toEqual({
    ...file.heads[0],
    version: [
      [A, 5],
      [B, 100],
    ],
    author: B,
    previous: null,
  });
});

test("new versions stand above every head of their path, also at the destination", () => {
  const there: FileInfo = {
    path: path("new/place/x.txt"),
    heads: [head({ version: [[A, 9]], contentId: content("d") }), head({ version: [[B, 50]] })],
  };
  const torn: FileInfo = { ...file, heads: [...file.heads, head({ version: [[A, 6]] })] };
  const [tombstone, arrival] = expandMove(move, [torn, there]).map(({ info }) => info.heads[0]);
  for (const { version } of torn.heads) expect(compare(version, tombstone?.version ?? [])).toBe("before");
  for (const { version } of there.heads) expect(compare(version, arrival?.version ?? [])).toBe("before");
  expect(arrival?.previous).toBe(content("d"));
});

test("a counter that does not rise is refused", () => {
  expect(() => expandMove({ ...move, counter: 7 }, [file])).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
});

test("a destination path that cannot be is refused", () => {
  const long = path(`old/${"x".repeat(250)}/${"y/".repeat(1918)}z`);
  expect(() => expandMove(move, [{ ...file, path: long }])).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
});
