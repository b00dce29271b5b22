/** The folder's root goes away, is emptied, replaced or mistaken: the folder halts, and nothing is deleted anywhere. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attempt, mountTmpfs, must } from "../support/lab.ts";
import { sharedPair, type TestNode, testNodes, until } from "../support/nodes.ts";
import { readTree, tree } from "../support/tree.ts";

const FILES = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`file-${i}.txt`, `content ${i}`]));
const pair = sharedPair();
const BEFORE = { ...FILES, sub: { "deep.txt": "deep" } };

interface Status {
  readonly folders: readonly {
    readonly id: string;
    readonly state: string;
    readonly problems: readonly { readonly code: string }[];
  }[];
}

async function folder(node: TestNode): Promise<Status["folders"][number] | undefined> {
  return (await node.json<Status>("status")).folders[0];
}

async function becomes(node: TestNode, state: string, code?: string): Promise<void> {
  await until(
    async () => {
      const now = await folder(node);
      return now?.state === state && (code === undefined || now.problems.some((problem) => problem.code === code));
    },
    `${node.name}'s folder to be ${state} ${code ?? ""}`,
  );
}

async function repair(node: TestNode): Promise<void> {
  await node.json("folder", "repair", (await folder(node))?.id ?? "", "-y");
}

/** `b` is halted; `a` works on, keeps everything, and what changed there arrives when `b` is healed. */
async function staysWhole(a: TestNode, b: TestNode, code: string): Promise<void> {
  await becomes(b, "halted", code);
  const waited = await b.run("wait", "--timeout", "5s");
  expect(waited.code, waited.stderr + waited.stdout).toBe(3);
  expect(waited.stderr + waited.stdout).toContain(code);
  await writeFile(join(a.directory, "meanwhile.txt"), "new");
  await a.run("wait", "--timeout", "3s");
  expect(await readTree(a.directory)).toEqual({ ...BEFORE, "meanwhile.txt": "new" });
}

async function heals(a: TestNode, b: TestNode): Promise<void> {
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect(await readTree(b.directory)).toEqual({ ...BEFORE, "meanwhile.txt": "new" });
  expect(await readTree(a.directory)).toEqual(await readTree(b.directory));
}

test("unmounted under the daemon: halted, and it goes on by itself when the disk is back", async (context) => {
  const [a, b] = await testNodes("anna", "bert");
  const disk = `${b.directory}-disk`;
  mountTmpfs(context, disk, "size=16m");
  must("mkdir", b.directory);
  must("mount", "--bind", disk, b.directory);
  context.onTestFinished(() => void attempt("umount", "-l", b.directory));
  await tree(a.directory, BEFORE);
  await a.up();
  await b.join(a);
  await b.wait();
  must("umount", "-l", b.directory);
  await staysWhole(a, b, "E_MARKER_MISSING");
  expect(await readdir(b.directory)).toEqual([]);
  must("mount", "--bind", disk, b.directory);
  await heals(a, b);
});

test("emptied, marker and all: halted; repair brings everything back", async () => {
  const [a, b] = await pair();
  await tree(a.directory, BEFORE);
  await a.wait();
  for (const name of await readdir(b.directory)) await rm(join(b.directory, name), { recursive: true });
  await staysWhole(a, b, "E_MARKER_MISSING");
  await repair(b);
  await heals(a, b);
});

test("renamed and made anew, empty: halted; the old one put back goes on by itself", async () => {
  const [a, b] = await pair();
  await tree(a.directory, BEFORE);
  await a.wait();
  await rename(b.directory, `${b.directory}-old`);
  await mkdir(b.directory);
  await staysWhole(a, b, "E_MARKER_MISSING");
  expect(await readdir(b.directory)).toEqual([]);
  await rm(b.directory, { recursive: true });
  await rename(`${b.directory}-old`, b.directory);
  await heals(a, b);
});

test("the marker of another folder: halted, also over a restart; repair heals", async () => {
  const [a, b] = await pair();
  await tree(a.directory, BEFORE);
  await a.wait();
  const marker = join(b.directory, ".syncline/marker.json");
  const other = JSON.parse(await readFile(marker, "utf8")) as Record<string, unknown>;
  await writeFile(marker, JSON.stringify({ ...other, folderId: "other-aaaaa", folder: "other-aaaaa" }));
  await rm(join(b.directory, "sub"), { recursive: true });
  await staysWhole(a, b, "E_MARKER_WRONG");
  await b.down();
  await b.start();
  await becomes(b, "halted", "E_MARKER_WRONG");
  expect(await readTree(a.directory)).toEqual({ ...BEFORE, "meanwhile.txt": "new" });
  await repair(b);
  await heals(a, b);
});

test("two daemons on one home: the second changes nothing; one directory by two homes: the second is refused", async () => {
  const [a, b] = await testNodes("anna", "bert");
  await tree(a.directory, BEFORE);
  await a.up();
  await a.wait();
  const pid = await a.pid();
  const again = await a.run("up", "--foreground");
  expect(again.code, again.stderr).not.toBe(0);
  expect(again.stderr + again.stdout).toContain("E_ALREADY_RUNNING");
  expect(await a.pid()).toBe(pid);
  const marker = await readFile(join(a.directory, ".syncline/marker.json"), "utf8");
  const shared = await b.run("--json", "up", a.directory, "--listen", "127.0.0.1:0", "--no-discovery");
  expect(shared.code, shared.stdout + shared.stderr).toBe(8);
  expect(shared.stderr).toContain("E_FOLDER_IN_USE");
  expect(await readFile(join(a.directory, ".syncline/marker.json"), "utf8")).toBe(marker);
  expect(await readTree(a.directory)).toEqual(BEFORE);
});

test("moved to another disk with all its times, marker included: nothing is new, nothing is sent back", async () => {
  const [a, b] = await pair();
  await tree(a.directory, BEFORE);
  await a.wait();
  await b.down();
  must("cp", "-a", b.directory, `${b.directory}-copy`);
  await rm(b.directory, { recursive: true });
  await rename(`${b.directory}-copy`, b.directory);
  await writeFile(join(a.directory, "file-0.txt"), "newer");
  await a.run("wait", "--timeout", "3s");
  await b.start();
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect(await readTree(b.directory)).toEqual({ ...BEFORE, "file-0.txt": "newer" });
  expect(await readTree(a.directory)).toEqual(await readTree(b.directory));
});
