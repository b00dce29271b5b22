/** Real directories, both ways of watching: what a person does is hinted at, sooner or later, by a path at or above it. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { PathProblem } from "../../../src/shared/file-info.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { ChokidarWatcher } from "../../../src/sync/scanner/chokidar-watcher.ts";
import { silentLog as quiet } from "../../support/silent-log.ts";
import { link, type TreeSpec, tree } from "../../support/tree.ts";

let base: string;
let root: string;
let watcher: ChokidarWatcher | undefined;
let hints: Set<string>;
let suspicions: string[];
let problems: PathProblem[];

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "syncline-watch-"));
  root = join(base, "folder");
  await tree(root, { ".syncline": { "marker.json": "{}", stage: {}, store: {} } });
  hints = new Set();
  suspicions = [];
  problems = [];
});

afterEach(async () => {
  await watcher?.close();
  rmSync(base, { recursive: true, force: true });
});

async function watch(
  spec: TreeSpec,
  options: Partial<ConstructorParameters<typeof ChokidarWatcher>[0]> = {},
): Promise<ChokidarWatcher> {
  await tree(root, spec);
  watcher = new ChokidarWatcher({ root, log: quiet, ...options });
  await watcher.start({
    onHint: (path) => hints.add(path),
    onSuspect: (reason) => suspicions.push(reason),
    onProblem: (problem) => problems.push(problem),
  });
  hints.clear();
  return watcher;
}

/** Waits for a hint at or above each path. */
async function hinted(...paths: readonly string[]): Promise<void> {
  const isHinted = (path: string): boolean => {
    for (let at = path; at !== "."; at = dirname(at)) if (hints.has(at)) return true;
    return hints.has("");
  };
  await expect.poll(() => paths.filter((path) => !isHinted(path)), { timeout: 5000, interval: 5 }).toEqual([]);
  hints.clear();
}

/** Waits until everything that happened before was told: a cookie came back. */
async function caughtUp(): Promise<readonly string[]> {
  const cookie = `.syncline/cookie-${crypto.randomUUID()}`;
  writeFileSync(join(root, cookie), "");
  await expect.poll(() => hints.has(cookie), { timeout: 5000, interval: 5 }).toBe(true);
  hints.delete(cookie);
  const told = [...hints].sort();
  hints.clear();
  return told;
}

function at(path: string): string {
  return join(root, path);
}

describe.each(["directories", "tree"] as const)("watching by %s", (strategy) => {
  test("tells of files that are written, made, deleted and renamed", async () => {
    await watch({ a: { "one.txt": "1", "two.txt": "2" }, top: "3" }, { strategy });
    writeFileSync(at("a/one.txt"), "changed");
    await hinted("a/one.txt");
    writeFileSync(at("a/new.txt"), "new");
    await hinted("a/new.txt");
    writeFileSync(at("a/new.txt"), "changed");
    await hinted("a/new.txt");
    rmSync(at("a/two.txt"));
    await hinted("a/two.txt");
    renameSync(at("a/one.txt"), at("moved.txt"));
    await hinted("a/one.txt", "moved.txt");
    writeFileSync(at("top"), "changed");
    await hinted("top");
  });

  test("tells of permissions, of files that were there and that came later", async () => {
    await watch({ d: { there: "1" } }, { strategy });
    chmodSync(at("d/there"), 0o600);
    await hinted("d/there");
    writeFileSync(at("d/later"), "2");
    await hinted("d/later");
    await caughtUp();
    chmodSync(at("d/later"), 0o600);
    await hinted("d/later");
  });

  test("tells of saves by rename, also under names that editors use for their temporaries", async () => {
    await watch({ "doc.txt": "1" }, { strategy });
    for (const temporary of ["doc.txt~", ".doc.txt.swp", "doc.txt.tmp"]) {
      writeFileSync(at(temporary), "new");
      renameSync(at(temporary), at("doc.txt"));
      await hinted("doc.txt", temporary);
      await caughtUp();
    }
  });

  test("tells of directories made one in the other, and of what is written into them later", async () => {
    await watch({}, { strategy });
    for (let i = 0; i < 10; i++) {
      mkdirSync(at(`n${i}/a/b`), { recursive: true });
      writeFileSync(at(`n${i}/a/b/c`), "1");
    }
    await hinted(...Array.from({ length: 10 }, (_, i) => `n${i}/a/b/c`));
    await caughtUp();
    for (let i = 0; i < 10; i++) writeFileSync(at(`n${i}/a/b/later`), "2");
    await hinted(...Array.from({ length: 10 }, (_, i) => `n${i}/a/b/later`));
  });

  test("tells of a tree that is moved in, moved on, and written to after each move", async () => {
    await watch({ d: {} }, { strategy });
    await tree(join(base, "outside"), { x: { y: { z: "1" } } });
    renameSync(join(base, "outside"), at("d/in"));
    await hinted("d/in");
    await caughtUp();
    writeFileSync(at("d/in/x/y/z"), "2");
    await hinted("d/in/x/y/z");
    renameSync(at("d/in"), at("on"));
    await hinted("d/in", "on");
    await caughtUp();
    writeFileSync(at("on/x/y/z"), "3");
    await hinted("on/x/y/z");
  });

  test("tells of a tree that was removed and made again, and of later writes to it", async () => {
    await watch({ d: { e: { f: "1" } } }, { strategy });
    for (let i = 0; i < 3; i++) {
      rmSync(at("d"), { recursive: true });
      // Ours hears of it even when the new one is there before it can look; chokidar on Linux does not.
      if (strategy === "tree") await caughtUp();
      mkdirSync(at("d/e"), { recursive: true });
      writeFileSync(at("d/e/f"), "2");
      await hinted("d/e/f");
      await caughtUp();
      writeFileSync(at("d/e/f"), "3");
      await hinted("d/e/f");
    }
  });

  test("does not follow links", async () => {
    await tree(join(base, "outside"), { secret: "1" });
    await watch({ l: link(join(base, "outside")) }, { strategy });
    symlinkSync(join(base, "outside"), at("m"));
    await hinted("m");
    await caughtUp();
    writeFileSync(join(base, "outside/secret"), "2");
    expect(await caughtUp()).toEqual([]);
  });

  test("is silent about its own area, but for cookies, and about what needs no watch", async () => {
    await watch(
      { skip: { x: "1" }, see: {} },
      { strategy, isIgnored: (path) => path === "skip" || path === "see/skip" },
    );
    writeFileSync(at(".syncline/stage/s"), "1");
    writeFileSync(at(".syncline/store/s"), "1");
    writeFileSync(at(".syncline/marker.json"), "{ }");
    writeFileSync(at("skip/x"), "2");
    mkdirSync(at("see/skip"));
    await caughtUp();
    writeFileSync(at("see/skip/x"), "3");
    expect((await caughtUp()).filter((path) => path !== "see" && path !== "see/skip")).toEqual([]);
  });

  test.each([
    { how: "moved away", go: () => renameSync(root, `${root}-away`) },
    { how: "removed", go: () => rmSync(root, { recursive: true }) },
  ])("suspects a loss when the folder is $how and when it is back, and hears again after that", async ({ go }) => {
    await watch({ d: { f: "1" } }, { strategy });
    cpSync(root, `${root}-copy`, { recursive: true });
    go();
    await expect.poll(() => suspicions, { timeout: 5000 }).toContain("the folder went away");
    suspicions = [];
    cpSync(`${root}-copy`, root, { recursive: true });
    await expect.poll(() => suspicions, { timeout: 5000 }).toContain("the folder came back");
    const hearsAgain = (): readonly string[] => {
      writeFileSync(at("d/f"), String(hints.size));
      return [...hints];
    };
    await expect.poll(hearsAgain, { timeout: 5000, interval: 20 }).toContain("d/f");
  });

  test("suspects a loss after a burst that fills the system's queue", async () => {
    await watch({ d: { a: "", b: "" } }, { strategy });
    // Two files in turn, since the system drops an event that equals the one before.
    for (let i = 0; i < LIMITS.watchBurst.value; i++) chmodSync(at(i % 2 === 0 ? "d/a" : "d/b"), 0o600 + (i % 7));
    await expect.poll(() => suspicions, { timeout: 5000 }).toEqual([expect.stringMatching(/events at once/)]);
  });

  test("says nothing after it was closed", async () => {
    const closing = await watch({ d: {} }, { strategy });
    writeFileSync(at("d/f"), "1");
    await closing.close();
    hints.clear();
    writeFileSync(at("d/f"), "2");
    mkdirSync(at("d/g"));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect([...hints]).toEqual([]);
  });
});

test("watches what is no longer ignored, and no longer what is", async () => {
  const ignored = new Set(["a"]);
  const watching = await watch(
    { a: { x: "1" }, b: { x: "1" } },
    { strategy: "directories", isIgnored: (path) => ignored.has(path) },
  );
  ignored.delete("a");
  ignored.add("b");
  watching.refresh();
  await caughtUp();
  writeFileSync(at("a/x"), "2");
  await hinted("a/x");
  writeFileSync(at("b/x"), "2");
  expect(await caughtUp()).toEqual([]);
});

test("a new directory is told once more after it is watched: what was made before that is in it", async () => {
  await watch({}, { strategy: "directories" });
  mkdirSync(at("n/a/b"), { recursive: true });
  await expect.poll(() => [...hints], { timeout: 5000 }).toEqual(expect.arrayContaining(["n", "n/a", "n/a/b"]));
});

test("a cookie comes back after new directories are watched, so that nothing in them is missed", async () => {
  await watch({}, { strategy: "directories" });
  const count = 600;
  for (let i = 0; i < count; i++) mkdirSync(at(`deep${i}/a`), { recursive: true });
  await caughtUp();
  for (let i = 0; i < count; i++) writeFileSync(at(`deep${i}/a/f`), "");
  expect((await caughtUp()).filter((path) => path.endsWith("/f"))).toHaveLength(count);
});

test("a name that is not UTF-8 is told by its directory", async ({ skip }) => {
  skip(process.platform !== "linux", "needs a file system that takes any bytes");
  await watch({ d: {} }, { strategy: "directories" });
  writeFileSync(Buffer.concat([Buffer.from(`${at("d")}/`), Buffer.from([0xff, 0xfe])]), "1");
  await hinted("d");
});

const isLimitSettable = process.platform === "linux" && spawnSync("unshare", ["-Ur", "true"]).status === 0;

test.each([
  { setting: "max_inotify_watches", value: 5, code: "ENOSPC", advice: "fs.inotify.max_user_watches" },
  { setting: "max_inotify_instances", value: 0, code: "EMFILE", advice: "fs.inotify.max_user_instances" },
])(
  "with $setting at $value it tells once what to raise and scans now and then (trust D9)",
  async ({ setting, value, code, advice }) => {
    expect(existsSync(`/proc/sys/user/${setting}`) || !isLimitSettable).toBe(true);
    if (!isLimitSettable) return;
    for (let i = 0; i < 20; i++) mkdirSync(at(`d${i}`));
    const script = join(import.meta.dirname, "../../support/watch-limited.ts");
    const run = spawnSync(
      "unshare",
      [
        "-Ur",
        "sh",
        "-c",
        `echo ${value} > /proc/sys/user/${setting} && exec "$0" "$@"`,
        process.execPath,
        script,
        root,
      ],
      {
        encoding: "utf8",
      },
    );
    const told = JSON.parse(run.stdout) as { problems: PathProblem[]; isStarted: boolean };
    expect(told.isStarted).toBe(true);
    expect(told.problems).toHaveLength(1);
    expect(told.problems[0]).toMatchObject({ code: "E_WATCH_LIMIT", message: expect.stringMatching(code) });
    expect(told.problems[0]?.message).toContain(advice);
  },
);
