import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pairedNodes, type TestNode, until } from "../../support/nodes.ts";
import { tree } from "../../support/tree.ts";

interface Documents {
  readonly code: number;
  readonly out: readonly object[];
}

async function lines(node: TestNode, ...args: readonly string[]): Promise<Documents> {
  const { code, stdout } = await node.run("--json", ...args);
  const out = stdout.split("\n").filter((line) => line !== "");
  return { code, out: out.map((line) => JSON.parse(line) as object) };
}

test("versions and trash of a folder that is not synced here are listed, compared and brought back", async () => {
  const [a, b] = await pairedNodes();
  const only = `${a.directory}-only`;
  await tree(only, { "hers.txt": "hers" });
  await a.json("folder", "add", only, "--folder-id", "only");
  await a.json("folder", "share", "only", "--to", "bert");
  await a.json("folder", "rescan", "only");
  const far = "anna:only";
  const local = join(b.directory, "..", "doc.txt");
  for (const text of ["one\ntwo\nthree\n", "one\n2\nthree\n"]) {
    await writeFile(local, text);
    expect((await lines(b, "upload", local, `${far}/d/doc.txt`)).code).toBe(0);
  }
  expect((await lines(b, "versions", `${far}/d/doc.txt`)).out[0]).toMatchObject({
    versions: [
      { version: 1, size: 14, current: false },
      { version: 2, size: 12, current: true },
    ],
  });
  const { stdout } = await b.run("diff", `${far}/d/doc.txt@1`);
  expect(stdout.split("\n").slice(3)).toEqual(["@@ -1,3 +1,3 @@", " one", "-two", "+2", " three", ""]);
  expect((await lines(b, "diff", `${far}/d/doc.txt@2`)).out[0]).toMatchObject({ same: true, patch: null });
  expect((await lines(b, "diff", `${far}/d/doc.txt@7`)).code).toBe(4);

  const before = Date.now();
  // What is made within the same second may have been on its way before.
  await until(() => Math.floor(Date.now() / 1000) > Math.floor(before / 1000), "the next second");
  expect((await lines(b, "restore", "-n", `${far}/d/doc.txt@1`)).out).toMatchObject([
    { type: "restored", version: 1 },
    { type: "summary", dryRun: true },
  ]);
  expect((await lines(b, "restore", `${far}/d/doc.txt@1`)).code).toBe(0);
  expect(await readFile(join(only, "d", "doc.txt"), "utf8")).toBe("one\ntwo\nthree\n");
  expect((await lines(b, "restore", `${far}/d/doc.txt@2`, "--as", "d/other.txt")).code).toBe(0);
  expect(await readFile(join(only, "d", "other.txt"), "utf8")).toBe("one\n2\nthree\n");

  // What a moment did not have goes only where whoever asks owns it.
  await writeFile(join(only, "d", "later.txt"), "anna's, and later");
  await a.json("folder", "rescan", "only");
  const moment = await lines(b, "restore", `${far}/d`, "--at", new Date(before).toISOString(), "-y");
  expect(moment.code).toBe(3);
  expect(moment.out).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ type: "skipped", path: "d/later.txt", code: "E_NOT_ALLOWED" }),
      expect.objectContaining({ type: "removed", path: "d/other.txt" }),
    ]),
  );
  expect(await readFile(join(only, "d", "doc.txt"), "utf8")).toBe("one\n2\nthree\n");

  expect((await lines(b, "trash", "list", far)).out).toMatchObject([
    { path: "d/other.txt", device: "bert" },
    { type: "summary", items: 1 },
  ]);
  expect((await lines(b, "trash", "restore", `${far}/d/other.txt`)).code).toBe(0);
  expect((await lines(b, "delete", `${far}/d/other.txt`)).code).toBe(0);
  expect((await lines(b, "trash", "empty", far, "-y")).code).toBe(5);
  await a.json("peer", "role", "bert", "admin");
  expect((await lines(b, "trash", "empty", far, "-y")).out[0]).toMatchObject({ items: 1 });
  await rm(local);
});
