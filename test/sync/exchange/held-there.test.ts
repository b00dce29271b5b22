import { expect, test } from "vitest";
import type { ChunkList } from "../../../src/shared/file-info.ts";
import type { ContentId, FolderId, RelPath, ShortId } from "../../../src/shared/ids.ts";
import { isHeldThere, relativesThere } from "../../../src/sync/exchange/held-there.ts";
import type { FolderContext } from "../../../src/sync/folder-context.ts";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import { randomBytes } from "../delta/inputs.ts";

const [HERE, OTHER] = ["photos", "films"] as [FolderId, FolderId];
const [SELF, PEER] = ["SELFSELFSELF", "PEERPEERPEER"] as [ShortId, ShortId];
const CHUNK = 40_000;
const CHUNKS = 1000;

const idOf = (name: string): ContentId => Buffer.from(name).toString("hex").padEnd(64, "0") as ContentId;
const path = (name: string): RelPath => name as RelPath;

/** A list of 1,000 chunks of which `edited` are its own. */
function listOf(seed: number, edited: readonly number[] = []): ChunkList {
  const hashes = randomBytes(CHUNKS * 32, seed);
  for (const chunk of edited) hashes.set(randomBytes(32, 1000 + seed + chunk), chunk * 32);
  return { sizes: new Uint32Array(CHUNKS).fill(CHUNK), hashes };
}

class Node {
  readonly index = openIndex(":memory:");
  readonly context = { folder: HERE, index: this.index } as unknown as FolderContext;

  async open(): Promise<this> {
    for (const folder of [HERE, OTHER]) await this.index.write.openFolder(folder, "epoch");
    return this;
  }

  /** Puts a file there, and says its sequence. */
  async put(folder: FolderId, name: string, list: ChunkList): Promise<number> {
    const head = {
      ...{ version: [[SELF, 1]] as [ShortId, number][], author: SELF, type: "file" as const, deleted: false },
      ...{ size: CHUNK * CHUNKS, mtimeNs: 3n, mode: 0o644, contentId: idOf(name), target: "", previous: null },
      owner: SELF,
    };
    const stamp = { dev: 1n, ino: 2n, size: head.size, mtimeNs: 3n, ctimeNs: 4n, mode: 0o100644 };
    await this.index.write.putChunkLists([[idOf(name), list]]);
    await this.index.write.commitLocal(folder, [{ path: path(name), heads: [head], stamp, announce: true }], {
      nowMs: 1,
    });
    return this.index.read.folder(folder)?.sequence ?? 0;
  }
}

test("a content is held there when the peer has acknowledged it, here under another path or in another folder", async () => {
  const node = await new Node().open();
  const knownUpTo = await node.put(HERE, "first", listOf(1));
  await node.put(HERE, "second", listOf(2));
  const other = await node.put(OTHER, "third", listOf(3));
  const isHeld = (name: string, except?: string): boolean =>
    isHeldThere(node.context, idOf(name), { device: PEER, knownUpTo }, except === undefined ? undefined : path(except));
  expect(isHeld("first")).toBe(true);
  expect(isHeld("first", "first")).toBe(false);
  expect(isHeld("second")).toBe(false);
  expect(isHeld("third")).toBe(false);
  await node.index.write.setAcked(OTHER, PEER, "epoch", other);
  expect(isHeld("third")).toBe(true);
});

test("what a new list resembles is found among what the peer has, the nearest first", async () => {
  const node = await new Node().open();
  await node.put(
    HERE,
    "far",
    listOf(
      1,
      Array.from({ length: 700 }, (_, i) => i),
    ),
  );
  const knownUpTo = await node.put(HERE, "near", listOf(1, [3]));
  await node.put(HERE, "untold", listOf(1, [4]));
  await node.put(HERE, "stranger", listOf(9));
  const found = (name: string, list: ChunkList): readonly ContentId[] => {
    const file = { path: path("new"), contentId: idOf(name), list };
    return relativesThere(node.context, file, { device: PEER, knownUpTo });
  };
  expect(found("new", listOf(1, [500]))).toEqual([idOf("near"), idOf("far")]);
  expect(found("new", listOf(50))).toEqual([]);
  // A copy as it is needs no list.
  expect(found("near", listOf(1, [3]))).toEqual([]);
});
