/** Promise P11 on a real disk: whatever a directory is swapped for, nothing outside the folder is read or touched. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { checkedLookup, walkedLookup } from "../../../src/sync/fs/directory.ts";
import { openDisk } from "../../../src/sync/fs/disk.ts";
import { type Filesystem, FsError, type FsPath, privatePath, ROOT } from "../../../src/sync/fs/filesystem.ts";
import { IntentLog } from "../../../src/sync/fs/intent-log.ts";
import { DISK_VARIANTS, diskBench, FAST_TMP } from "../../support/benches.ts";
import { stepping } from "../../support/stepping-fs.ts";
import { SCENARIOS } from "./races.ts";

const at = (path: string): FsPath => path as FsPath;
const SECRET = "outside the folder";

/** A directory beside the folder, with the names the primitives look for. */
function makeOutside(root: string): string {
  const outside = join(root, "..", "outside");
  mkdirSync(outside);
  for (const name of ["a", "b"]) writeFileSync(join(outside, name), SECRET);
  return outside;
}

function expectUntouched(outside: string): void {
  expect(readdirSync(outside).sort()).toEqual(["a", "b"]);
  for (const name of ["a", "b"]) expect(readFileSync(join(outside, name), "utf8")).toBe(SECRET);
}

describe.each(Object.entries(DISK_VARIANTS))("a parent swapped for a link: %s", (_, options) => {
  test.each(SCENARIOS)("$name never goes through it", (scenario) => {
    for (let step = 0, calls = 1; step < calls; step += 1) {
      const { fs, user, root, dispose } = diskBench(options, FAST_TMP);
      const outside = makeOutside(root);
      scenario.plant(user);
      const primitive = scenario.prepare(fs);
      const swap = (number: number): void => {
        calls = Math.max(calls, number + 1);
        if (number !== step) return;
        for (const name of ["d", "e"]) {
          if (user.exists(name)) renameSync(join(root, name), join(root, `${name}-away`));
          symlinkSync("../outside", join(root, name));
        }
      };
      primitive(stepping(fs, swap), new IntentLog(fs, "test"));
      expectUntouched(outside);
      dispose();
    }
  });
});

const FLIPPER = `
  const { renameSync } = require("node:fs");
  const { workerData, parentPort } = require("node:worker_threads");
  const { d, link, away, until } = workerData;
  const stop = new Int32Array(until);
  parentPort.postMessage("ready");
  while (Atomics.load(stop, 0) === 0) {
    renameSync(d, away); renameSync(link, d); renameSync(d, link); renameSync(away, d);
  }
`;

const LINUX_VARIANTS = Object.entries(DISK_VARIANTS).filter(([name]) => !name.includes("checked"));

describe.each(LINUX_VARIANTS)("a parent that flips all the time: %s", (_, options) => {
  test("reads, writes and removals stay inside", async () => {
    const { fs, user, root, dispose } = diskBench(options, FAST_TMP);
    const outside = makeOutside(root);
    user.mkdir("d");
    user.write("d/a", "inside");
    user.symlink("../outside", "link");
    const until = new SharedArrayBuffer(4);
    const paths = { d: join(root, "d"), link: join(root, "link"), away: join(root, "away") };
    const flipper = new Worker(FLIPPER, { eval: true, workerData: { ...paths, until } });
    const exited = new Promise((resolve) => flipper.once("exit", resolve));
    await new Promise((resolve) => flipper.once("message", resolve));
    let reached = 0;
    for (let round = 0; round < 3000; round += 1) reached += tryAll(fs, round);
    Atomics.store(new Int32Array(until), 0, 1);
    await exited;
    expect(reached).toBeGreaterThan(0);
    expectUntouched(outside);
    dispose();
  });
});

/** Every kind of call below the flipping directory; returns how many found the real one. */
function tryAll(fs: Filesystem, round: number): number {
  const calls: (() => void)[] = [
    () => {
      const handle = fs.openRead(at("d/a"));
      const bytes = new Uint8Array(64);
      const text = new TextDecoder().decode(bytes.subarray(0, handle.read(bytes, 0)));
      handle.close();
      expect(text).toBe("inside");
    },
    () => expect(fs.list(at("d")).some((entry) => entry.name === "b")).toBe(false),
    () => expect(fs.stat(at("d/b"))).toBeUndefined(),
    () => fs.mkdir(at(`d/m${round}`), 0o755),
    () => fs.chmod(at("d/a"), 0o600),
    () => fs.setMtime(at("d/a"), 0n),
    () => fs.unlink(at("d/b")),
    () => fs.rename(at("d/b"), privatePath("store", `b${round}`)),
  ];
  return calls.filter((call) => {
    try {
      call();
      return true;
    } catch (thrown) {
      if (thrown instanceof FsError) return false;
      throw thrown;
    }
  }).length;
}

describe("what a scan may meet on a real disk", () => {
  test("another file system on the way is EXDEV, by every look-up", () => {
    for (const options of [
      {},
      { natives: undefined, lookup: (_: string, root: number) => walkedLookup(root) },
      { natives: undefined, lookup: (rootPath: string) => checkedLookup(rootPath) },
    ]) {
      const fs = openDisk("/", options);
      expect(fs.stat(at("proc"))?.dev).not.toBe(fs.stat(ROOT)?.dev);
      expect(() => fs.list(at("proc"))).toThrow("EXDEV");
      expect(() => fs.openRead(at("proc/version"))).toThrow("EXDEV");
      fs.close();
    }
  });

  test("names that are not UTF-8 are shown and never used", () => {
    const { fs, root, dispose } = diskBench();
    writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.from([0xff, 0x0a])]), "");
    expect(fs.list(ROOT)).toContainEqual({ name: undefined, shown: "bad\\xff\\x0a", type: "file" });
    dispose();
  });

  test("pipes and sockets are special, and opening them never waits", async () => {
    const { fs, root, dispose } = diskBench();
    execFileSync("mkfifo", [join(root, "pipe")]);
    const server = createServer().listen(join(root, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    for (const name of ["pipe", "socket"]) {
      expect(fs.stat(at(name))?.type).toBe("special");
      expect(() => fs.openRead(at(name))).toThrow("EINVAL");
    }
    server.close();
    dispose();
  });

  test("a link's target that is not UTF-8 is refused, not changed", () => {
    const { fs, root, dispose } = diskBench();
    symlinkSync(Buffer.from([0x61, 0xff]), join(root, "l"));
    expect(() => fs.readLink(at("l"))).toThrow("EILSEQ");
    dispose();
  });

  test("a root that was moved away or replaced is noticed", () => {
    const { fs, root, dispose } = diskBench();
    renameSync(root, `${root}-moved`);
    expect(fs.rootState()).toBe("missing");
    mkdirSync(root);
    expect(fs.rootState()).toBe("replaced");
    dispose();
  });

  test("a root that is a link, a file or missing is refused", () => {
    const { root, user, dispose } = diskBench();
    user.mkdir("d");
    user.symlink("d", "l");
    user.write("f", "");
    expect(() => openDisk(join(root, "l"))).toThrow("ENOTDIR");
    expect(() => openDisk(join(root, "f"))).toThrow("ENOTDIR");
    expect(() => openDisk(join(root, "x"))).toThrow("ENOENT");
    dispose();
  });
});
