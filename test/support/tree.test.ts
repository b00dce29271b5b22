import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EXT4 } from "./sim-disk.ts";
import { SimFs } from "./sim-fs.ts";
import { executable, link, readTree, tree } from "./tree.ts";

test("a tree made is the tree read, on disk and in simulation", async () => {
  const spec = { "a.txt": "one", sub: { "b.txt": "two", empty: {}, run: executable("#!"), there: link("../a.txt") } };
  const directory = await mkdtemp(join(tmpdir(), "syncline-tree-"));
  await tree(directory, spec);
  await tree(directory, { ".syncline": { "marker.json": "{}" } });
  expect(await readTree(directory)).toEqual(spec);
  await rm(directory, { recursive: true });
  const fs = new SimFs({ nowMs: () => 0, personality: EXT4 });
  fs.user.plant({ ...spec, ".syncline": { "marker.json": "{}" } });
  expect(fs.user.tree()).toEqual(spec);
});
