import { appendFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { OfferedFiles } from "../../../src/daemon/net/offered-files.ts";
import { LocalFiles } from "../../../src/daemon/transfers/local-files.ts";
import type { ContentId, FolderId, RelPath } from "../../../src/shared/ids.ts";
import { decodeWireChunkList } from "../../../src/sync/delta/wire-chunk-list.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const TOKEN = `offer-${"0".repeat(32)}` as FolderId;
const NAME = "0" as RelPath;

test("exactly what was offered is served, while it is what was hashed, and no longer than the offer", async () => {
  await using place = await temporaryDirectory();
  const path = join(place.path, "a.bin");
  writeFileSync(path, Buffer.alloc(200_000, "offered "));
  const { stamp, contentId, list } = new LocalFiles().hash(path);
  const offers = new OfferedFiles();
  offers.set(TOKEN, [{ name: NAME, path, stamp, contentId, list }]);
  const bytes = new Uint8Array(8);
  expect(offers.read(TOKEN, NAME, contentId, 16, bytes)).toBe(true);
  expect(Buffer.from(bytes).toString()).toBe("offered ");
  expect(
    decodeWireChunkList(offers.chunkList(TOKEN, NAME, contentId) ?? new Uint8Array(), stamp.size).sizes.length,
  ).toBeGreaterThan(1);
  expect(offers.read(TOKEN, NAME, contentId, stamp.size - 4, bytes)).toBe(false);
  expect(offers.read(TOKEN, "1" as RelPath, contentId, 0, bytes)).toBe(false);
  expect(offers.read(TOKEN, NAME, "ff".repeat(32) as ContentId, 0, bytes)).toBe(false);
  expect(offers.read("docs" as FolderId, NAME, contentId, 0, bytes)).toBe(false);
  appendFileSync(path, "changed");
  expect(offers.read(TOKEN, NAME, contentId, 0, bytes)).toBe(false);
  const again = new LocalFiles().hash(path);
  offers.set(TOKEN, [{ name: NAME, path, stamp: again.stamp, contentId: again.contentId, list: again.list }]);
  expect(offers.read(TOKEN, NAME, again.contentId, 0, bytes)).toBe(true);
  offers.set(TOKEN, []);
  expect(offers.has(TOKEN)).toBe(false);
  expect(offers.read(TOKEN, NAME, again.contentId, 0, bytes)).toBe(false);
  rmSync(path);
  expect(() => statSync(path)).toThrow();
});
