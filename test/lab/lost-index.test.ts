/** The index is lost, or an older state of everything comes back: nothing old wins over anything newer. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { must } from "../support/lab.ts";
import { pairedNodes, type TestNode } from "../support/nodes.ts";
import { readTree, tree } from "../support/tree.ts";

async function dropIndex(node: TestNode): Promise<void> {
  for (const name of await readdir(node.home))
    if (name.startsWith("index.db")) await rm(join(node.home, name), { recursive: true });
}

async function inStep(a: TestNode, b: TestNode): Promise<void> {
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  await a.wait("--peer", "bert", "--peer-grace", "20s");
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
}

test("index lost while down: nothing newer is lost, own work and the peer's are both there, ends equal", async () => {
  const [a, b] = await pairedNodes();
  await tree(a.directory, { "same.txt": "same", "edited.txt": "before", sub: { "deep.txt": "deep" } });
  await tree(b.directory, { "by-bert.txt": "first", "gone.txt": "gone" });
  await b.wait();
  await b.down();
  must("cp", "-a", b.directory, `${b.directory}-old`);
  await b.start();
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  await writeFile(join(b.directory, "by-bert.txt"), "second");
  await rm(join(b.directory, "gone.txt"));
  await b.wait();
  await b.down();
  // The files of an earlier day, and no index to say so.
  await dropIndex(b);
  await rm(b.directory, { recursive: true });
  must("mv", `${b.directory}-old`, b.directory);
  await writeFile(join(a.directory, "edited.txt"), "after");
  await writeFile(join(b.directory, "own.txt"), "made while down");
  await a.run("wait", "--timeout", "2s");
  await b.start();
  await inStep(a, b);
  const now = await readTree(a.directory);
  // What bert himself had overwritten and deleted does not come back over it.
  expect(now).toMatchObject({
    "same.txt": "same",
    "own.txt": "made while down",
    "by-bert.txt": "second",
    "edited.txt": "after",
  });
  expect(now).not.toHaveProperty("gone.txt");
});

test("index, folder and marker of an earlier day put back: the peer's newer state comes again, what it displaces is kept", async () => {
  const [a, b] = await pairedNodes();
  await tree(a.directory, { "edited.txt": "first", "gone.txt": "gone", "same.txt": "same" });
  await a.wait();
  await b.down();
  must("cp", "-a", b.home, `${b.home}-snapshot`);
  must("cp", "-a", b.directory, `${b.directory}-snapshot`);
  await b.start();
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  await writeFile(join(b.directory, "edited.txt"), "second, by bert");
  await writeFile(join(b.directory, "added.txt"), "added");
  await rm(join(b.directory, "gone.txt"));
  await b.wait();
  await writeFile(join(a.directory, "edited.txt"), "third, by anna");
  await a.wait();
  await b.down();
  await rm(b.home, { recursive: true });
  await rm(b.directory, { recursive: true });
  must("mv", `${b.home}-snapshot`, b.home);
  must("mv", `${b.directory}-snapshot`, b.directory);
  await b.start();
  await inStep(a, b);
  expect(await readTree(a.directory)).toEqual({
    "edited.txt": "third, by anna",
    "added.txt": "added",
    "same.txt": "same",
  });
  await writeFile(join(b.directory, "edited.txt"), "fourth, by bert");
  await inStep(a, b);
  expect((await readTree(a.directory))["edited.txt"]).toBe("fourth, by bert");
});

test("both lose their indexes: equal files meet as equal, nothing is lost and nothing comes back twice", async () => {
  const [a, b] = await pairedNodes();
  await tree(a.directory, { "one.txt": "1", sub: { "two.txt": "2" } });
  await a.wait();
  for (const node of [a, b]) {
    await node.down();
    await dropIndex(node);
  }
  await writeFile(join(a.directory, "one.txt"), "1, edited");
  for (const node of [a, b]) await node.start();
  await inStep(a, b);
  const names = Object.keys(await readTree(a.directory));
  expect(names).toContain("one.txt");
  expect(names).toContain("sub");
  expect(JSON.stringify(await readTree(a.directory))).toContain("1, edited");
});
