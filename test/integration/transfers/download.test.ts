import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FileResult } from "../../../src/shared/api-transfers.ts";
import { addFolder, sharedPair, type TestNode } from "../../support/nodes.ts";
import { readTree, tree } from "../../support/tree.ts";

const pair = sharedPair();

interface Document {
  readonly files: readonly FileResult[];
  readonly fileBytes: number;
  readonly wireBytes: number;
  readonly saved: FileResult["saved"];
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** A folder of anna's that bert may read and does not sync. */
async function readOnlyFolder(a: TestNode): Promise<string> {
  const directory = `${a.directory}-docs`;
  await addFolder(a, directory, "docs");
  await a.json("folder", "share", "docs", "--to", "bert", "--rights", "read");
  return directory;
}

test("a file of a folder that is not synced here comes whole, with its time and mode, and is a row on both ends", {
  timeout: 180_000,
}, async () => {
  const [a, b] = await pair();
  const directory = await readOnlyFolder(a);
  const bytes = randomBytes(3_000_000);
  const source = join(directory, "a b.bin");
  await writeFile(source, bytes);
  await chmod(source, 0o640);
  await utimes(source, 1_700_000_000, 1_700_000_000.5);
  const target = join(b.directory, "..", "got.bin");
  const document = await b.json<Document>("download", "anna:docs/a b.bin", "-o", target);
  expect(await readFile(target)).toEqual(bytes);
  const found = await stat(target);
  expect([found.mode & 0o777, found.mtimeMs]).toEqual([0o640, 1_700_000_000_500]);
  expect(document.files).toMatchObject([
    {
      path: "a b.bin",
      storedAs: target,
      fileBytes: bytes.length,
      hash: sha256(bytes),
      outcome: "stored",
      transport: "tcp",
    },
  ]);
  const { saved, wireBytes } = document;
  expect(saved.delta + saved.reuse + saved.compression).toBe(bytes.length - wireBytes);
  for (const [node, side, direction] of [
    [a, "served", "out"],
    [b, "asked", "in"],
  ] as const) {
    const stats = await node.json<{ transfers: readonly { path: string; wireBytes: number }[] }>(
      "stats",
      "--kind",
      "download",
    );
    const rows = stats.transfers.filter(({ path }) => path === "a b.bin");
    expect(rows).toMatchObject([
      {
        kind: "download",
        side,
        direction,
        state: "done",
        path: "a b.bin",
        fileBytes: bytes.length,
        files: 1,
      },
    ]);
    // What telling the end took stands on the side that tells it.
    const told = wireBytes - (rows[0]?.wireBytes ?? 0);
    expect(told).toBeGreaterThanOrEqual(side === "asked" ? 0 : 100);
    expect(told).toBeLessThan(side === "asked" ? 1 : 2000);
  }
  const again = await b.run("--json", "download", "anna:docs/a b.bin", "-o", target);
  expect(again.code).toBe(8);
  expect(JSON.parse(again.stderr)).toMatchObject({ code: "E_EXISTS" });
  const unchanged = await b.json<Document>("get", "anna:docs/a b.bin", "-o", target, "--on-duplicate", "overwrite");
  expect(unchanged.files).toMatchObject([{ outcome: "unchanged", storedAs: null, hash: sha256(bytes) }]);
  const renamed = await b.json<Document>("get", "anna:docs/a b.bin", "-o", target, "--on-duplicate", "rename");
  expect(renamed.files).toMatchObject([{ storedAs: target.replace("got.bin", "got_v2.bin"), outcome: "stored" }]);
});

test("a directory comes with everything below it, and what is there already follows the policy", {
  timeout: 180_000,
}, async () => {
  const [a, b] = await pair();
  const directory = await readOnlyFolder(a);
  const big = randomBytes(200_000).toString("hex");
  await tree(directory, {
    sub: { "-x": "one", "new\nline": "two", deep: { "ü.txt": "three", "big.hex": big } },
    other: "no",
  });
  const place = join(b.directory, "..", "place");
  await mkdir(place);
  const document = await b.json<Document>("download", "anna:docs/sub", "-o", place);
  expect(await readTree(place)).toEqual({
    sub: { "-x": "one", "new\nline": "two", deep: { "ü.txt": "three", "big.hex": big } },
  });
  expect(document.files.map(({ path }) => path).toSorted()).toEqual([
    "sub/-x",
    "sub/deep/big.hex",
    "sub/deep/ü.txt",
    "sub/new\nline",
  ]);
  await writeFile(join(place, "sub", "-x"), "mine");
  const skipped = await b.json<Document>("download", "anna:docs/sub", "-o", `${place}/`, "--on-duplicate", "skip");
  expect(skipped.files.every(({ outcome }) => outcome === "skipped")).toBe(true);
  const replaced = await b.json<Document>("download", "anna:docs/sub/", "-o", place, "--on-duplicate", "overwrite");
  expect(replaced.files.filter(({ outcome }) => outcome === "stored").map(({ path }) => path)).toEqual(["sub/-x"]);
  expect(await readFile(join(place, "sub", "-x"), "utf8")).toBe("one");
});

test("what lies anywhere on the node is not fetched, nor is what a file holds more than once; --no-reuse fetches it", {
  timeout: 180_000,
}, async () => {
  const [a, b] = await pair();
  const directory = await readOnlyFolder(a);
  const [known, small, fresh] = [randomBytes(2_000_000), randomBytes(20_000), randomBytes(100_000)];
  const diary = `${b.directory}-diary`;
  await addFolder(b, diary, "diary");
  await writeFile(join(diary, "known.bin"), known);
  await writeFile(join(diary, "small.bin"), small);
  await b.json("folder", "rescan", "diary");
  const large = Buffer.concat([known, fresh]);
  await writeFile(join(directory, "large.bin"), large);
  await writeFile(join(directory, "small copy.bin"), small);
  await writeFile(join(directory, "zeros.bin"), Buffer.alloc(3_000_000));
  await a.json("folder", "rescan", "docs");
  const target = join(b.directory, "..", "got");
  const fetched = (...flags: string[]): Promise<Document> =>
    b.json<Document>("download", "anna:docs/", "-o", `${target}/`, "--on-duplicate", "rename", ...flags);
  const first = await fetched();
  const fileOf = ({ files }: Document, name: string) => files.find(({ path }) => path === name);
  for (const [name, bytes] of [
    ["large.bin", large],
    ["small copy.bin", small],
    ["zeros.bin", Buffer.alloc(3_000_000)],
  ] as const)
    expect((await readFile(fileOf(first, name)?.storedAs ?? "")).equals(bytes)).toBe(true);
  // Less what asking for all of it took, of which each file may bear a part.
  expect(fileOf(first, "small copy.bin")?.saved.reuse).toBeGreaterThan(small.length - 2000);
  expect(fileOf(first, "large.bin")?.saved.reuse).toBeGreaterThan(known.length - 150_000);
  expect(fileOf(first, "zeros.bin")?.wireBytes).toBeLessThan(200_000);
  expect(first.wireBytes).toBeLessThan(500_000);
  const again = await fetched("--no-reuse", "--no-resume");
  expect(fileOf(again, "small copy.bin")?.saved.reuse).toBe(0);
  expect(again.wireBytes).toBeGreaterThan(known.length);
});

test("what was found here whole still took asking: the figures are those of the connection, and the parts add up", {
  timeout: 180_000,
}, async () => {
  const [a, b, shared] = await pair();
  const directory = await readOnlyFolder(a);
  const bytes = randomBytes(2_000_000);
  await writeFile(join(directory, "big.bin"), bytes);
  await tree(directory, { small: "a few bytes" });
  await a.json("folder", "rescan", "docs");
  const target = join(b.directory, "..", "big.bin");
  await b.json("download", "anna:docs/big.bin", "-o", target);
  const traffic = async (): Promise<number> => {
    const { traffic: sums } = await b.json<{ traffic: { wireBytesSent: number; wireBytesReceived: number } }>("status");
    return sums.wireBytesSent + sums.wireBytesReceived;
  };
  const commands = [
    ["download", "anna:docs/big.bin", "-o", target, "--on-duplicate", "rename"],
    ["download", "anna:docs/small", "-o", `${target}.small`],
    ["upload", target, `anna:${shared}/copy.bin`],
    ["upload", target, `anna:${shared}/again.bin`],
  ];
  for (const command of commands) {
    const before = await traffic();
    const { files, fileBytes, wireBytes, saved } = await b.json<Document>(...command);
    const crossed = (await traffic()) - before;
    expect(files).toMatchObject([{ outcome: "stored" }]);
    for (const sums of [{ fileBytes, wireBytes, saved }, ...files])
      expect(sums.saved.delta + sums.saved.reuse + sums.saved.compression).toBe(sums.fileBytes - sums.wireBytes);
    expect(files[0]?.wireBytes).toBeGreaterThan(200);
    // A folder that both sync tells of what came: that is sync's, and a few bytes keep the connection awake.
    expect(wireBytes).toBeLessThanOrEqual(crossed + 100);
    if (command[0] === "download") expect(crossed - wireBytes).toBeLessThan(300);
  }
});

test("into a folder of this node a download keeps what it replaces as a version; elsewhere it says that none is kept", {
  timeout: 180_000,
}, async () => {
  const [a, b] = await pair();
  const directory = await readOnlyFolder(a);
  const big = randomBytes(1_000_000);
  await tree(directory, { sub: { "note.txt": "theirs", deep: {} } });
  await writeFile(join(directory, "sub", "big.bin"), big);
  await tree(b.directory, { sub: { "note.txt": "mine" } });
  await b.wait();
  const flags = ["--on-duplicate", "version"];
  const { files } = await b.json<Document>("download", "anna:docs/sub", "-o", `${b.directory}/`, ...flags);
  expect(files.map(({ path, storedAs, outcome }) => [path, storedAs, outcome]).toSorted()).toEqual([
    ["sub/big.bin", join(b.directory, "sub", "big.bin"), "stored"],
    ["sub/note.txt", join(b.directory, "sub", "note.txt"), "stored"],
  ]);
  expect(await readFile(join(b.directory, "sub", "note.txt"), "utf8")).toBe("theirs");
  expect(await readFile(join(b.directory, "sub", "big.bin"))).toEqual(big);
  const { versions } = await b.json<{ versions: readonly object[] }>("versions", join(b.directory, "sub", "note.txt"));
  expect(versions).toMatchObject([
    { version: 1, size: 4, current: false },
    { version: 2, size: 6, current: true },
  ]);
  const again = await b.json<Document>("download", "anna:docs/sub", "-o", `${b.directory}/`, ...flags);
  expect(again.files.map(({ outcome }) => outcome)).toEqual(["unchanged", "unchanged"]);
  const place = join(b.directory, "..", "place", "note.txt");
  await mkdir(join(b.directory, "..", "place"));
  const refused = await b.run("--json", "download", "anna:docs/sub/note.txt", "-o", place, ...flags);
  expect([refused.code, JSON.parse(refused.stderr)]).toMatchObject([2, { code: "E_USAGE", hint: expect.anything() }]);
});
