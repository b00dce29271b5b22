import { randomFillSync } from "node:crypto";
import {
  appendFile,
  chmod,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pairedNodes, sharedPair, type TestNode, testNodes, until } from "../support/nodes.ts";
import { executable, FileNode, link, readTree, tree } from "../support/tree.ts";

interface TransferDone {
  readonly type: string;
  readonly folder: string | null;
  readonly data: {
    readonly fileBytes: number;
    readonly wireBytes: number;
    readonly saved: { readonly delta: number; readonly reuse: number; readonly compression: number };
  };
}

const pair = sharedPair();

test("a tree arrives whole: names, links, modes, mtimes, empty and deep directories", async () => {
  const [a, b] = await testNodes("anna", "bert");
  const long = "ü".repeat(127);
  await tree(a.directory, {
    "empty.txt": "",
    "a b'\"\n-.txt": "odd name",
    [long]: "255 bytes of name",
    日本語: { "Größe.txt": "unicode" },
    "run.sh": executable("#!/bin/sh\n"),
    inside: link("run.sh"),
    outside: link("/etc/passwd"),
    dangling: link("../nowhere"),
    none: {},
    deep: { er: { and: { deeper: { "x.bin": "x".repeat(200_000) } } } },
  });
  await utimes(join(a.directory, "run.sh"), 1_600_000_000, 1_600_000_000.5);
  await a.up();
  await b.join(a);
  await b.wait();
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
  const [ours, theirs] = await Promise.all(
    [a, b].map((node) => stat(join(node.directory, "run.sh"), { bigint: true })),
  );
  expect(theirs?.mtimeNs).toBe(ours?.mtimeNs);
});

test("edits, renames, deletions and new directories follow in both directions", async () => {
  const [a, b] = await pair();
  await tree(a.directory, { "one.txt": "1", dir: { "two.txt": "2" }, "big.bin": "y".repeat(300_000) });
  await a.wait();
  await appendFile(join(b.directory, "one.txt"), " and more");
  await rename(join(b.directory, "dir"), join(b.directory, "moved"));
  await rm(join(b.directory, "big.bin"));
  await b.wait();
  await mkdir(join(a.directory, "moved/new"));
  await chmod(join(a.directory, "moved/two.txt"), 0o700);
  await symlink("one.txt", join(a.directory, "link"));
  await a.wait();
  expect(await readTree(a.directory)).toEqual({
    "one.txt": "1 and more",
    moved: { new: {}, "two.txt": new FileNode("2", 0o700) },
    link: link("one.txt"),
  });
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
});

test("one changed byte in a large file costs little, and the event of its transfer says how little", async () => {
  const [a, b, id] = await pair();
  const bytes = randomFillSync(Buffer.alloc(8 * 1024 * 1024));
  await writeAtOnce(a, "large.bin", bytes);
  await a.wait();
  const savedBefore = await savedByDelta(b);
  bytes[5_000_000] = (bytes[5_000_000] ?? 0) ^ 1;
  const file = await open(join(a.directory, "large.bin"), "r+");
  await file.write(bytes.subarray(5_000_000, 5_000_001), 0, 1, 5_000_000);
  await file.close();
  await a.wait();
  expect((await readFile(join(b.directory, "large.bin"))).equals(bytes)).toBe(true);
  const { stdout } = await b.run("events", "--json");
  const done = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TransferDone)
    .filter(({ type, folder }) => type === "transfer.done" && folder === id);
  const [, second] = done;
  if (second === undefined) throw new Error(`two transfers were made, and ${done.length} told of`);
  const { fileBytes, wireBytes, saved } = second.data;
  expect(fileBytes).toBe(bytes.length);
  expect(wireBytes).toBeLessThan(1000);
  expect(saved.delta + saved.reuse + saved.compression).toBe(fileBytes - wireBytes);
  expect((await savedByDelta(b)) - savedBefore).toBeGreaterThan(fileBytes * 0.99);
});

test("what changed while a node was down arrives when it is back", async () => {
  const [a, b] = await pair();
  await tree(a.directory, { "keep.txt": "k", "gone.txt": "g", "edited.txt": "before" });
  await a.wait();
  await b.down();
  await writeFile(join(a.directory, "edited.txt"), "after");
  await rm(join(a.directory, "gone.txt"));
  await writeFile(join(b.directory, "made-while-down.txt"), "m");
  await b.start();
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect(await readTree(a.directory)).toEqual({ "keep.txt": "k", "edited.txt": "after", "made-while-down.txt": "m" });
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
});

test("changes on both sides become a conflict with a visible copy, the same on both", async () => {
  const [a, b] = await pair();
  await tree(a.directory, { "note.txt": "start" });
  await a.wait();
  await b.down();
  await writeFile(join(a.directory, "note.txt"), "from anna");
  await writeFile(join(b.directory, "note.txt"), "from bert, later");
  await utimes(join(b.directory, "note.txt"), new Date(), new Date(Date.now() + 5000));
  await a.wait("--peer-grace", "0s");
  await b.start();
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  const names = await readdir(b.directory);
  const copy = names.find((name) => /^note\.sync-conflict-\d{8}-\d{6}-[A-Z2-7]{7}\.txt$/.test(name)) ?? "";
  expect(await readTree(b.directory)).toEqual({ "note.txt": "from bert, later", [copy]: "from anna" });
  expect(await readTree(a.directory)).toEqual(await readTree(b.directory));
  const { conflicts } = await a.json<{ conflicts: { path: string }[] }>("conflict", "list");
  expect(conflicts.map(({ path }) => path)).toEqual(["note.txt"]);
});

test("a transfer that kill -9 cut off goes on where it was", async () => {
  const [a, b] = await pair();
  const size = 200 * 1024 * 1024;
  // Nothing in it repeats or can be compressed: all of it has to come.
  await writeAtOnce(a, "large.bin", randomFillSync(Buffer.alloc(size)));
  const stage = join(b.directory, ".syncline/stage");
  await until(async () => (await readdir(stage)).some((name) => /^[0-9a-f]{64}$/.test(name)), "the transfer to begin");
  await b.kill();
  await b.start();
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect((await readFile(join(b.directory, "large.bin"))).equals(await readFile(join(a.directory, "large.bin")))).toBe(
    true,
  );
  expect(await readdir(stage)).toEqual([]);
});

test("very many deletions are held on the side they happen until somebody decides", async () => {
  const [a, b] = await pair();
  await tree(a.directory, Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`file-${i}.txt`, `content ${i}`])));
  await a.wait();
  await a.down();
  for (const name of await readdir(a.directory)) if (name !== ".syncline") await rm(join(a.directory, name));
  await a.start();
  const held = await a.run("wait", "--timeout", "20s");
  expect(held.code).toBe(3);
  expect(held.stderr + held.stdout).toContain("E_MANY_DELETES");
  expect(Object.keys(await readTree(b.directory))).toHaveLength(30);
  await a.json("folder", "reject", await folderId(a));
  await a.wait();
  expect(await readTree(a.directory)).toEqual(await readTree(b.directory));
  expect(Object.keys(await readTree(a.directory))).toHaveLength(30);
});

test("an admin's approval of many deletions holds on the other side, too", async () => {
  const [a, b] = await pairedNodes();
  await b.json("peer", "role", "anna", "admin");
  await tree(a.directory, Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`file-${i}.txt`, `content ${i}`])));
  await a.wait();
  await a.down();
  for (const name of await readdir(a.directory)) if (name !== ".syncline") await rm(join(a.directory, name));
  await a.start();
  expect((await a.run("wait", "--timeout", "20s")).code).toBe(3);
  await a.json("folder", "approve", await folderId(a), "-y");
  await a.wait("--peer", "bert", "--peer-grace", "20s");
  expect(await readTree(b.directory)).toEqual({});
});

async function folderId(node: { json<T>(...args: string[]): Promise<T> }): Promise<string> {
  const { folders } = await node.json<{ folders: { id: string }[] }>("status");
  return folders[0]?.id ?? "";
}

/** The whole file appears in one moment: no half of it is looked at, staged or sent. */
async function writeAtOnce({ directory }: TestNode, name: string, bytes: Uint8Array): Promise<void> {
  await writeFile(`${directory}-draft`, bytes);
  await rename(`${directory}-draft`, join(directory, name));
}

async function savedByDelta(node: TestNode): Promise<number> {
  const { traffic } = await node.json<{ traffic: { savedBytes: { delta: number } } }>("status");
  return traffic.savedBytes.delta;
}
