/**
 * Names that trip programs go through every command unharmed, on a folder of
 * another node; what is printed cannot move a cursor or end a line.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { printableLines } from "../../../src/shared/printable.ts";
import { runTestCli } from "../../support/command-line.ts";
import { pairedNodes, type TestNode } from "../../support/nodes.ts";

const ODD = {
  spaces: " a  b ",
  "a leading dash": "-x",
  "something like a flag": "--json",
  quotes: "q'\"$(x)`",
  "a line end": "new\nline",
  "an escape sequence": "esc\u001b[2Jape",
  "a tab and a bell": "tab\t\u0007",
  "no ASCII": "ünï-日本-🙂",
  "255 bytes": `${"n".repeat(251)}.txt`,
  "marks of patterns": "[a]*?{b}!#",
  backslashes: String.raw`back\slash\n`,
  "a colon": "co:lon",
  "what looks like a version": "a@2",
  "what turns writing around": "abc\u202egpj.exe",
} as const;

const FAR = "anna:docs";

interface Pair {
  readonly anna: TestNode;
  readonly bert: TestNode;
  readonly docs: string;
  readonly place: string;
}

/** Runs a command of bert's; it succeeds, and what it prints is safe. */
async function safely(node: TestNode, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await node.run(...args);
  expect({ args, code, stderr: code === 0 ? "" : stderr }).toEqual({ args, code: 0, stderr: "" });
  expect({ args, printed: stdout + stderr }).toEqual({ args, printed: printableLines(stdout + stderr) });
  return stdout;
}

/** The documents of a command of bert's. */
async function documents(node: TestNode, ...args: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  const { code, stdout, stderr } = await node.run("--json", ...args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function setUp(): Promise<Pair> {
  const [anna, bert] = await pairedNodes();
  const docs = `${anna.directory}-docs`;
  const place = join(bert.home, "..", "place");
  await mkdir(docs);
  await mkdir(place);
  await anna.json("folder", "add", docs, "--folder-id", "docs");
  await anna.json("folder", "share", "docs", "--to", "bert", "--rights", "write");
  return { anna, bert, docs, place };
}

/** What one name goes through. */
async function throughAll({ anna, bert, docs, place }: Pair, name: string): Promise<void> {
  const [far, local, there] = [`${FAR}/d/${name}`, join(place, name), join(docs, "d", name)];
  const paths = (found: readonly Record<string, unknown>[]): readonly unknown[] =>
    found.flatMap(({ path }) => path ?? []);

  // Up, twice, so that there is a version; the second time from the directory itself, where a dash needs `--`.
  await writeFile(local, "first line\n");
  await safely(bert, "upload", local, `${FAR}/d/`);
  expect(await readdir(join(docs, "d"))).toContain(name);
  await writeFile(local, "second line\n");
  const [up] = await documents(bert, "upload", "--", local, far);
  expect(up).toMatchObject({ files: [{ path: `d/${name}`, storedAs: `d/${name}`, outcome: "stored" }] });
  expect(await readFile(there, "utf8")).toBe("second line\n");

  // Looked at.
  expect(paths(await documents(bert, "list", `${FAR}/d`))).toContain(`d/${name}`);
  await safely(bert, "list", "-l", `${FAR}/d`);
  expect(paths(await documents(bert, "list", far))).toEqual([`d/${name}`]);
  const sha256 = createHash("sha256").update("second line\n").digest("hex");
  expect(await documents(bert, "hash", far)).toMatchObject([{ path: `d/${name}`, hash: `sha256:${sha256}` }]);
  // A program gets the line of `sha256sum`, whose name is one line whatever it holds.
  const { stdout: sum } = await bert.run("hash", far);
  expect([sum.replace(/^\\/, "").slice(0, 64), sum.match(/[\r\n]/g)]).toEqual([sha256, ["\n"]]);
  expect(await documents(bert, "verify", local, far)).toMatchObject([{ same: true }]);
  await safely(bert, "verify", local, far);
  expect(await documents(bert, "versions", far)).toMatchObject([{ versions: [{ version: 1 }, { version: 2 }] }]);
  await safely(bert, "versions", far);
  const diff = await bert.run("diff", `${far}@1`);
  // Of a diff, a tab stands between a name and its time.
  expect(printableLines(diff.stdout)).toBe(diff.stdout.replaceAll("\t", String.raw`\t`));
  expect(diff.stdout).toContain("-first line\n+second line\n");
  expect(await documents(anna, "why", `self:docs/d/${name}`)).toMatchObject([{ path: expect.stringContaining(name) }]);
  await safely(anna, "why", `self:docs/d/${name}`);

  // Down: under its own name, which nothing is overwritten for, beside it, and to standard output.
  await rm(local);
  await safely(bert, "download", far, "-o", `${place}/`);
  expect(await readFile(local, "utf8")).toBe("second line\n");
  expect((await bert.run("download", far, "-o", local)).code).toBe(8);
  const [beside] = await documents(bert, "download", far, "-o", local, "--on-duplicate", "rename");
  const [{ storedAs } = { storedAs: "" }] = (beside?.["files"] ?? []) as readonly { storedAs: string }[];
  expect(await readFile(storedAs, "utf8")).toBe("second line\n");
  expect(Buffer.byteLength(storedAs.slice(place.length + 1))).toBeLessThanOrEqual(255);
  expect((await bert.run("download", far, "-o", "-")).stdout).toBe("second line\n");

  // Changed: restored, moved, in a directory of its name, deleted, brought back.
  await safely(bert, "restore", `${far}@1`);
  expect(await readFile(there, "utf8")).toBe("first line\n");
  await safely(bert, "mkdir", `${FAR}/made/${name}`);
  await safely(bert, "move", far, `${FAR}/made/${name}/`);
  const inner = join(docs, "made", name, name);
  expect(await readFile(inner, "utf8")).toBe("first line\n");
  await safely(bert, "delete", `${FAR}/made/${name}/${name}`);
  expect(paths(await documents(bert, "trash", "list", `${FAR}/made/${name}`))).toEqual([`made/${name}/${name}`]);
  await safely(bert, "trash", "list", `${FAR}/made`);
  await safely(bert, "trash", "restore", `${FAR}/made/${name}/${name}`);
  expect(await readFile(inner, "utf8")).toBe("first line\n");
  expect(paths(await documents(bert, "delete", "-r", `${FAR}/made/${name}`))).toEqual([
    `made/${name}/${name}`,
    `made/${name}`,
  ]);
  await safely(anna, "trash", "empty", "self:docs", "-y");
}

test("names go through every command one by one, and all at once", { timeout: 600_000 }, async () => {
  const pair = await setUp();
  const { anna, bert, docs, place } = pair;
  const names = Object.values(ODD);
  for (const name of names) await throughAll(pair, name);
  for (const name of names) await writeFile(join(place, name), `content of ${name}`);
  await safely(bert, "upload", ...names.map((name) => join(place, name)), `${FAR}/all/`);
  expect((await readdir(join(docs, "all"))).sort()).toEqual([...names].sort());
  await safely(bert, "list", "-lR", FAR);
  await safely(bert, "list", FAR, "--glob", "**/*[a-z]*");
  await safely(bert, "list", FAR, "--regex", "^.");
  await safely(bert, "download", `${FAR}/all`, "-o", join(place, "whole"));
  for (const name of names) expect(await readFile(join(place, "whole", name), "utf8")).toBe(`content of ${name}`);
  // A folder that both have: verified whole, and named where it differs.
  await bert.json("folder", "add", `${bert.directory}-docs`, "--folder-id", "docs");
  await bert.json("folder", "share", "docs", "--to", "anna");
  await bert.wait();
  expect(await documents(bert, "verify", "--all", FAR)).toMatchObject([{ same: true }]);
  for (const command of [["events"], ["logs"], ["stats"], ["transfers", "list"], ["notices"], ["status"]])
    for (const node of [anna, bert]) await safely(node, ...command);
  const { out: offered } = await runTestCli(["__complete", "words", "--", "--home", bert.home, "get", `${FAR}/all/`]);
  expect(printableLines(offered.replaceAll("\t", ""))).toBe(offered.replaceAll("\t", ""));
  for (const name of names.filter((one) => printableLines(one) === one && !one.includes("\n")))
    expect(offered).toContain(`${FAR}/all/${name}\t`);
});
