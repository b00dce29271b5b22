import { expect, test } from "vitest";
import type { ContentId, FolderId, RelPath, ShortId } from "../../src/shared/ids.ts";
import { baseOf, sourcesOf } from "../../src/sync/content-here.ts";
import type { FolderContext } from "../../src/sync/folder-context.ts";
import { openIndex } from "../../src/sync/index/open-index.ts";

const [HERE, OTHER, PRIVATE] = ["photos", "films", "diary"] as [FolderId, FolderId, FolderId];
const [SELF, MEMBER, GUEST] = ["SELFSELFSELF", "MEMBERMEMBER", "GUESTGUESTGU"] as [ShortId, ShortId, ShortId];
const STAMP = { dev: 1n, ino: 2n, size: 50_000, mtimeNs: 3n, ctimeNs: 4n, mode: 0o100644 };
const SHARED_BY: Readonly<Record<string, readonly ShortId[]>> = { photos: [MEMBER, GUEST], films: [MEMBER] };

const contentOf = (folder: FolderId): ContentId => Buffer.from(folder).toString("hex").padEnd(64, "0") as ContentId;

/** A node with one file in each of three folders, seen from the first. */
async function node(siblings: readonly FolderId[] = []): Promise<FolderContext> {
  const index = openIndex(":memory:");
  for (const folder of [HERE, OTHER, PRIVATE]) {
    await index.write.openFolder(folder, "epoch");
    const head = {
      ...{ version: [[SELF, 1]] as [ShortId, number][], author: SELF, type: "file" as const, deleted: false },
      ...{ size: STAMP.size, mtimeNs: 3n, mode: 0o644, contentId: contentOf(folder), target: "", previous: null },
      owner: SELF,
    };
    const change = { path: `${folder}.bin` as RelPath, heads: [head], stamp: STAMP, announce: true };
    await index.write.commitLocal(folder, [change], { nowMs: 1 });
  }
  const membersOf = (folder: FolderId): ReadonlySet<ShortId> => new Set(SHARED_BY[folder] ?? []);
  return { folder: HERE, index, siblings: () => new Set(siblings), membersOf } as unknown as FolderContext;
}

test.each([
  { name: "this very folder", folder: HERE, holders: [GUEST], siblings: [], isUsed: true },
  {
    name: "a folder that one who has the file shares",
    folder: OTHER,
    holders: [GUEST, MEMBER],
    siblings: [],
    isUsed: true,
  },
  {
    name: "a folder that nobody who has the file shares",
    folder: OTHER,
    holders: [GUEST],
    siblings: [],
    isUsed: false,
  },
  { name: "a folder that all share", folder: OTHER, holders: [GUEST], siblings: [OTHER], isUsed: true },
  { name: "a folder that nobody shares", folder: PRIVATE, holders: [GUEST, MEMBER], siblings: [], isUsed: false },
])("what lies in $name is used: $isUsed", async ({ folder, holders, siblings, isUsed }) => {
  const context = await node(siblings);
  const base = baseOf(context, contentOf(folder), () => holders);
  expect(base?.name).toBe(isUsed ? `${folder}.bin` : undefined);
  expect(base?.folder).toBe(isUsed && folder !== HERE ? folder : undefined);
});

test("who has a file is looked up only for what lies in folders that fewer share", async () => {
  const context = await node([OTHER]);
  const holders = (): never => {
    throw new Error("looked up");
  };
  for (const folder of [HERE, OTHER]) expect(baseOf(context, contentOf(folder), holders)?.name).toBe(`${folder}.bin`);
  expect([...sourcesOf(context, contentOf(PRIVATE))]).toEqual([]);
});
