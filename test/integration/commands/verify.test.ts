import { createHash } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pairedNodes, type TestNode } from "../../support/nodes.ts";
import { tree } from "../../support/tree.ts";

async function verified(
  node: TestNode,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly found: unknown }> {
  const { code, stdout } = await node.run("--json", "verify", ...args);
  return { code, found: stdout === "" ? undefined : JSON.parse(stdout) };
}

test("files are hashed and compared as the disk has them, and what differs is repaired", async () => {
  const [a, b] = await pairedNodes();
  const sums = {
    "a.txt": "one",
    "-x": "two",
    "new\nline": "three",
    d: { "b.txt": "four", "c.txt": "five" },
    "e.txt": "six",
  };
  await tree(a.directory, sums);
  await a.wait();
  const far = "anna:anna-files";

  // What sha256sum prints, also of odd names; the list knows it from then on.
  const sha = createHash("sha256").update("one").digest("hex");
  expect(await b.run("hash", `${far}/a.txt`, join(b.directory, "a.txt"))).toMatchObject({
    code: 0,
    stdout: `${sha}  ${far}/a.txt\n${sha}  ${join(b.directory, "a.txt")}\n`,
  });
  const odd = await b.run("hash", "--", `${far}/new\nline`, `${far}/-x`);
  expect(odd.stdout.split("\n")[0]).toBe(`\\${createHash("sha256").update("three").digest("hex")}  ${far}/new\\nline`);
  expect((await b.run("--json", "hash", `${far}/a.txt`)).stdout).toContain(`"hash":"sha256:${sha}"`);
  expect((await b.run("--json", "list", `${far}/a.txt`)).stdout).toContain(`"hash":"sha256:${sha}"`);
  expect((await b.run("ls", "-l", `${far}/a.txt`)).stdout).toContain(sha.slice(0, 12));
  expect((await b.run("hash", `${far}/d`)).code).toBe(2);
  expect((await b.run("hash", `${far}/nowhere`)).code).toBe(4);

  expect(await verified(b, "a.txt", `${far}/a.txt`)).toMatchObject({ code: 0, found: { same: true } });
  expect(await verified(b, "e.txt", `${far}/a.txt`)).toMatchObject({ code: 7, found: { differs: ["a.txt"] } });
  expect(await verified(b, "--all", far)).toMatchObject({ code: 0, found: { same: true, differs: [] } });

  // Bytes change behind the index, as a failing disk changes them.
  await b.json("folder", "pause", "anna-files");
  await writeFile(join(b.directory, "a.txt"), "rot");
  await rm(join(b.directory, "d", "b.txt"));
  await writeFile(join(b.directory, "extra.txt"), "nobody knows it");
  const rotten = await verified(b, "--all", far);
  expect(rotten).toMatchObject({
    code: 7,
    found: { same: false, differs: ["a.txt"], missing: ["d/b.txt"], extra: ["extra.txt"] },
  });
  expect((await verified(b, "--all", `${far}/d`)).found).toMatchObject({ differs: [], missing: ["d/b.txt"] });
  // "extra.txt" is no one's record: off a terminal nobody says what is to become of it.
  const repaired = await verified(b, "--all", far, "--repair");
  expect(repaired).toMatchObject({ code: 3, found: { repaired: ["a.txt", "d/b.txt"], left: ["extra.txt"] } });
  await b.json("folder", "resume", "anna-files");
  await b.wait();
  expect(await readFile(join(b.directory, "a.txt"), "utf8")).toBe("one");
  expect(await readFile(join(b.directory, "d", "b.txt"), "utf8")).toBe("four");
  const { versions } = await b.json<{ versions: { origin: string; size: number }[] }>(
    "versions",
    "self:anna-files/a.txt",
  );
  expect(versions[0]).toMatchObject({ origin: "repair", size: 3 });
  expect(await verified(b, "--all", far)).toMatchObject({ code: 0 });
});
