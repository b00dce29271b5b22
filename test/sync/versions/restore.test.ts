import { describe, expect, test } from "vitest";
import { listVersions } from "../../../src/sync/versions/list.ts";
import { type RestoreRequest, restore } from "../../../src/sync/versions/restore.ts";
import type { RestoreItem } from "../../../src/sync/versions/restore-item.ts";
import { link } from "../../support/tree.ts";
import { all, failure, KeepBench, NEVER, PEER, path, SELF } from "./keep-bench.ts";

function run(bench: KeepBench, at: string, more: Partial<RestoreRequest> = {}): Promise<RestoreItem[]> {
  return all(restore(bench.context, { path: path(at), dryRun: false, signal: NEVER, ...more }));
}

function summary(more: Partial<Extract<RestoreItem, { type: "summary" }>>): RestoreItem {
  return { type: "summary", restored: 0, bytes: 0, removed: 0, skipped: 0, dryRun: false, ...more };
}

/** "a.txt" with two kept versions, "one" and "two", and "three" as it is now. */
async function threeVersions(): Promise<KeepBench> {
  const bench = await KeepBench.of({ "a.txt": "one" });
  await bench.peer.write("a.txt", "two");
  await bench.pull();
  await bench.peer.write("a.txt", "three");
  await bench.pull();
  return bench;
}

describe("versions", () => {
  test("are numbered from the oldest, the current one last", async () => {
    const bench = await threeVersions();
    const listed = listVersions(bench.context, path("a.txt"));
    expect(
      listed.map(({ version, size, device, origin, isCurrent, isKept }) => ({
        version,
        size,
        device,
        origin,
        isCurrent,
        isKept,
      })),
    ).toEqual([
      { version: 1, size: 3, device: SELF, origin: "sync", isCurrent: false, isKept: true },
      { version: 2, size: 3, device: PEER, origin: "sync", isCurrent: false, isKept: true },
      { version: 3, size: 5, device: PEER, origin: "sync", isCurrent: true, isKept: true },
    ]);
    expect(listed.every(({ hash }) => hash === null)).toBe(true);
  });

  test("of a deleted file have no current one", async () => {
    const bench = await threeVersions();
    await bench.peer.delete("a.txt");
    await bench.pull();
    const listed = listVersions(bench.context, path("a.txt"));
    expect(listed.map(({ version, origin, isCurrent }) => [version, origin, isCurrent])).toEqual([
      [1, "sync", false],
      [2, "sync", false],
      [3, "delete", false],
    ]);
  });

  test("of a path nobody heard of are refused", async () => {
    const bench = await KeepBench.of({});
    expect(await failure(() => listVersions(bench.context, path("no.txt")))).toBe("E_PATH_NOT_FOUND");
  });

  test("have times that a date can tell, whatever an author wrote", async () => {
    const bench = await KeepBench.of({});
    await bench.peer.write("a.txt", "one", { mtimeNs: 2n ** 63n });
    await bench.pull();
    const [current] = listVersions(bench.context, path("a.txt"));
    expect(new Date(current?.timeMs ?? Number.NaN).toISOString()).toBe("2262-04-11T23:47:16.854Z");
  });
});

describe("restoring a version", () => {
  test.each([
    { name: "the oldest", version: 1, text: "one" },
    { name: "a later one", version: 2, text: "two" },
    { name: "the newest kept one, when none is named", version: undefined, text: "two" },
  ])("brings back $name as a new version", async ({ version, text }) => {
    const bench = await threeVersions();
    const before = bench.head("a.txt");
    const items = await run(bench, "a.txt", { version });
    const number = version ?? 2;
    expect(items).toEqual([
      { type: "restored", path: "a.txt", storedAs: "a.txt", version: number, size: 3 },
      summary({ restored: 1, bytes: 3 }),
    ]);
    expect(bench.tree).toEqual({ "a.txt": text });
    const after = bench.head("a.txt");
    expect(after.author).toBe(SELF);
    expect(after.previous).toBe(before.contentId);
    expect(bench.row("a.txt")?.stamp).not.toBeNull();
    expect(bench.versions("a.txt").map(({ origin, by }) => [origin, by])).toEqual([
      ["replaced", PEER],
      ["replaced", PEER],
      ["restore", SELF],
    ]);
    expect(await bench.look()).toEqual([]);
  });

  test("is announced to peers", async () => {
    const bench = await threeVersions();
    const before = bench.index.read.folder(bench.context.folder)?.sequence ?? 0;
    await run(bench, "a.txt", { version: 1 });
    expect(bench.index.read.localSince(bench.context.folder, before, 10).map((row) => row.path)).toEqual(["a.txt"]);
  });

  test("can be taken back by another restore", async () => {
    const bench = await threeVersions();
    await run(bench, "a.txt", { version: 1 });
    await run(bench, "a.txt", { version: 3 });
    expect(bench.tree).toEqual({ "a.txt": "three" });
  });

  test("of the current content changes nothing", async () => {
    const bench = await threeVersions();
    const before = bench.row("a.txt");
    expect(await run(bench, "a.txt", { version: 3 })).toEqual([summary({})]);
    expect(bench.row("a.txt")).toEqual(before);
  });

  test("only says what it would do in a dry run", async () => {
    const bench = await threeVersions();
    const before = bench.row("a.txt");
    expect(await run(bench, "a.txt", { version: 1, dryRun: true })).toEqual([
      { type: "restored", path: "a.txt", storedAs: "a.txt", version: 1, size: 3 },
      summary({ restored: 1, bytes: 3, dryRun: true }),
    ]);
    expect(bench.row("a.txt")).toEqual(before);
    expect(bench.tree).toEqual({ "a.txt": "three" });
  });

  test("under another name leaves the path as it is", async () => {
    const bench = await threeVersions();
    expect(await run(bench, "a.txt", { version: 1, as: path("old/a.txt") })).toEqual([
      { type: "restored", path: "a.txt", storedAs: "old/a.txt", version: 1, size: 3 },
      summary({ restored: 1, bytes: 3 }),
    ]);
    expect(bench.tree).toEqual({ "a.txt": "three", old: { "a.txt": "one" } });
    expect(bench.head("old").type).toBe("directory");
    expect(await bench.look()).toEqual([]);
  });

  test("into a directory that exists takes the base name", async () => {
    const bench = await threeVersions();
    await bench.edit((user) => user.mkdir("old"));
    await run(bench, "a.txt", { version: 1, as: path("old") });
    expect(bench.tree).toEqual({ "a.txt": "three", old: { "a.txt": "one" } });
  });

  test("brings back a symlink as it was", async () => {
    const bench = await KeepBench.of({ l: link("one") });
    await bench.peer.write("l", "two");
    await bench.pull();
    await run(bench, "l", { version: 1 });
    expect(bench.tree).toEqual({ l: link("one") });
    expect(await bench.look()).toEqual([]);
  });

  test("brings back a deleted file and the directories above it, with their permissions", async () => {
    const bench = await KeepBench.of({ d: { e: { "a.txt": "one" } } });
    await bench.edit((user) => user.chmod("d", 0o750));
    for (const at of ["d/e/a.txt", "d/e", "d"]) await bench.peer.delete(at);
    await bench.pull();
    expect(bench.tree).toEqual({});
    await run(bench, "d/e/a.txt");
    expect(bench.tree).toEqual({ d: { e: { "a.txt": "one" } } });
    expect(bench.head("d").mode).toBe(0o750);
    expect(await bench.look()).toEqual([]);
  });

  test("takes content that is live elsewhere when the store has lost it", async () => {
    const bench = await threeVersions();
    await bench.edit((user) => user.write("copy.txt", "one"));
    for (const { storedAs } of bench.versions("a.txt")) bench.user.delete(`.syncline/store/${storedAs}`);
    await run(bench, "a.txt", { version: 1 });
    expect(bench.tree).toEqual({ "a.txt": "one", "copy.txt": "one" });
  });

  test("keeps to names of 255 bytes", async () => {
    const name = `${"ü".repeat(125)}.text`;
    const bench = await KeepBench.of({ [name]: "one" });
    await bench.peer.write(name, "two");
    await bench.pull();
    await run(bench, name, { version: 1 });
    expect(bench.tree).toEqual({ [name]: "one" });
    const other = `${"ä".repeat(125)}.text`;
    await run(bench, name, { version: 2, as: path(other) });
    expect(bench.tree).toEqual({ [name]: "one", [other]: "two" });
    const deep = path(`${Array.from({ length: 15 }, () => "d".repeat(255)).join("/")}/dd`);
    await run(bench, name, { version: 2, as: deep });
    expect(bench.head(deep).size).toBe(3);
    await bench.edit((user) => user.delete(deep));
    await bench.edit((user) => user.mkdir(deep));
    expect(await failure(run(bench, name, { version: 2, as: deep }))).toBe("E_BAD_PATH");
  });
});

describe("restoring is refused", () => {
  test.each([
    { name: "a version that is not there", more: { version: 9 }, code: "E_VERSION_NOT_FOUND" },
    { name: "a name that is taken", more: { version: 1, as: path("b.txt") }, code: "E_EXISTS" },
    { name: "a place below a file", more: { version: 1, as: path("b.txt/a.txt") }, code: "E_EXISTS" },
    { name: "an ignored name", more: { version: 1, as: path("x.swp/.a.swp") }, code: "E_IGNORED" },
    { name: "both a version and a time", more: { version: 1, atMs: 5 }, code: "E_USAGE" },
  ])("for $name", async ({ more, code }) => {
    const bench = await threeVersions();
    await bench.edit((user) => user.write("b.txt", "mine"));
    for (const dryRun of [true, false]) expect(await failure(run(bench, "a.txt", { ...more, dryRun }))).toBe(code);
    expect(bench.tree).toEqual({ "a.txt": "three", "b.txt": "mine" });
  });

  test("for a directory, without a time", async () => {
    const bench = await KeepBench.of({ d: { "a.txt": "one" } });
    expect(await failure(run(bench, "d"))).toBe("E_USAGE");
  });

  test("in a folder that only receives", async () => {
    const bench = await threeVersions();
    bench.mode = "receive-only";
    expect(await failure(run(bench, "a.txt", { version: 1 }))).toBe("E_RECEIVE_ONLY");
  });

  test("while the folder is not there", async () => {
    const bench = await threeVersions();
    bench.user.delete(".syncline/marker.json");
    expect(await failure(run(bench, "a.txt", { version: 1 }))).toBe("E_MARKER_MISSING");
    expect(bench.tree).toEqual({ "a.txt": "three" });
  });

  test("for a place taken by a file that no scan has seen", async () => {
    const bench = await threeVersions();
    bench.user.write("new.txt", "mine");
    expect(await failure(run(bench, "a.txt", { version: 1, as: path("new.txt") }))).toBe("E_EXISTS");
    expect(bench.tree).toEqual({ "a.txt": "three", "new.txt": "mine" });
    expect(bench.lookedAgain).toEqual(["new.txt"]);
    expect(bench.row("new.txt")).toBeUndefined();
  });

  test("over an edit that no scan has seen", async () => {
    const bench = await threeVersions();
    bench.user.write("a.txt", "mine, just now");
    expect(await failure(run(bench, "a.txt", { version: 1 }))).toBe("E_CHANGING");
    expect(bench.tree).toEqual({ "a.txt": "mine, just now" });
    expect(bench.lookedAgain).toEqual(["a.txt"]);
  });

  test("for content that changed after it was kept, and that nobody has", async () => {
    const bench = await threeVersions();
    bench.disconnect();
    const [first] = bench.versions("a.txt");
    bench.user.write(`.syncline/store/${first?.storedAs}`, "written later");
    expect(await failure(run(bench, "a.txt", { version: 1 }))).toBe("E_NO_SOURCE");
    expect(bench.tree).toEqual({ "a.txt": "three" });
  });
});

describe("restoring what only others kept", () => {
  /** "a.txt" was overwritten here, so that the peer alone displaced "one". */
  async function overwritten(text = "one"): Promise<{ readonly bench: KeepBench; readonly atMs: number }> {
    const bench = await KeepBench.of({ "a.txt": text });
    bench.peer.hold(text);
    const atMs = bench.nowMs;
    await bench.edit((user) => user.save("a.txt", "two"));
    return { bench, atMs };
  }

  test("fetches it by its content", async () => {
    const { bench, atMs } = await overwritten();
    expect(await run(bench, "a.txt", { atMs })).toEqual([
      { type: "restored", path: "a.txt", storedAs: "a.txt", version: null, size: 3 },
      summary({ restored: 1, bytes: 3 }),
    ]);
    expect(bench.tree).toEqual({ "a.txt": "one" });
  });

  test("fetches large content in chunks, and knows its chunk list afterwards", async () => {
    const text = Array.from({ length: 20_000 }, (_, line) => `line ${line * 7919}`).join("\n");
    const { bench, atMs } = await overwritten(text);
    await run(bench, "a.txt", { atMs });
    expect(bench.tree).toEqual({ "a.txt": text });
    const { contentId } = bench.head("a.txt");
    expect(contentId === null ? undefined : bench.index.read.chunkList(contentId)).toBeDefined();
    expect(await bench.look()).toEqual([]);
  });

  test("in a dry run asks who has it, and fetches nothing", async () => {
    const { bench, atMs } = await overwritten();
    expect(await run(bench, "a.txt", { atMs, dryRun: true })).toMatchObject([{ type: "restored" }, { restored: 1 }]);
    bench.peer.forget();
    expect(await run(bench, "a.txt", { atMs, dryRun: true })).toMatchObject([
      { type: "skipped", code: "E_NO_SOURCE" },
      { skipped: 1 },
    ]);
    expect(bench.tree).toEqual({ "a.txt": "two" });
  });

  test.each([
    { name: "nobody is connected", act: (bench: KeepBench) => bench.disconnect() },
    { name: "nobody has it any more", act: (bench: KeepBench) => bench.peer.forget() },
    { name: "what is sent is wrong", act: (bench: KeepBench) => bench.peer.lie() },
  ])("lists it when $name, and touches nothing", async ({ act }) => {
    const { bench, atMs } = await overwritten();
    act(bench);
    expect(await run(bench, "a.txt", { atMs })).toMatchObject([
      { type: "skipped", path: "a.txt", code: "E_NO_SOURCE" },
      { type: "summary", restored: 0, skipped: 1 },
    ]);
    expect(bench.tree).toEqual({ "a.txt": "two" });
  });

  test("brings back a file that was deleted here, without its version being named", async () => {
    const bench = await KeepBench.of({ "a.txt": "one" });
    bench.peer.hold("one");
    await bench.edit((user) => user.delete("a.txt"));
    expect(await run(bench, "a.txt")).toMatchObject([{ type: "restored", version: null }, { restored: 1 }]);
    expect(bench.tree).toEqual({ "a.txt": "one" });
  });
});

describe("a restore that fails on the disk", () => {
  test.each([
    { name: "is full", call: "copy", code: "ENOSPC", expected: "E_DISK_FULL" },
    { name: "refuses", call: "copy", code: "EPERM", expected: "E_PERMISSION" },
    { name: "cannot flush", call: "sync", code: "EIO", expected: "E_WRITE_FAILED" },
  ])("leaves all as it was when the disk $name", async ({ call, code, expected }) => {
    const bench = await threeVersions();
    const before = bench.row("a.txt");
    bench.fs.failNext(call, code);
    bench.fs.failNext("syncAll", code);
    expect(await failure(run(bench, "a.txt", { version: 1 }))).toBe(expected);
    expect(bench.tree).toEqual({ "a.txt": "three" });
    expect(bench.row("a.txt")).toEqual(before);
    expect(bench.versions("a.txt").length).toBe(2);
  });
});
