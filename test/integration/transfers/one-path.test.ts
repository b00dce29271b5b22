/** Several who write one path at once: each content is whole, none is mixed, none is lost unseen. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addFolder, sharedPair } from "../../support/nodes.ts";

const pair = sharedPair();
const BYTES = 3_000_000;
const WRITERS = 4;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

test("uploads of one path at once: readers see whole files, and each content is the file or a version of it", {
  timeout: 300_000,
}, async () => {
  const [anna, bert] = await pair();
  const docs = `${anna.directory}-docs`;
  const place = join(bert.directory, "..", "place");
  await mkdir(place);
  await addFolder(anna, docs, "docs");
  await anna.json("folder", "share", "docs", "--to", "bert");
  const contents = Array.from({ length: WRITERS }, () => randomBytes(BYTES));
  const known = new Set(contents.map(sha256));
  for (const [number, bytes] of contents.entries()) await writeFile(join(place, String(number)), bytes);
  let isOver = false;
  const seen = new Set<string>();
  const reading = (async () => {
    while (!isOver) {
      const bytes = await readFile(join(docs, "one.bin")).catch(() => undefined);
      if (bytes !== undefined) seen.add(sha256(bytes));
    }
  })();
  // From both nodes: the one that has the folder, and one that has not.
  const results = await Promise.all(
    contents.map((_, number) =>
      number % 2 === 0
        ? bert.run("upload", join(place, String(number)), "anna:docs/one.bin")
        : anna.run("upload", join(place, String(number)), "self:docs/one.bin"),
    ),
  );
  isOver = true;
  await reading;
  expect(results.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(results.map(() => 0));
  expect([...seen].filter((hash) => !known.has(hash))).toEqual([]);
  const { versions } = await anna.json<{ versions: readonly { version: number; current: boolean }[] }>(
    "versions",
    "self:docs/one.bin",
  );
  expect(versions.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
  const hashes = new Set([sha256(await readFile(join(docs, "one.bin")))]);
  for (const { version } of versions.filter(({ current }) => !current)) {
    await anna.json("restore", `self:docs/one.bin@${version}`, "--as", `v${version}.bin`);
    hashes.add(sha256(await readFile(join(docs, `v${version}.bin`))));
  }
  expect(hashes).toEqual(known);
});

test("of uploads and downloads at once under `rename` each gets a name of its own", { timeout: 300_000 }, async () => {
  const [anna, bert, folder] = await pair();
  const place = join(bert.directory, "..", "place");
  await mkdir(place);
  const source = join(place, "a.tar.gz");
  await writeFile(source, randomBytes(BYTES));
  await bert.json("upload", source, `anna:${folder}/in/`);
  const both = await Promise.all([
    bert.run("upload", source, `anna:${folder}/in/`, "--on-duplicate", "rename"),
    anna.run("upload", source, `self:${folder}/in/`, "--on-duplicate", "rename"),
    bert.run("upload", source, `anna:${folder}/in/`, "--on-duplicate", "rename"),
  ]);
  expect(both.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect((await readdir(join(anna.directory, "in"))).sort()).toEqual([
    "a.tar.gz",
    "a_v2.tar.gz",
    "a_v3.tar.gz",
    "a_v4.tar.gz",
  ]);
  const down = await Promise.all(
    [1, 2, 3].map(() =>
      bert.run("download", `anna:${folder}/in/a.tar.gz`, "-o", `${place}/`, "--on-duplicate", "rename"),
    ),
  );
  expect(down.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect((await readdir(place)).sort()).toEqual(["a.tar.gz", "a_v2.tar.gz", "a_v3.tar.gz", "a_v4.tar.gz"]);
  const whole = sha256(await readFile(source));
  for (const name of await readdir(place)) expect(sha256(await readFile(join(place, name)))).toBe(whole);
});
