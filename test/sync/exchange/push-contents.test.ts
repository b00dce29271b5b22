import { describe, expect, test } from "vitest";
import type { ShortId } from "../../../src/shared/ids.ts";
import type { IndexRecord } from "../../../src/shared/messages.ts";
import { withContents } from "../../../src/sync/exchange/push-contents.ts";
import type { FolderContext } from "../../../src/sync/folder-context.ts";
import { KeepBench, path } from "../versions/keep-bench.ts";

const PEER = "PEERPEERPEER" as ShortId;
const FOLDER_START = { "old.txt": "here since long ago" };

/** With a disk that answers in time. */
function inTime({ context }: KeepBench): FolderContext {
  return { ...context, clock: { ...context.clock, sleep: () => new Promise(() => {}) } };
}

function sequenceOf({ context }: KeepBench): number {
  return context.index.read.folder(context.folder)?.sequence ?? 0;
}

/** The records of everything behind a sequence. */
function recordsSince({ context }: KeepBench, sequence: number): readonly IndexRecord[] {
  return context.index.read.localSince(context.folder, sequence, 1000).map((row) => ({
    sequence: row.sequence,
    info: { path: row.path, heads: row.heads },
    chunkList: new Uint8Array(),
  }));
}

function textsOf(records: readonly IndexRecord[]): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    records.map(({ info, content }) => [
      info.path,
      content === undefined ? undefined : Buffer.from(content).toString(),
    ]),
  );
}

/** What goes along with what happened after a peer had everything. */
async function sent(
  act: (bench: KeepBench) => void | Promise<void>,
): Promise<Readonly<Record<string, string | undefined>>> {
  const bench = await KeepBench.of(FOLDER_START);
  const knownUpTo = sequenceOf(bench);
  await act(bench);
  await bench.look();
  return textsOf(await withContents(inTime(bench), recordsSince(bench, knownUpTo), { device: PEER, knownUpTo }));
}

describe("what goes along with", () => {
  test("a new file is its content", async () => {
    expect(await sent(({ user }) => user.write(path("new.txt"), "brand new"))).toEqual({ "new.txt": "brand new" });
  });

  test("a changed file is its content", async () => {
    expect(await sent(({ user }) => user.write(path("old.txt"), "changed"))).toEqual({ "old.txt": "changed" });
  });

  test("a renamed file is nothing: the peer has it under the old name", async () => {
    expect(await sent(({ user }) => user.move(path("old.txt"), path("new.txt")))).toEqual({
      "old.txt": undefined,
      "new.txt": undefined,
    });
  });

  test("a copy is nothing: the peer has the original", async () => {
    expect(await sent(({ user }) => user.write(path("copy.txt"), FOLDER_START["old.txt"]))).toEqual({
      "copy.txt": undefined,
    });
  });

  test("a file of several chunks is nothing", async () => {
    expect(await sent(({ user }) => user.write(path("large.txt"), "x".repeat(100_000)))).toEqual({
      "large.txt": undefined,
    });
  });

  test("what another device wrote is nothing: it tells of it itself", async () => {
    const act = async (bench: KeepBench): Promise<void> => {
      await bench.peer.write("theirs.txt", "by the peer");
      await bench.pull();
    };
    expect(await sent(act)).toEqual({ "theirs.txt": undefined });
  });

  test("many files at once is nothing: they are fetched many in one request", async () => {
    const texts = await sent(({ user }) => {
      for (let i = 0; i < 40; i++) user.write(path(`${i}.txt`), `number ${i}`);
    });
    expect(Object.values(texts)).toEqual(new Array(40).fill(undefined));
  });

  test("a few larger files is not more than one update takes", async () => {
    const texts = await sent(({ user }) => {
      for (const name of ["a", "b", "c"]) user.write(path(name), name.repeat(30_000));
    });
    expect(Object.values(texts).map((text) => text?.length)).toEqual([30_000, 30_000, undefined]);
  });
});

test("a file that changed after the scan goes without its content", async () => {
  const bench = await KeepBench.of({});
  bench.user.write(path("new.txt"), "as it was scanned");
  await bench.look();
  bench.user.write(path("new.txt"), "as it is now, longer");
  expect(textsOf(await withContents(inTime(bench), recordsSince(bench, 0), { device: PEER, knownUpTo: 0 }))).toEqual({
    "new.txt": undefined,
  });
});

test("an update does not wait for a disk that is busy", async () => {
  const bench = await KeepBench.of({ "new.txt": "some text" });
  const busy = { ...bench.context, disk: { ...bench.disk, readUnchanged: () => new Promise<never>(() => {}) } };
  expect(textsOf(await withContents(busy, recordsSince(bench, 0), { device: PEER, knownUpTo: 0 }))).toEqual({
    "new.txt": undefined,
  });
});
