/** A move from one folder of a node into another: who may, what goes along, what others hear, and a crash in the middle. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { addFolder, sharedPair, type TestNode, until } from "../../support/nodes.ts";
import { readTree, tree } from "../../support/tree.ts";

const pair = sharedPair();
const LAUNCHER = resolve(import.meta.dirname, "../../../bin/syncline");
const MOVED_BYTES = 3_000_000;
/** Bert has not taken the second folder, and would be waited for. */
const WITHOUT_SECOND = ["--peer-grace", "0s"];

interface Listed {
  readonly type: string;
  readonly path: string;
  readonly owner: string;
}

async function ownerOf(node: TestNode, place: string): Promise<string | undefined> {
  const { stdout } = await node.run("--json", "list", "-l", place);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Listed)
    .find(({ owner }) => owner !== undefined)?.owner;
}

/** A second folder of anna's, shared with bert. */
async function withSecond(a: TestNode, rights: "read" | "write"): Promise<string> {
  const second = `${a.directory}-second`;
  await addFolder(a, second, "second");
  await a.json("folder", "share", "second", "--to", "bert", "--rights", rights);
  return second;
}

async function received(node: TestNode): Promise<number> {
  return (await node.json<{ traffic: { wireBytesReceived: number } }>("status")).traffic.wireBytesReceived;
}

test("whoever may moves files between folders, and a device that shares both fetches nothing", {
  timeout: 300_000,
}, async () => {
  const [a, b, first] = await pair();
  const second = await withSecond(a, "read");
  const bytes = randomBytes(MOVED_BYTES);
  await tree(a.directory, { d: { "note.txt": "one", e: {} } });
  await writeFile(join(a.directory, "d", "big.bin"), bytes);
  await writeFile(join(b.directory, "his.txt"), "first");
  await b.wait();
  await a.wait(...WITHOUT_SECOND);
  await writeFile(join(b.directory, "his.txt"), "second");
  await b.wait();

  // Bert may write to the one folder only; then to both, but anna's files he may not take away.
  const refused = await b.run("--json", "move", `anna:${first}/his.txt`, "anna:second/");
  expect([refused.code, JSON.parse(refused.stderr)]).toMatchObject([5, { code: "E_NOT_ALLOWED" }]);
  await a.json("folder", "share", "second", "--to", "bert", "--rights", "write");
  expect((await b.run("move", `anna:${first}/d`, "anna:second/")).code).toBe(5);
  const moved = await b.run("move", `anna:${first}/his.txt`, "anna:second/");
  expect(moved).toMatchObject({ code: 0, stdout: `moved ${first}/his.txt to second/his.txt\n` });
  expect(await readFile(join(second, "his.txt"), "utf8")).toBe("second");
  expect(await ownerOf(a, "self:second/his.txt")).toBe("bert");
  expect((await a.json<{ versions: unknown[] }>("versions", "self:second/his.txt")).versions).toMatchObject([
    { version: 1, size: 5, current: false },
    { version: 2, size: 6, current: true },
  ]);
  expect((await a.run("move", `self:${first}/d/note.txt`, "self:second/his.txt")).code).toBe(8);

  // Bert's own node has both folders: what moved at anna's is here already.
  await addFolder(b, `${b.directory}-second`, "second");
  await b.json("folder", "share", "second", "--to", "anna");
  await b.wait();
  const [before, inode] = [await received(b), (await stat(join(a.directory, "d", "big.bin"))).ino];
  const plan = await a.run("move", "-n", `self:${first}/d`, "self:second/new/");
  expect(plan.stdout.split("\n")[0]).toBe(`would move ${first}/d to second/new/d`);
  expect((await a.run("move", `self:${first}/d`, "self:second/new/")).code).toBe(0);
  expect((await stat(join(second, "new", "d", "big.bin"))).ino).toBe(inode);
  await a.wait();
  await b.wait();
  expect(await readFile(join(`${b.directory}-second`, "new", "d", "big.bin"))).toEqual(bytes);
  expect(Object.keys(await readTree(b.directory)).filter((name) => name !== ".syncline")).toEqual([]);
  expect((await received(b)) - before).toBeLessThan(MOVED_BYTES / 20);
});

test("a node that is killed in a move has every file somewhere, and the same command completes it", {
  timeout: 300_000,
}, async () => {
  const [a, , first] = await pair();
  const second = await withSecond(a, "read");
  const names = Array.from({ length: 600 }, (_, number) => `f${String(number).padStart(3, "0")}`);
  await tree(join(a.directory, "many"), Object.fromEntries(names.map((name) => [name, `content of ${name}`])));
  await a.wait(...WITHOUT_SECOND);
  const filesIn = async (directory: string): Promise<readonly string[]> =>
    await readdir(directory).catch((): string[] => []);
  const move = ["move", `self:${first}/many`, "self:second/many"] as const;
  const child = spawn(LAUNCHER, ["--home", a.home, ...move], { stdio: "ignore" });
  await until(async () => (await filesIn(join(second, "many"))).length > 60, "some files there");
  await a.kill();
  child.kill();
  const [left, there] = [await filesIn(join(a.directory, "many")), await filesIn(join(second, "many"))];
  expect([...new Set([...left, ...there])].sort()).toEqual(names);
  await a.start();
  await a.wait(...WITHOUT_SECOND);
  if (left.length > 0) expect((await a.run(...move)).code).toBe(0);
  expect(await readdir(join(second, "many"))).toHaveLength(names.length);
  for (const name of names) expect(await readFile(join(second, "many", name), "utf8")).toBe(`content of ${name}`);
  expect(await filesIn(join(a.directory, "many"))).toEqual([]);
  expect((await stat(join(second, "many", "f000"))).nlink).toBe(1);
});
