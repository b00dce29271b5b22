import { createHash, randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FileResult } from "../../../src/shared/api-transfers.ts";
import { addFolder, sharedPair } from "../../support/nodes.ts";
import { readTree, tree } from "../../support/tree.ts";

const pair = sharedPair();

interface Document {
  readonly files: readonly FileResult[];
  readonly fileBytes: number;
  readonly wireBytes: number;
}

test("files and directories go to a folder that is not synced here; versions keep what they replace", {
  timeout: 240_000,
}, async () => {
  const [a, b] = await pair();
  const docs = `${a.directory}-docs`;
  await addFolder(a, docs, "docs");
  await a.json("folder", "share", "docs", "--to", "bert", "--rights", "write");
  const place = join(b.directory, "..", "mine");
  const big = randomBytes(4_000_000);
  await tree(place, { "a b.txt": "one", "-x": "dash", dir: { "new\nline": "two", deep: { "ü.txt": "three" } } });
  await writeFile(join(place, "big.bin"), big);

  const first = await b.json<Document>(
    "upload",
    join(place, "a b.txt"),
    join(place, "dir"),
    join(place, "big.bin"),
    "anna:docs/in/",
  );
  expect(first.files.map(({ path, outcome }) => [path, outcome])).toEqual(
    expect.arrayContaining([
      ["in/a b.txt", "stored"],
      ["in/dir/new\nline", "stored"],
      ["in/dir/deep/ü.txt", "stored"],
      ["in/big.bin", "stored"],
    ]),
  );
  expect(first.files.find(({ path }) => path === "in/big.bin")?.hash).toBe(
    `sha256:${createHash("sha256").update(big).digest("hex")}`,
  );
  expect(await readTree(join(docs, "in"))).toMatchObject({
    "a b.txt": "one",
    dir: { "new\nline": "two", deep: { "ü.txt": "three" } },
  });
  expect(await readFile(join(docs, "in", "big.bin"))).toEqual(big);

  const changed = Buffer.from(big);
  changed.write("changed in the middle", 2_000_000);
  await writeFile(join(place, "big.bin"), changed);
  const second = await b.json<Document>("put", join(place, "big.bin"), "anna:docs/in/big.bin");
  expect(await readFile(join(docs, "in", "big.bin"))).toEqual(changed);
  expect(second.wireBytes).toBeLessThan(big.length / 5);
  const { versions } = await a.json<{ versions: readonly { current: boolean }[] }>("versions", "self:docs/in/big.bin");
  expect(versions).toHaveLength(2);

  const same = await b.json<Document>("upload", join(place, "big.bin"), "anna:docs/in/");
  expect(same.files).toMatchObject([{ outcome: "unchanged" }]);
  const owned = await a.run("--json", "list", "self:docs/in/big.bin");
  expect(JSON.parse(owned.stdout.split("\n")[0] ?? "")).toMatchObject({ owner: "bert" });
  const both = await Promise.all(
    [1, 2].map(() => b.json<Document>("upload", join(place, "a b.txt"), "anna:docs/in/", "--on-duplicate", "rename")),
  );
  expect(both.map(({ files }) => files[0]?.storedAs).toSorted()).toEqual(["in/a b_v2.txt", "in/a b_v3.txt"]);

  const failed = await b.run("--json", "upload", join(place, "a b.txt"), "anna:docs/in/", "--on-duplicate", "fail");
  expect(failed.code).toBe(8);
  const stats = await a.json<{ totals: { transfers: number } }>(
    "stats",
    "--peer",
    "bert",
    "--direction",
    "in",
    "--kind",
    "upload",
  );
  expect(stats.totals.transfers).toBe(6);
});

test("an upload is compressed as the command says, small files and large ones", { timeout: 180_000 }, async () => {
  const [a, b] = await pair();
  const docs = `${a.directory}-packed`;
  await addFolder(a, docs, "packed");
  await a.json("folder", "share", "packed", "--to", "bert", "--rights", "write");
  const place = join(b.directory, "..", "packed");
  const savedOf = async (when: string): Promise<readonly number[]> => {
    // Of random hexadecimal digits half can be spared, and nothing of them is here already.
    await tree(place, { small: randomBytes(8_000).toString("hex"), large: randomBytes(1_000_000).toString("hex") });
    const paths = ["small", "large"].map((name) => join(place, name));
    const { files } = await b.json<Document>("upload", ...paths, `anna:packed/${when}/`, "--compression", when);
    return files.map(({ saved }) => saved.compression);
  };
  // What goes uncompressed costs its frames besides.
  for (const saved of await savedOf("off")) expect(saved).toBeLessThanOrEqual(0);
  for (const saved of await savedOf("on")) expect(saved).toBeGreaterThan(1000);
});

test("rights are judged by the receiver, and its refusals have their exit codes", { timeout: 180_000 }, async () => {
  const [a, b, shared] = await pair();
  const docs = `${a.directory}-docs`;
  await addFolder(a, docs, "docs");
  const file = join(b.directory, "..", "file.txt");
  await writeFile(file, "x");
  const failure = async (...args: readonly string[]): Promise<object> => {
    const { code, stderr } = await b.run("--json", ...args);
    return { ...(JSON.parse(stderr.trim().split("\n").at(-1) ?? "") as object), exit_: code };
  };
  expect(await failure("upload", file, "anna:docs/")).toMatchObject({ code: "E_FOLDER_NOT_FOUND", exit_: 4 });
  await a.json("folder", "share", "docs", "--to", "bert", "--rights", "read");
  expect(await failure("upload", file, "anna:docs/")).toMatchObject({ code: "E_NOT_ALLOWED", exit_: 5 });
  expect(await failure("upload", `${file}.not`, "anna:docs/")).toMatchObject({ code: "E_PATH_NOT_FOUND", exit_: 4 });
  expect(await failure("upload", file, `anna:${shared}/../x`)).toMatchObject({ code: "E_BAD_PATH", exit_: 2 });
  expect(await failure("upload", file, "nobody:docs/")).toMatchObject({ code: "E_PEER_NOT_FOUND", exit_: 4 });
  expect(await failure("upload", file)).toMatchObject({ code: "E_USAGE", exit_: 2 });
  expect(await failure("upload", file, `anna:${shared}/`, "--on-duplicate", "ask")).toMatchObject({
    code: "E_USAGE",
    exit_: 2,
  });
  expect(await failure("download", `anna:${shared}/nothing`)).toMatchObject({ code: "E_PATH_NOT_FOUND", exit_: 4 });
  await rm(file);
});
