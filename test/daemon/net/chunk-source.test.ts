import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DiskChunkSource } from "../../../src/daemon/net/chunk-source.ts";
import type { DiskStamp, Head } from "../../../src/shared/file-info.ts";
import { type ContentId, parseFolderId, parseRelPath } from "../../../src/shared/ids.ts";
import { encodeWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { openDisk } from "../../../src/sync/fs/disk.ts";
import { type DiskStat, type FsPath, privatePath } from "../../../src/sync/fs/filesystem.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { silentLog } from "../../peer/support.ts";
import { content, head } from "../../peer/wire/samples.ts";

const folder = parseFolderId("docs");
const other = parseFolderId("other");
const path = parseRelPath("sub/a.txt");
const A = content("a");

let home = "";
let root = "";
let index: OwnedIndex;
let source: DiskChunkSource;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "syncline-serve-"));
  root = join(home, "folder");
  mkdirSync(join(root, "sub"), { recursive: true });
  mkdirSync(join(root, ".syncline/store"), { recursive: true });
  const indexFile = join(home, "index.db");
  index = openIndex(indexFile);
  await index.write.openFolder(folder, "e1");
  source = new DiskChunkSource({ indexFile, log: silentLog });
  source.setFolders([
    { id: folder, root },
    { id: other, root },
  ]);
});
afterEach(async () => {
  source.rest();
  source.setFolders([]);
  await index[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

function stampOf(at: FsPath): DiskStamp {
  const disk = openDisk(root);
  const { type: _type, links: _links, ...stamp } = disk.stat(at) as DiskStat;
  disk.close();
  return stamp;
}

/** Puts a file on the disk and into the index. */
async function add(name: string, text: string, contentId: ContentId = A, fields: Partial<Head> = {}): Promise<void> {
  writeFileSync(join(root, name), text);
  const at = parseRelPath(name);
  const heads = [head({ size: text.length, contentId, ...fields })];
  await index.write.commitLocal(folder, [{ path: at, heads, stamp: stampOf(at), announce: true }], { nowMs: 1 });
}

function read(
  options: { at?: string; contentId?: ContentId; offset?: number; size?: number; from?: typeof folder } = {},
): string | undefined {
  const target = new Uint8Array(options.size ?? 5);
  const isRead = source.read(
    options.from ?? folder,
    parseRelPath(options.at ?? path),
    options.contentId ?? A,
    options.offset ?? 0,
    target,
  );
  return isRead ? new TextDecoder().decode(target) : undefined;
}

test("a file is read at any place within it, and nowhere else", async () => {
  await add(path, "0123456789");
  expect(read()).toBe("01234");
  expect(read({ offset: 5 })).toBe("56789");
  expect(read({ offset: 6 })).toBeUndefined();
  expect(read({ offset: 1_000_000 })).toBeUndefined();
});

test.each([
  { name: "another content", wish: { contentId: content("b") } },
  { name: "an unknown path", wish: { at: "nothing", contentId: content("c") } },
  { name: "another folder", wish: { from: other } },
  { name: "a folder that is not served", wish: { from: parseFolderId("elsewhere") } },
])("$name is not here", async ({ wish }) => {
  await add(path, "0123456789");
  expect(read(wish)).toBeUndefined();
});

test("a file that was touched since the scan is not served, also when it is open already", async () => {
  await add(path, "0123456789");
  expect(read()).toBe("01234");
  appendFileSync(join(root, path), "x");
  expect(read()).toBeUndefined();
  source.rest();
  expect(read()).toBeUndefined();
});

test("a deleted file's row serves nothing, nor does a row without a stamp", async () => {
  await add(path, "0123456789");
  await index.write.commitLocal(folder, [{ path, heads: [head({ contentId: A })], stamp: null, announce: true }], {
    nowMs: 2,
  });
  expect(read()).toBeUndefined();
  const gone = head({ deleted: true, contentId: null, version: [["AAAAAAAAAAAA" as Head["author"], 2_000_000_000]] });
  await index.write.commitLocal(folder, [{ path, heads: [gone], stamp: null, announce: true }], { nowMs: 3 });
  expect(read()).toBeUndefined();
});

test("no link is followed, in no part of the path", async () => {
  await add(path, "0123456789");
  renameSync(join(root, "sub"), join(home, "outside"));
  symlinkSync(join(home, "outside"), join(root, "sub"));
  source.rest();
  expect(read()).toBeUndefined();
});

test("a moved file is served from where it is now", async () => {
  await add("sub/moved.txt", "0123456789");
  expect(read({ at: "sub/a.txt" })).toBe("01234");
});

test("a replaced version is served from the store", async () => {
  await add(path, "0123456789", content("b"));
  const kept = privatePath("store", "kept1");
  writeFileSync(join(root, kept), "older bytes");
  const version = {
    folder,
    path,
    head: head({ contentId: A, size: 11 }),
    storedAtMs: 5,
    origin: "replaced",
    by: "x",
    storedAs: "kept1",
    stamp: stampOf(kept),
  };
  await index.write.commitLocal(folder, [], { nowMs: 5, versions: [version] });
  expect(read()).toBe("older");
  writeFileSync(join(root, kept), "other bytes");
  expect(read()).toBeUndefined();
});

test("a chunk list comes in wire form, for a file that is here", async () => {
  const list = { sizes: Uint32Array.of(20_000, 20_000), hashes: new Uint8Array(64).fill(3) };
  await add(path, "x".repeat(40_000));
  await index.write.putChunkLists([[A, list]]);
  expect(source.chunkList(folder, path, A)).toEqual(encodeWireChunkList(list));
  expect(source.chunkList(folder, path, content("b"))).toBeUndefined();
  expect(source.chunkList(other, path, A)).toBeUndefined();
});

test("a missing index is a file that is not here, not a failure", () => {
  const broken = new DiskChunkSource({ indexFile: join(home, "none.db"), log: silentLog });
  broken.setFolders([{ id: folder, root }]);
  expect(broken.read(folder, path, A, 0, new Uint8Array(1))).toBe(false);
  expect(broken.chunkList(folder, path, A)).toBeUndefined();
  broken.setFolders([]);
});

test("a file whose stamp proves nothing, because it was read as it was written, is served", async () => {
  writeFileSync(join(root, "sub/a.txt"), "fresh");
  const heads = [head({ size: 5, contentId: A })];
  const stamp = { ...stampOf(path), ctimeNs: -1n };
  await index.write.commitLocal(folder, [{ path, heads, stamp, announce: true }], { nowMs: 1 });
  const target = new Uint8Array(5);
  expect(source.read(folder, path, A, 0, target)).toBe(true);
  expect(new TextDecoder().decode(target)).toBe("fresh");
});
