/** Two machines that hold nearly the same tree meet: that costs what differs. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { must } from "../support/lab.ts";
import { type TestNode, testNodes } from "../support/nodes.ts";
import { readTree, tree } from "../support/tree.ts";

const FILES = 3000;
const DIRECTORIES = 60;

async function largeTree(directory: string): Promise<void> {
  const files = (d: number) =>
    Object.fromEntries(Array.from({ length: FILES / DIRECTORIES }, (_, i) => [`file ${i}.txt`, `content ${d} ${i}`]));
  await tree(
    directory,
    Object.fromEntries(Array.from({ length: DIRECTORIES }, (_, d) => [`directory ${d}`, files(d)])),
  );
}

async function wireBytes(node: TestNode): Promise<number> {
  const { traffic } = await node.json<{ traffic: { wireBytesSent: number; wireBytesReceived: number } }>("status");
  return traffic.wireBytesSent + traffic.wireBytesReceived;
}

async function inStep(a: TestNode, b: TestNode): Promise<void> {
  await b.wait("--peer", a.name, "--peer-grace", "20s");
  await a.wait("--peer", b.name, "--peer-grace", "20s");
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
}

test("a tree copied by hand to both machines costs next to nothing, and what differs beside it is there", async () => {
  const [a, b] = await testNodes("anna", "bert");
  await largeTree(a.directory);
  must("cp", "-a", a.directory, b.directory);
  await writeFile(join(a.directory, "only-anna.txt"), "anna");
  await writeFile(join(b.directory, "directory 7", "only-bert.txt"), "bert");
  await a.up();
  await a.wait();
  await b.join(a);
  await inStep(a, b);
  expect(await readFile(join(a.directory, "directory 7", "only-bert.txt"), "utf8")).toBe("bert");
  // All records would be half a megabyte each way.
  expect(await wireBytes(b)).toBeLessThan(40_000);
  // What they hold is one history: an edit is no conflict.
  await writeFile(join(b.directory, "directory 3", "file 3.txt"), "edited by bert");
  await inStep(a, b);
  await writeFile(join(a.directory, "directory 3", "file 3.txt"), "and then by anna");
  await inStep(a, b);
  expect(Object.keys((await readTree(a.directory))["directory 3"] as object)).toHaveLength(FILES / DIRECTORIES);
});

test("a lost index costs what differs", async () => {
  const [a, b] = await testNodes("anna", "bert");
  await largeTree(a.directory);
  await a.up();
  await b.join(a);
  await inStep(a, b);
  await b.down();
  for (const name of ["index.db", "index.db-wal", "index.db-shm"]) await rm(join(b.home, name), { force: true });
  await writeFile(join(a.directory, "directory 1", "file 1.txt"), "edited while bert was down");
  await rm(join(a.directory, "directory 2", "file 2.txt"));
  await a.run("wait", "--timeout", "2s");
  const before = await wireBytes(a);
  await b.start();
  await inStep(a, b);
  expect((await wireBytes(a)) - before).toBeLessThan(40_000);
});
