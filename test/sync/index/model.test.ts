import fc from "fast-check";
import { expect, test } from "vitest";
import type { Head } from "../../../src/shared/file-info.ts";
import type { RelPath, ShortId } from "../../../src/shared/ids.ts";
import { joinHeads } from "../../../src/sync/core/heads.ts";
import type { FolderIndex } from "../../../src/sync/index/index-port.ts";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import { IndexModel, inDirectoryOrder } from "./index-model.ts";
import { announced, B, C, change, directory, EPOCH, FOLDER, file, path, stamp, tombstone } from "./rows.ts";

const PATHS = ["a", "d", "d/x", "d/y", "d!/z"].map(path);

type Step = (index: FolderIndex, model: IndexModel) => Promise<unknown>;

const counters = fc
  .record({ A: fc.nat(2), B: fc.nat(2), C: fc.nat(2) })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0)));
const anyHead: fc.Arbitrary<Head> = fc
  .tuple(
    fc.constantFrom("file", "file", "directory", "tombstone", "symlink"),
    counters.filter((all) => Object.keys(all).length > 0),
    fc.nat(99),
  )
  .map(([kind, seen, size]) => {
    if (kind === "directory") return directory(seen);
    if (kind === "tombstone") return tombstone(seen);
    if (kind === "symlink") return file(seen, "", { type: "symlink", size: 0, contentId: null, target: "t" });
    return file(seen, `content ${JSON.stringify(seen)}`, { size });
  });
const anyHeads = fc.array(anyHead, { minLength: 1, maxLength: 2 }).map((heads) => joinHeads(heads, []));
const anyPaths = fc.uniqueArray(fc.constantFrom(...PATHS), { minLength: 1 });
const anyPeer = fc.constantFrom<ShortId>(B, C);

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...PATHS), anyHeads, fc.boolean(), fc.boolean()), { maxLength: 4 })
      .map(localStep),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        anyPeer,
        fc.constantFrom("e1", "e1", "e1", "e2"),
        fc.nat(20),
        fc.array(fc.tuple(fc.constantFrom(...PATHS), anyHeads, fc.boolean()), { maxLength: 4 }),
      )
      .map(remoteStep),
  },
  {
    weight: 1,
    arbitrary: fc.array(fc.record({ path: fc.constantFrom(...PATHS), heads: anyHeads }), { maxLength: 4 }).map(
      (seen): Step =>
        both(
          (one) => one.settle(seen),
          (index) => index.write.settle(FOLDER, seen),
        ),
    ),
  },
  {
    weight: 1,
    arbitrary: anyPaths.map(
      (paths): Step =>
        both(
          (one) => one.forgetPaths(paths),
          (index) => index.write.forgetPaths(FOLDER, paths),
        ),
    ),
  },
  {
    weight: 1,
    arbitrary: anyPeer.map(
      (peer): Step =>
        both(
          (one) => one.resetRemote(peer),
          (index) => index.write.resetRemote(FOLDER, peer),
        ),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>(
      both(
        (one) => one.reconsider(),
        (index) => index.write.reconsider(FOLDER),
      ),
    ),
  },
);

function both(onModel: (model: IndexModel) => void, onIndex: (index: FolderIndex) => Promise<unknown>): Step {
  return async (index, model) => {
    onModel(model);
    await onIndex(index);
  };
}

function localStep(rows: readonly (readonly [RelPath, readonly Head[], boolean, boolean])[]): Step {
  const changes = rows.map(([at, heads, isPresent, announce]) =>
    change(at, heads, {
      announce,
      ...(isPresent ? {} : { stamp: null }),
      ...(isPresent && !heads[0]?.deleted ? { stamp: stamp() } : {}),
    }),
  );
  return both(
    (model) => model.commitLocal(changes),
    (index) => index.write.commitLocal(FOLDER, changes, { nowMs: 1 }),
  );
}

function remoteStep([peer, epoch, start, rows]: readonly [
  ShortId,
  string,
  number,
  readonly (readonly [RelPath, readonly Head[], boolean])[],
]): Step {
  const records = rows.map(([at, heads, hasList], i) =>
    announced(start + i + 1, at, heads, hasList ? new Uint8Array(3) : null),
  );
  const last = start + rows.length + 1;
  return both(
    (model) => model.commitRemote(peer, epoch, last, records),
    (index) => index.write.commitRemote(FOLDER, peer, epoch, last, records),
  );
}

test("whatever is written in whatever order, what waits and what is counted follow", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 25 }), async (run) => {
      await using index = openIndex(":memory:");
      const model = new IndexModel();
      await index.write.openFolder(FOLDER, EPOCH);
      for (const step of run) {
        await step(index, model);
        expect(answersOf(index)).toEqual(expectedOf(model));
      }
    }),
    { numRuns: 150 },
  );
});

function answersOf({ read }: FolderIndex) {
  return {
    live: read.pending(FOLDER, "live", "", 99),
    deleted: read.pending(FOLDER, "deleted", "", 99),
    totals: read.totals(FOLDER),
    waiting: read.pendingTotals(FOLDER),
    applied: [B, C].map((peer) => read.appliedUpTo(FOLDER, peer)),
    lists: [B, C].flatMap((peer) =>
      PATHS.filter((at) => read.announcedChunkList(FOLDER, peer, at) !== undefined && !isListed(read, at)),
    ),
    sequences: read.localSince(FOLDER, 0, 99).map((row) => [row.path, row.sequence]),
    rows: read.localBelow(FOLDER, "", "", 99).map(({ path: at, heads, stamp: held }) => [at, heads, held]),
  };
}

/** A chunk list is kept for a path that waits only. */
function isListed(read: FolderIndex["read"], at: RelPath): boolean {
  return [...read.pending(FOLDER, "live", "", 99), ...read.pending(FOLDER, "deleted", "", 99)].includes(at);
}

function expectedOf(model: IndexModel): ReturnType<typeof answersOf> {
  const rows = [...model.local.values()];
  return {
    live: model.pending("live"),
    deleted: model.pending("deleted"),
    totals: model.totals(),
    waiting: model.pendingTotals(),
    applied: [B, C].map((peer) => model.appliedUpTo(peer)),
    lists: [],
    sequences: rows.toSorted((a, b) => a.sequence - b.sequence).map((row) => [row.path, row.sequence]),
    rows: rows.toSorted((a, b) => inDirectoryOrder(a.path, b.path)).map((row) => [row.path, row.heads, row.stamp]),
  };
}
