import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testNodes, until } from "../support/nodes.ts";
import { readTree, tree } from "../support/tree.ts";

test("three nodes in a line converge: the middle one passes on what it took", async () => {
  const [a, b, c] = await testNodes("anna", "bert", "cleo");
  await tree(a.directory, { "from-anna.txt": "a", sub: { "big.bin": "z".repeat(500_000) } });
  await a.up();
  await b.join(a);
  await c.join(b);
  await until(async () => "from-anna.txt" in (await readTree(c.directory)), "anna's file to reach cleo");
  await writeFile(join(c.directory, "from-cleo.txt"), "c");
  await rm(join(c.directory, "from-anna.txt"));
  const expected = { "from-cleo.txt": "c", sub: { "big.bin": "z".repeat(500_000) } };
  for (const node of [a, b, c]) {
    await until(
      async () => JSON.stringify(await readTree(node.directory)) === JSON.stringify(expected),
      `${node.name} to converge`,
    );
  }
  for (const node of [a, b, c]) await node.wait();
});

test("what a removed device writes is not passed on to who removed it, until it is trusted again", async () => {
  const [a, b, c] = await testNodes("anna", "bert", "cleo");
  await a.up();
  await b.join(a);
  await c.join(b);
  await c.join(a);
  const { id } = await a.json<{ id: string }>("peer", "remove", "cleo", "-y");
  await writeFile(join(c.directory, "from-cleo.txt"), "c");
  await until(async () => "from-cleo.txt" in (await readTree(b.directory)), "cleo's file to reach bert");
  await writeFile(join(b.directory, "from-bert.txt"), "b");
  await until(async () => "from-bert.txt" in (await readTree(a.directory)), "bert's later file to reach anna");
  await a.wait();
  expect(Object.keys(await readTree(a.directory))).toEqual(["from-bert.txt"]);

  await a.json("peer", "add", id);
  await until(async () => "from-cleo.txt" in (await readTree(a.directory)), "what bert held back to reach anna");
});
