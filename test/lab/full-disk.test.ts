/** The receiver's disk is full, or has no inodes left: named, nothing lost, and it goes on by itself. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { mountTmpfs } from "../support/lab.ts";
import { type SharedFolder, sharedPair, type TestNode, until } from "../support/nodes.ts";
import { readTree, tree } from "../support/tree.ts";

const pair = sharedPair();
const MIB = 1024 * 1024;

function onSmallDisk(context: TestContext, options: string): Promise<SharedFolder> {
  return pair(async (a, b) => {
    mountTmpfs(context, b.directory, options);
    await tree(a.directory, { "old.txt": "old", sub: { "edited.txt": "before" } });
  });
}

async function isNamed(b: TestNode, a: TestNode, path: string): Promise<void> {
  await until(
    async () => (await b.run("why", join(b.directory, path))).stdout.includes("E_DISK_FULL"),
    "why to name the full disk",
  );
  for (const node of [b, a]) {
    const waited = await node.run("wait", "--timeout", "20s");
    expect([3, 11], `${node.name}: ${waited.stderr}${waited.stdout}`).toContain(waited.code);
    expect(waited.stderr + waited.stdout).toContain("E_DISK_FULL");
  }
}

test("8 MiB of disk and a file of 20 MiB: named on both sides, the old stays, and it arrives when there is space", async (context) => {
  const [a, b] = await onSmallDisk(context, "size=8m");
  await writeFile(join(b.directory, "in-the-way.bin"), Buffer.alloc(3 * MIB, 1));
  await b.wait();
  await writeFile(join(a.directory, "huge.bin"), Buffer.alloc(20 * MIB, "0123456789abcdefg"));
  await isNamed(b, a, "huge.bin");
  expect((await readdir(b.directory)).sort()).toEqual([".syncline", "in-the-way.bin", "old.txt", "sub"]);
  expect(await readTree(join(b.directory, "sub"))).toEqual({ "edited.txt": "before" });
  // Others still fit, in both directions.
  await writeFile(join(b.directory, "from-bert.txt"), "b");
  await until(async () => "from-bert.txt" in (await readTree(a.directory)), "bert's file to reach anna");
  await rm(join(a.directory, "huge.bin"));
  await writeFile(join(a.directory, "fits.bin"), Buffer.alloc(4 * MIB, "xyz"));
  await rm(join(b.directory, "in-the-way.bin"));
  await until(async () => (await b.run("wait", "--timeout", "5s")).code === 0, "bert to go on", 60_000);
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
}, 120_000);

test("space freed is noticed without a word from anybody", async (context) => {
  const [a, b] = await onSmallDisk(context, "size=12m");
  await writeFile(join(b.directory, ".synclineignore"), "ballast\n");
  await b.wait();
  await writeFile(join(b.directory, "ballast"), Buffer.alloc(7 * MIB, 1));
  await writeFile(join(a.directory, "large.bin"), Buffer.alloc(6 * MIB, "0123456789abcdefg"));
  await isNamed(b, a, "large.bin");
  await rm(join(b.directory, "ballast"));
  await until(async () => "large.bin" in (await readTree(b.directory)), "the file to arrive", 70_000);
  await b.wait();
  expect(await readTree(a.directory)).toEqual(await readTree(b.directory));
  expect(await readdir(join(b.directory, ".syncline/stage"))).toEqual([]);
}, 120_000);

test("no inodes left: named, and it goes on when there are some", async (context) => {
  const [a, b] = await onSmallDisk(context, "size=16m,nr_inodes=90");
  await writeFile(join(b.directory, ".synclineignore"), "ballast/\n");
  await b.wait();
  await tree(b.directory, { ballast: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`b${i}`, ""])) });
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, `content ${i}`]));
  await tree(a.directory, { many });
  await until(
    async () => (await b.run("status", "--json")).stdout.includes("E_DISK_FULL"),
    "status to name the full disk",
  );
  const waited = await b.run("wait", "--timeout", "20s");
  expect([3, 11], waited.stderr + waited.stdout).toContain(waited.code);
  expect(await readTree(join(b.directory, "sub"))).toEqual({ "edited.txt": "before" });
  expect((await readTree(a.directory))["many"]).toEqual(many);
  await rm(join(b.directory, "ballast"), { recursive: true });
  await until(async () => (await b.run("wait", "--timeout", "5s")).code === 0, "bert to go on", 70_000);
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
}, 120_000);
