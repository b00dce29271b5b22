/** A power cut before every call of a whole batch, on a disk that keeps as little as it legally may. */
import { describe, expect, test } from "vitest";
import type { RelPath } from "../../../src/shared/ids.ts";
import { deleteFile } from "../../../src/sync/fs/delete.ts";
import { type FsPath, privatePath } from "../../../src/sync/fs/filesystem.ts";
import { installNew } from "../../../src/sync/fs/install-new.ts";
import { IntentLog } from "../../../src/sync/fs/intent-log.ts";
import { moveFile } from "../../../src/sync/fs/move.ts";
import { recoverIntents } from "../../../src/sync/fs/recover-intents.ts";
import { replace } from "../../../src/sync/fs/replace.ts";
import { makeDurable, stageFile, syncNames } from "../../../src/sync/fs/stage.ts";
import { simBench } from "../../support/benches.ts";
import { seeded } from "../../support/seeded.ts";
import { EXFAT, EXT4, type Personality, PLAIN_UNIX } from "../../support/sim-disk.ts";
import type { SimFs } from "../../support/sim-fs.ts";

const OLD = "old content";
const NEW = "new content ".repeat(1000);
const USER = "what the user saved";
const KEEP = privatePath("store", "kept");
const SEEDS = 12;
const path = (text: string): RelPath => text as RelPath;

class PowerCut extends Error {}

/** Cuts the power before call `at`; whatever runs on after that finds nothing to call. */
function cutAt(fs: SimFs, at: number, before?: (call: number) => void): { calls: number } {
  const count = { calls: 0 };
  fs.beforeCall = () => {
    if (count.calls >= at) throw new PowerCut();
    before?.(count.calls);
    count.calls += 1;
  };
  return count;
}

interface Index {
  isCommitted: boolean;
}

interface Batch {
  readonly name: string;
  run(fs: SimFs, index: Index): void;
  /** What the path may hold before and after the index commit; undefined is "nothing". */
  readonly before: readonly (string | undefined)[];
  readonly after: readonly (string | undefined)[];
  readonly path: string;
  readonly elsewhere?: string;
  /** After the commit the store holds the old content, whatever else does. */
  readonly keepsOld?: boolean;
}

function stageNew(fs: SimFs): ReturnType<typeof stageFile> {
  return stageFile(fs, {
    path: privatePath("stage", "new"),
    bytes: new TextEncoder().encode(NEW),
    mode: 0o644,
    mtimeNs: 0n,
  });
}

function statOf(fs: SimFs, of: string): NonNullable<ReturnType<SimFs["stat"]>> {
  const found = fs.stat(of as FsPath);
  if (found === undefined) throw new PowerCut();
  return found;
}

const BATCHES: readonly Batch[] = [
  {
    name: "installing a new file",
    run: (fs, index) => {
      const staged = stageNew(fs);
      makeDurable(fs, [staged]);
      installNew(fs, { staged, path: path("d/new") });
      syncNames(fs, [path("d/new")]);
      index.isCommitted = true;
    },
    path: "d/new",
    before: [undefined, NEW],
    after: [NEW],
  },
  {
    name: "replacing",
    run: (fs, index) => {
      const staged = stageNew(fs);
      const log = new IntentLog(fs, "1");
      makeDurable(fs, [staged]);
      const result = replace(fs, log, { staged, path: path("d/a"), expected: statOf(fs, "d/a"), keepAs: KEEP });
      syncNames(fs, [path("d/a"), KEEP]);
      if (result.type !== "installed") return;
      index.isCommitted = true;
      log.close();
    },
    path: "d/a",
    before: [OLD, NEW],
    after: [NEW],
  },
  {
    name: "replacing a linked file",
    run: (fs, index) => {
      fs.user.link("d/a", "twin");
      fs.user.settle();
      BATCHES[1]?.run(fs, index);
    },
    path: "d/a",
    before: [OLD, NEW],
    after: [NEW],
    elsewhere: "twin",
    keepsOld: true,
  },
  {
    name: "deleting",
    run: (fs, index) => {
      const log = new IntentLog(fs, "1");
      const result = deleteFile(fs, log, { path: path("d/a"), expected: statOf(fs, "d/a"), keepAs: KEEP });
      syncNames(fs, [path("d/a"), KEEP]);
      if (result.type !== "deleted") return;
      index.isCommitted = true;
      log.close();
    },
    path: "d/a",
    before: [OLD],
    after: [undefined],
  },
  {
    name: "moving",
    run: (fs, index) => {
      const log = new IntentLog(fs, "1");
      const result = moveFile(fs, log, {
        from: path("d/a"),
        to: path("e/b"),
        expected: statOf(fs, "d/a"),
        keepAs: KEEP,
      });
      syncNames(fs, [path("d/a"), path("e/b")]);
      if (result.type !== "moved") return;
      index.isCommitted = true;
      log.close();
    },
    path: "d/a",
    before: [OLD, undefined],
    after: [undefined],
    elsewhere: "e/b",
  },
];

/** One batch, cut at a call; then recovery, cut as well now and then; then the checks. Returns false when the batch ended before the cut. */
function cutOnce(
  personality: Personality,
  batch: Batch,
  options: { seed: number; at: number; userAt?: number },
): boolean {
  const { fs, user } = simBench(personality);
  user.plant({ d: { a: OLD }, e: {} });
  const random = seeded(options.seed * 1000 + options.at);
  const index: Index = { isCommitted: false };
  const isCut = runUntilCut(() => {
    cutAt(fs, options.at, (call) => {
      if (call === options.userAt) saveDurably(fs, batch.path);
    });
    batch.run(fs, index);
  });
  const hasUserSaved = user.exists(batch.path) && options.userAt !== undefined && options.userAt < options.at;
  fs.beforeCall = undefined;
  fs.crash(random);
  const recover = (): ReturnType<typeof recoverIntents> =>
    recoverIntents(fs, { isKnown: (kept) => index.isCommitted && kept === KEEP });
  if (random() < 0.5) {
    cutAt(fs, Math.floor(random() * 12));
    runUntilCut(recover);
    fs.beforeCall = undefined;
    fs.crash(random);
  }
  const recovery = recover();
  const contents = user.contents();
  const kept = recovery.items.flatMap((item) => (item.type === "kept" ? [contents.get(item.kept)] : []));
  const found = contents.get(batch.path);
  const visible = [found, contents.get(batch.elsewhere ?? batch.path)];

  if (options.userAt === undefined) {
    expect(index.isCommitted ? batch.after : batch.before).toContain(found);
    const isOldKnown = index.isCommitted && contents.get(KEEP) === OLD;
    if (batch.path === "d/a")
      expect(isOldKnown || [...visible, ...kept].includes(OLD), "the old content is somewhere known").toBe(true);
  } else if (hasUserSaved && !index.isCommitted) {
    expect([...visible, ...kept], "the user's content is somewhere known").toContain(USER);
  }
  if (batch.keepsOld === true && index.isCommitted && options.userAt === undefined)
    expect(contents.get(KEEP)).toBe(OLD);
  for (const text of visible) expect([OLD, NEW, USER, undefined]).toContain(text);
  recovery.done();
  expect(recover().items).toEqual([]);
  fs.crash(random);
  recover();
  for (const item of recovery.items) {
    // The log is gone for good only after what it told of is durable.
    if (item.type === "restored") expect(user.contents().get(item.path)).toBe(contents.get(item.path));
  }
  return isCut;
}

function runUntilCut(run: () => unknown): boolean {
  try {
    run();
    return false;
  } catch (thrown) {
    if (!(thrown instanceof PowerCut)) throw thrown;
    return true;
  }
}

/** A program that saves with fsync of file and directory. */
function saveDurably(fs: SimFs, at: string): void {
  fs.user.save(at, USER);
  fs.disk.syncFile(fs.disk.inodeAt(at, "fsync"));
  fs.disk.syncDirectory(fs.disk.directoryAt(at.slice(0, at.lastIndexOf("/")), "fsync"));
}

describe.each(Object.entries({ EXT4, PLAIN_UNIX, EXFAT }))("power cuts: %s", (_, personality) => {
  test.each(BATCHES)("$name leaves whole files and loses nothing", (batch) => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      let at = 0;
      while (cutOnce(personality, batch, { seed, at })) at += 1;
      expect(at).toBeGreaterThan(3);
    }
  });
});

// Not exFAT: without links and create-only rename a save in the last window is overwritten, which place.ts says.
describe.each(Object.entries({ EXT4, PLAIN_UNIX }))("power cuts and a user who saves: %s", (_, personality) => {
  test.each(BATCHES)("$name loses no save that came in between", (batch) => {
    for (let seed = 1; seed <= 4; seed += 1) {
      for (let userAt = 0; userAt < 24; userAt += 1) {
        for (let at = userAt + 1; cutOnce(personality, batch, { seed, at, userAt }); ) at += 1;
      }
    }
  });
});
