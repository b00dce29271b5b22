import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ListLine } from "../../../src/shared/api-list.ts";
import { pairedNodes, type TestNode } from "../../support/nodes.ts";
import { tree } from "../../support/tree.ts";

async function list(node: TestNode, ...args: readonly string[]): Promise<readonly ListLine[]> {
  const { code, stdout, stderr } = await node.run("--json", "list", ...args);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as ListLine);
}

function paths(lines: readonly ListLine[]): readonly string[] {
  return lines.flatMap((line) => (line.type === "summary" ? [] : [line.path]));
}

test("a folder that is not synced here is listed by name, as its node has it", async () => {
  const [a, b] = await pairedNodes();
  const only = `${a.directory}-only`;
  await tree(only, { "a b.txt": "one", "-x": "two", "new\nline": "three", sub: { "ü.txt": "four" } });
  const { folder } = await a.json<{ folder: { id: string } }>("folder", "add", only);
  expect((await b.run("list", `anna:${folder.id}`)).code).toBe(4);
  await a.json("folder", "share", folder.id, "--to", "bert", "--rights", "read");
  await a.json("folder", "rescan", folder.id);
  expect(paths(await list(b, `anna:${folder.id}`))).toEqual(["-x", "a b.txt", "new\nline", "sub"]);
  expect(paths(await list(b, "-R", `anna:${folder.id}`))).toEqual(["-x", "a b.txt", "new\nline", "sub", "sub/ü.txt"]);
  expect(paths(await list(b, `anna:${folder.id}/sub/`))).toEqual(["sub/ü.txt"]);
  expect(await list(b, `anna:${folder.id}/a b.txt`)).toMatchObject([
    { path: "a b.txt", type: "file", size: 3, owner: "anna", device: "anna", mode: "0644", deleted: false },
    { type: "summary", entries: 1, bytes: 3, next: null },
  ]);
  expect(paths(await list(b, "-R", "--glob", "*.txt", "--sort", "size", `anna:${folder.id}`))).toEqual([
    "sub/ü.txt",
    "a b.txt",
  ]);
  expect(paths(await list(b, "--path-regex", "^sub/", "--since", "1h", `anna:${folder.id}`))).toEqual(["sub/ü.txt"]);
  expect(paths(await list(b, "-R", "--until", "yesterday", `anna:${folder.id}`))).toEqual([]);
  const hashed = await list(b, "--sha256", `anna:${folder.id}/a b.txt`);
  expect(hashed[0]).toMatchObject({ hash: `sha256:${createHash("sha256").update("one").digest("hex")}`, version: 1 });
  const bad = await b.run("list", "--regex", "inv_(", `anna:${folder.id}`);
  expect(bad.code).toBe(2);
  expect(bad.stderr.split("\n").slice(0, 2)).toEqual(["  inv_(", "       ^"]);
  expect(await list(b, "anna:")).toMatchObject([
    { type: "folder", label: "anna-files", rights: "write" },
    { type: "folder", path: folder.id, rights: "read", files: 4 },
    { type: "summary", entries: 2 },
  ]);
  expect(paths(await list(a, `self:${folder.id}`))).toEqual(paths(await list(b, `anna:${folder.id}`)));
  const human = await b.run("ls", "-l", `anna:${folder.id}`);
  expect(human.stdout.split("\n")[0]).toMatch(
    /^0644 +3 B {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}anna +[0-9a-f]{12} {2}-x$/,
  );
  expect(human.stdout).toContain(String.raw`new\nline`);
});

test("where a symlink leads is told; what is misspelt, gone or away is said, with the next step", async () => {
  const [a, b] = await pairedNodes();
  await mkdir(join(a.directory, "docs"));
  await writeFile(join(a.directory, "docs", "a.txt"), "x");
  await symlink("a.txt", join(a.directory, "docs", "link"));
  await a.wait();
  expect((await b.run("list", "-l", "anna:anna-files/docs")).stdout).toContain("/link -> a.txt\n");
  const failure = async (...args: readonly string[]): Promise<object> => {
    const { code, stderr } = await b.run("--json", "list", ...args);
    return { ...(JSON.parse(stderr) as object), code_: code };
  };
  expect(await failure("ana:anna-files")).toMatchObject({
    code: "E_PEER_NOT_FOUND",
    code_: 4,
    hint: expect.stringContaining('did you mean "anna"?'),
  });
  expect(await failure("anna:anna-file")).toMatchObject({
    code: "E_FOLDER_NOT_FOUND",
    code_: 4,
    hint: 'did you mean "anna-files"? see `syncline list anna:`',
  });
  expect(await failure("anna:anna-files/nowhere")).toMatchObject({ code: "E_PATH_NOT_FOUND", code_: 4 });
  expect(await failure("anna:anna-files/../x")).toMatchObject({ code: "E_BAD_PATH", code_: 2 });
  await b.json("peer", "pause", "anna");
  expect(await failure("anna:")).toMatchObject({ code: "E_PEER_OFFLINE", code_: 6, hint: "syncline peer resume anna" });
  await b.json("peer", "resume", "anna");
  expect((await b.run("list", "anna:")).code).toBe(0);
  await a.down();
  expect(await failure("anna:")).toMatchObject({ code: "E_PEER_OFFLINE", code_: 6 });
  await b.down();
  expect(await failure("anna:")).toMatchObject({ code: "E_NOT_RUNNING", code_: 9 });
});
