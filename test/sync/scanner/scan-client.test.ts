/** Scans of real directories through the thread. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { FolderId, ShortId } from "../../../src/shared/ids.ts";
import type { ScanBatch, ScanRequest } from "../../../src/sync/folder-disk.ts";
import { openDisk } from "../../../src/sync/fs/disk.ts";
import { writeMarker } from "../../../src/sync/fs/marker.ts";
import type { LocalChange } from "../../../src/sync/index/index-port.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { ScanClient } from "../../../src/sync/scanner/scan-client.ts";
import { tree } from "../../support/tree.ts";

const FOLDER = "photos" as FolderId;
const EVERYTHING: ScanRequest = {
  paths: "everything",
  isThorough: false,
  ignore: { folderText: "", devicePatterns: [] },
};
const never = new AbortController().signal;

let base: string;
let root: string;
let index: OwnedIndex;
let client: ScanClient;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "syncline-scan-"));
  root = join(base, "folder");
  mkdirSync(root);
  mark(root, FOLDER);
  const indexPath = join(base, "index.db");
  index = openIndex(indexPath);
  await index.write.openFolder(FOLDER, "epoch");
  client = new ScanClient({ indexPath });
});

afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await index[Symbol.asyncDispose]();
  rmSync(base, { recursive: true, force: true });
});

function mark(directory: string, folder: FolderId): void {
  const disk = openDisk(directory);
  writeMarker(disk, { format: 1, folder, epoch: "epoch" });
  disk.close();
}

async function scan(
  request: Partial<ScanRequest> = {},
  options: { root?: string; folder?: FolderId; signal?: AbortSignal } = {},
): Promise<readonly string[]> {
  const seen: string[] = [];
  const run = client.folder({ folder: options.folder ?? FOLDER, root: options.root ?? root });
  await run({ ...EVERYTHING, ...request }, async (batch) => void seen.push(...toldIn(batch)), options.signal ?? never);
  return seen.sort();
}

function toldIn(batch: ScanBatch): readonly string[] {
  return [
    ...batch.observations.map((one) => `${one.type} ${one.path}`),
    ...batch.problems.map((problem) => `${problem.code} ${problem.path}`),
  ];
}

test("a folder is scanned in the thread, with its patterns, and only where it was asked", async () => {
  await tree(root, { a: { "b.txt": "1", "c.tmp": "2" }, d: "3" });
  expect(await scan({ ignore: { folderText: "*.tmp", devicePatterns: ["d"] } })).toEqual([
    "present a",
    "present a/b.txt",
  ]);
  expect(await scan({ paths: ["d"] as never })).toEqual(["present d"]);
});

test("what was committed meanwhile is what the next scan compares with", async () => {
  await tree(root, { a: "1" });
  const run = client.folder({ folder: FOLDER, root });
  await run(
    EVERYTHING,
    async ({ observations: [seen] }) => {
      if (seen?.type !== "present") throw new Error("nothing was seen");
      const { path, size, mtimeNs, mode, contentId, stamp } = seen;
      const head = {
        version: [["AAAAAAAAAAAA" as never, 1]] as const,
        author: "AAAAAAAAAAAA" as never,
        type: "file" as const,
        deleted: false,
        size,
        mtimeNs,
        mode,
        contentId,
        target: "",
        previous: null,
        owner: "",
      };
      await index.write.commitLocal(FOLDER, [{ path, heads: [head], stamp, announce: true }], { nowMs: 1 });
    },
    never,
  );
  rmSync(join(root, "a"));
  expect(await scan()).toEqual(["missing a"]);
});

test("a moved directory is told, and looked at only by the rows that taking it leaves", async () => {
  await tree(root, { a: { "b.txt": "1" }, other: "2" });
  const run = client.folder({ folder: FOLDER, root });
  const self = "AAAAAAAAAAAA" as ShortId;
  const commit = async ({ observations }: ScanBatch): Promise<void> => {
    const changes = observations.flatMap((seen): readonly LocalChange[] => {
      if (seen.type === "missing") return [];
      const { path, fileType: type, contentId, mode, mtimeNs, size, stamp, target } = seen;
      const facts = { type, contentId, mode, mtimeNs, size, target, deleted: false, previous: null };
      const head = { ...facts, version: [[self, 1]] as const, author: self, owner: self };
      return [{ path, heads: [head], stamp, announce: true }];
    });
    await index.write.commitLocal(FOLDER, changes, { nowMs: 1 });
  };
  await run(EVERYTHING, commit, never);
  renameSync(join(root, "a"), join(root, "moved"));
  const told: string[] = [];
  const take = async (batch: ScanBatch): Promise<void> => {
    told.push(...toldIn(batch), ...batch.moves.map(({ from, to }) => `${from} > ${to}`));
    for (const move of batch.moves) await index.write.moveDirectory(FOLDER, { ...move, author: self }, 5000);
  };
  await run(EVERYTHING, take, never);
  expect(told).toEqual(["a > moved"]);
});

test("the scan waits for its taker: batches come one after the other, few are ahead", async () => {
  const many: Record<string, string> = {};
  for (let i = 0; i < 1600; i++) many[`f${i}`] = "";
  await tree(root, many);
  let inHand = 0;
  let batches = 0;
  await client.folder({ folder: FOLDER, root })(
    EVERYTHING,
    async () => {
      expect(++inHand).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inHand--;
      batches++;
    },
    never,
  );
  expect(batches).toBe(4);
});

describe("a scan ends early", () => {
  test("when it is aborted, in the middle of a big file, too", async () => {
    await tree(root, { small: "1" });
    for (let i = 0; i < 24; i++) appendFileSync(join(root, "big"), new Uint8Array(1024 * 1024).fill(i));
    const stop = new AbortController();
    const started = scan({}, { signal: stop.signal });
    stop.abort(new Error("enough"));
    await expect(started).rejects.toThrow("enough");
    await expect(scan({}, { signal: stop.signal })).rejects.toThrow("enough");
    expect(await scan({ paths: ["small"] as never })).toEqual(["present small"]);
  });

  test("when its taker fails, with the taker's reason; the next one runs", async () => {
    await tree(root, { a: "1" });
    const failing = client.folder({ folder: FOLDER, root })(
      EVERYTHING,
      () => Promise.reject(new Error("index is full")),
      never,
    );
    await expect(failing).rejects.toThrow("index is full");
    expect(await scan()).toEqual(["present a"]);
  });

  test("when the folder is not there, with its code", async () => {
    await expect(scan({}, { root: join(base, "none") })).rejects.toMatchObject({ code: "E_ROOT_UNREADABLE" });
    await expect(scan({}, { folder: "other" as FolderId })).rejects.toMatchObject({ code: "E_MARKER_WRONG" });
  });

  test("when the client is disposed, and no scan begins after that", async () => {
    await tree(root, { a: "1" });
    const running = expect(scan()).rejects.toMatchObject({ code: "E_INTERRUPTED" });
    await client[Symbol.asyncDispose]();
    await running;
    await expect(scan()).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  });
});

test("a root that was replaced is opened anew", async () => {
  await tree(root, { old: "1" });
  expect(await scan()).toEqual(["present old"]);
  renameSync(root, `${root}-away`);
  mkdirSync(root);
  await expect(scan()).rejects.toMatchObject({ code: "E_MARKER_MISSING" });
  mark(root, FOLDER);
  writeFileSync(join(root, "new"), "2");
  expect(await scan()).toEqual(["present new"]);
});

test("folders are scanned beside each other", async () => {
  const second = join(base, "second");
  mkdirSync(second);
  mark(second, "papers" as FolderId);
  await tree(root, { a: "1" });
  await tree(second, { b: "2" });
  const both = await Promise.all([scan(), scan({}, { root: second, folder: "papers" as FolderId })]);
  expect(both).toEqual([["present a"], ["present b"]]);
});

test("the thread ends when it is idle and is back when it is needed", async () => {
  await tree(root, { a: "1" });
  await client[Symbol.asyncDispose]();
  client = new ScanClient({ indexPath: join(base, "index.db"), idleMs: 1 });
  for (let i = 0; i < 2; i++) {
    expect(client.isRunning).toBe(false);
    expect(await scan()).toEqual(["present a"]);
    await expect.poll(() => client.isRunning).toBe(false);
  }
});
