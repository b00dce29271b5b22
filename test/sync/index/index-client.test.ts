import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openReader, startIndex } from "../../../src/sync/index/index-client.ts";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import { runIndexTests } from "./index-suite.ts";
import { indexPlaces } from "./places.ts";
import { change, EPOCH, FOLDER, file } from "./rows.ts";

const newIndexPath = indexPlaces();

runIndexTests("with its writer in a thread", () => startIndex(newIndexPath()));

const batch = (number: number) =>
  Array.from({ length: 20 }, (_, i) => change(`d${number}/${i}`, file({ A: 1 }, `${number}/${i}`)));

describe("an index whose writer is a thread", () => {
  test("shows each write to every reader as soon as it is acknowledged, and only whole", async () => {
    const path = newIndexPath();
    await using index = await startIndex(path);
    using other = openReader(path);
    await index.write.openFolder(FOLDER, EPOCH);
    let isWriting = true;
    const writer = (async () => {
      for (let number = 0; number < 40; number++) {
        const last = await index.write.commitLocal(FOLDER, batch(number), { nowMs: 1 });
        for (const read of [index.read, other.read]) expect(read.folder(FOLDER)?.sequence).toBe(last);
        expect(index.read.localChildren(FOLDER, `d${number}` as never)).toHaveLength(20);
      }
      isWriting = false;
    })();
    let looks = 0;
    while (isWriting) {
      const rows = other.read.localSince(FOLDER, 0, 10_000).length;
      expect(rows % 20, "part of a write").toBe(0);
      looks++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writer;
    expect(looks).toBeGreaterThan(10);
  });

  test("answers every call before it closes, and folds its log into the one file", async () => {
    const path = newIndexPath();
    const index = await startIndex(path);
    await index.write.openFolder(FOLDER, EPOCH);
    const writes = Array.from({ length: 30 }, (_, number) => index.write.commitLocal(FOLDER, batch(number)));
    await index[Symbol.asyncDispose]();
    expect(await Promise.all(writes)).toEqual(Array.from({ length: 30 }, (_, number) => 20 * (number + 1)));
    expect(existsSync(`${path}-wal`)).toBe(false);
    await using again = openIndex(path);
    expect(again.read.totals(FOLDER).files).toBe(600);
  });

  test("refuses calls once it is closed, by name", async () => {
    const path = newIndexPath();
    const index = await startIndex(path);
    await index[Symbol.asyncDispose]();
    await expect(index.write.setNote(FOLDER, "a", "b")).rejects.toMatchObject({
      code: "E_WRITE_FAILED",
      message: expect.stringContaining(path),
    });
  });

  test("fails a call that cannot be sent, and goes on with the next", async () => {
    await using index = await startIndex(newIndexPath());
    await index.write.openFolder(FOLDER, EPOCH);
    await expect(index.write.setNote(FOLDER, "a", (() => "b") as never)).rejects.toThrow();
    await index.write.setNote(FOLDER, "a", "c");
    expect(index.read.note(FOLDER, "a")).toBe("c");
  });

  test("carries the failures of the other thread with code, hint and place", async () => {
    await using index = await startIndex(newIndexPath());
    const failure = await index.write.settle(FOLDER, []).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: "SyncError",
      code: "E_FOLDER_NOT_FOUND",
      hint: expect.stringContaining("folder list"),
      exit: 4,
    });
    expect((failure as Error).stack).toContain("folder-table");
  });
});
