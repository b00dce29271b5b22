import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printableLines } from "../../../src/shared/printable.ts";
import { pairedNodes, type TestNode } from "../../support/nodes.ts";
import { readTree, tree } from "../../support/tree.ts";

/** Runs a command with --json; gives its exit code and the documents of both outputs. */
async function lines(
  node: TestNode,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: readonly unknown[]; readonly error: object | undefined }> {
  const { code, stdout, stderr } = await node.run("--json", ...args);
  const parsed = (text: string): object[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as object);
  return { code, out: parsed(stdout), error: parsed(stderr).at(-1) };
}

/** Anna's folder "only" is not synced to bert, who may write there as a user. */
async function withOnly(): Promise<{
  readonly a: TestNode;
  readonly b: TestNode;
  readonly only: string;
  readonly far: string;
}> {
  const [a, b] = await pairedNodes();
  const only = `${a.directory}-only`;
  await tree(only, { "hers.txt": "anna's", d: { "x.txt": "x" } });
  const { folder } = await a.json<{ folder: { id: string } }>("folder", "add", only, "--folder-id", "only");
  await a.json("folder", "share", folder.id, "--to", "bert");
  await a.json("folder", "rescan", "only");
  return { a, b, only, far: "anna:only" };
}

const ODD = ["a b", "-x", "q'\"$(x)`", "new\nline", "esc\u001b[2Jape", "tab\there", "ünïcödé", "n".repeat(255)];

test("files of a folder that is not synced here are deleted, moved and made by whoever may", async () => {
  const { a, b, only, far } = await withOnly();

  // What is anna's, bert may neither delete nor move.
  const refused = await lines(b, "delete", `${far}/hers.txt`);
  expect(refused).toMatchObject({ code: 5, out: [], error: { code: "E_NOT_ALLOWED", exit: 5 } });
  expect((await lines(b, "rm", "-r", `${far}/d`)).code).toBe(5);
  expect((await lines(b, "mv", `${far}/hers.txt`, `${far}/mine.txt`)).code).toBe(5);
  expect((await lines(b, "rm", "--permanent", "-y", `${far}/hers.txt`)).error).toMatchObject({ code: "E_NOT_ALLOWED" });

  // What he brings is his, the directories on the way included.
  const made = await b.run("mkdir", "-p", `${far}/mine/deep`);
  expect(made).toMatchObject({ code: 0, stdout: "✓ made only/mine/deep\n" });
  expect((await lines(b, "mkdir", `${far}/mine/deep`)).out).toMatchObject([{ made: false, path: "mine/deep" }]);
  expect((await lines(b, "mkdir", `${far}/hers.txt/x`)).code).toBe(8);
  await tree(`${b.directory}-out`, Object.fromEntries(ODD.map((name) => [name, name])));
  await lines(b, "upload", ...ODD.map((name) => join(`${b.directory}-out`, name)), `${far}/mine/`);
  await lines(b, "upload", join(`${b.directory}-out`, "a b"), `${far}/mine/deep/one.txt`);

  // Moving keeps content and versions, and overwrites nothing.
  await writeFile(join(`${b.directory}-out`, "a b"), "second");
  await lines(b, "upload", join(`${b.directory}-out`, "a b"), `${far}/mine/deep/one.txt`);
  expect((await lines(b, "move", `${far}/mine/deep/one.txt`, `${far}/mine/-x`)).code).toBe(8);
  expect((await lines(b, "move", "-n", `${far}/mine/deep/one.txt`, `${far}/new/`)).out).toMatchObject([
    { type: "moved", storedAs: "new/one.txt", toFolder: "only" },
    { type: "summary", moved: 1, dryRun: true },
  ]);
  expect((await stat(join(only, "mine", "deep", "one.txt"))).size).toBe(6);
  expect((await lines(b, "move", `${far}/mine/deep/one.txt`, `${far}/new/`)).code).toBe(0);
  expect(await readFile(join(only, "new", "one.txt"), "utf8")).toBe("second");
  expect((await lines(a, "versions", "self:only/new/one.txt")).out[0]).toMatchObject({
    versions: [
      { version: 1, size: 3, current: false },
      { version: 2, size: 6, current: true },
    ],
  });
  expect((await lines(b, "mv", `${far}/new`, `${far}/mine`)).out).toMatchObject([
    { path: "new", storedAs: "mine/new", fileType: "directory" },
    { type: "summary" },
  ]);

  // Odd names go through each command; what is printed cannot move a cursor.
  const odd = ODD.map((name) => `${far}/mine/${name}`);
  expect((await lines(b, "move", "--", ...odd, `${far}/mine/odd`)).out.at(-1)).toMatchObject({ moved: ODD.length });
  for (const name of ODD) expect(await readFile(join(only, "mine", "odd", name), "utf8")).toBe(name);
  const human = await b.run("delete", "-v", "--", ...ODD.map((name) => `${far}/mine/odd/${name}`));
  expect(human).toMatchObject({ code: 0, stdout: expect.stringContaining(String.raw`esc\x1b[2Jape`) });
  expect(printableLines(human.stdout)).toBe(human.stdout);
  expect((await lines(b, "rm", "-r", `${far}/mine/odd`)).code).toBe(0);

  // A dry run first, then the whole directory; it is in the trash, and its owner's name is on it.
  const planned = await lines(b, "rm", "-rn", `${far}/mine`);
  expect(planned.out.map((line) => (line as { path?: string }).path)).toEqual([
    "mine/new/one.txt",
    "mine/deep",
    "mine/new",
    "mine",
    undefined,
  ]);
  expect((await lines(b, "rm", `${far}/mine`)).code).toBe(2);
  const gone = await b.run("rm", "-r", `${far}/mine`);
  expect(gone).toMatchObject({ code: 0, stdout: "✓ deleted 4 paths (6 B), kept in the trash\n" });
  expect(Object.keys(await readTree(only)).filter((name) => name !== ".syncline")).toEqual(["d", "hers.txt"]);
  expect((await lines(a, "trash", "list", "self:only/mine/new")).out).toMatchObject([
    { path: "mine/new/one.txt", device: "bert" },
    { type: "summary", items: 1 },
  ]);

  // Several at once: each has its turn; the failures are named.
  const some = await lines(a, "delete", "self:only/nowhere", "self:only/hers.txt", "self:only/d");
  expect(some).toMatchObject({ code: 3, error: { code: "E_PARTIAL", message: expect.stringContaining("nowhere") } });
  expect(some.out.at(-1)).toMatchObject({ type: "summary", deleted: 1 });

  // An admin may do all of it, for good too.
  await a.json("peer", "role", "bert", "admin");
  expect((await lines(b, "delete", "-r", "--permanent", `${far}/d`)).code).toBe(2);
  expect((await lines(b, "delete", "-r", "--permanent", "-y", `${far}/d`)).out.at(-1)).toMatchObject({
    deleted: 2,
    permanent: true,
  });
  expect((await lines(a, "trash", "list", "self:only/d")).out).toMatchObject([{ type: "summary", items: 0 }]);
  await a.json("folder", "share", "only", "--to", "bert", "--rights", "read");
  expect((await lines(b, "mkdir", `${far}/more`)).error).toMatchObject({ code: "E_NOT_ALLOWED", exit: 5 });

  // Between devices, or of a whole folder, it makes no sense.
  expect((await lines(b, "mv", `${far}/x`, "self:anna-files/x")).code).toBe(2);
  expect((await lines(b, "rm", "-r", far)).code).toBe(2);
});
