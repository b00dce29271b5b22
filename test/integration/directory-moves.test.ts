import { existsSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sharedPair, type TestNode } from "../support/nodes.ts";

const pair = sharedPair();
const FILES = 1000;
const DIRECTORIES = 10;

async function fill(root: string): Promise<void> {
  for (let d = 0; d < DIRECTORIES; d++) {
    const directory = join(root, `d${d}`);
    await mkdir(directory, { recursive: true });
    for (let f = 0; f < FILES / DIRECTORIES; f++) await writeFile(join(directory, `file-${f}.txt`), `${d}/${f}`);
  }
}

async function traffic(node: TestNode): Promise<number> {
  const { traffic: seen } = await node.json<{ traffic: { wireBytesSent: number; wireBytesReceived: number } }>(
    "status",
  );
  return seen.wireBytesSent + seen.wireBytesReceived;
}

test("a directory of 1,000 files renamed on one node is renamed on the other, with hardly a byte on the wire", async () => {
  const [a, b] = await pair();
  await fill(join(a.directory, "many"));
  await a.wait();
  const [there, file] = [join(b.directory, "many"), join("d3", "file-7.txt")];
  const before = { directory: statSync(there).ino, file: statSync(join(there, file)).ino };
  const wireBefore = await traffic(a);
  renameSync(join(a.directory, "many"), join(a.directory, "moved"));
  await a.wait();
  await b.wait();
  const wire = (await traffic(a)) - wireBefore;

  const moved = join(b.directory, "moved");
  expect(existsSync(there)).toBe(false);
  // The same inodes: nothing was copied.
  expect(statSync(moved).ino).toBe(before.directory);
  expect(statSync(join(moved, file)).ino).toBe(before.file);
  expect(readFileSync(join(moved, file), "utf8")).toBe("3/7");
  expect(readdirSync(moved)).toHaveLength(DIRECTORIES);
  // The waits ask each other for a look at the disk, too. In records it would be 100 kB and more.
  expect(wire).toBeLessThan(4096);
});

test("a directory renamed while its node was down is one move at the next start", async () => {
  const [a, b] = await pair();
  await fill(join(a.directory, "many"));
  await a.wait();
  const { ino } = statSync(join(b.directory, "many"));
  await a.down();
  renameSync(join(a.directory, "many"), join(a.directory, "moved"));
  await a.start();
  await a.wait();
  expect(statSync(join(b.directory, "moved")).ino).toBe(ino);
  expect(existsSync(join(b.directory, "many"))).toBe(false);
});
