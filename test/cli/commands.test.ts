import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SyncError } from "../../src/shared/errors.ts";
import { startTestNode } from "../support/command-line.ts";
import { type FakeService, fakeFolder, fakePeer, fakeService, fakeStatus } from "../support/fake-node-service.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** A node whose service keeps what it was asked. */
async function node(
  changes: Partial<FakeService> = {},
): Promise<Awaited<ReturnType<typeof startTestNode>> & { readonly asked: unknown[] }> {
  const asked: unknown[] = [];
  const service = fakeService(changes);
  const spied = Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      (request: never, context: never) => {
        asked.push([name, request]);
        return method(request, context);
      },
    ]),
  ) as unknown as FakeService;
  return Object.assign(await startTestNode(spied), { asked });
}

describe("up", () => {
  test("shares a directory, and offers a code on a terminal while nobody is paired", async () => {
    await using directory = await temporaryDirectory();
    await using daemon = await node({
      status: async () => fakeStatus({ peers: [], folders: [fakeFolder({ path: directory.path })] }),
    });
    const { exit, out } = await daemon.run(["up", directory.path, "--no-color"], { isTerminal: true });
    expect(exit).toBe(0);
    expect(out).toBe(
      `✓ sharing ${directory.path}  (14 files, 1.2 GB)\n  Pair another machine:\n    syncline join 7-482913   (9:58 left)\n`,
    );
    expect(daemon.asked).toContainEqual([
      "peerInvite",
      expect.objectContaining({ asked: false, folders: ["docs-k3v9q"] }),
    ]);
  });

  test("makes no code off a terminal, but says how", async () => {
    await using directory = await temporaryDirectory();
    await using daemon = await node({ status: async () => fakeStatus({ peers: [] }) });
    const { out } = await daemon.run(["up", directory.path]);
    expect(out).toContain("Pair another machine: syncline peer invite");
    expect(daemon.asked.map((call) => (call as readonly unknown[])[0])).not.toContain("peerInvite");
  });

  test("a second run changes nothing and prints status", async () => {
    await using directory = await temporaryDirectory();
    await using daemon = await node({ folderAdd: async () => ({ folder: fakeFolder(), added: false }) });
    const { exit, out } = await daemon.run(["up", directory.path], { isTerminal: true });
    expect(exit).toBe(0);
    expect(out).toContain("Everything is in sync with desk.");
    expect(out).not.toContain("join");
  });

  test("stores its flags", async () => {
    await using daemon = await node();
    await daemon.run(["up", "--name", "tower", "--listen", "*:5000", "--dashboard", "off", "--no-discovery"]);
    expect(daemon.asked).toContainEqual([
      "configSet",
      { settings: { name: "tower", listen: "*:5000", dashboard: "off", discovery: false } },
    ]);
  });

  test.each([
    ["a directory that does not exist", ["up", "/nowhere/at/all"], 4, "E_DIR_NOT_FOUND"],
    ["a file", ["up", import.meta.filename], 2, "E_NOT_A_DIRECTORY"],
    ["--folder-id without a directory", ["up", "--folder-id", "x"], 2, "E_USAGE"],
  ])("refuses %s before it starts anything", async (_, argv, exit, code) => {
    await using daemon = await node();
    const run = await daemon.run(argv);
    expect(run.exit).toBe(exit);
    expect(run.err).toContain(code);
    expect(daemon.asked).toEqual([]);
  });
});

describe("join", () => {
  test("names the peer, the three words and the folder", async () => {
    await using daemon = await node();
    const { exit, out } = await daemon.run(["join", "7482913", "docs"], { cwd: "/home/ann" });
    expect(exit).toBe(0);
    expect(out).toBe("✓ paired with desk (pine-otter-lamp)\n✓ syncing ~/docs\n  next: syncline status\n");
    expect(daemon.asked).toContainEqual(["join", { code: "7-482913", path: "/home/ann/docs", at: null, force: false }]);
  });

  test.each([
    ["an argument", ["join", "7-482913"], []],
    ["standard input", ["join"], ["7 482 913\n"]],
    ["standard input, with -", ["join", "-", "/x"], ["7-482913"]],
    ["standard input, with a directory alone", ["join", "./x"], ["7-482913"]],
  ])("takes the code as %s", async (_, argv, answers) => {
    await using daemon = await node();
    expect((await daemon.run(argv, { answers })).exit).toBe(0);
    expect(daemon.asked).toContainEqual(["join", expect.objectContaining({ code: "7-482913" })]);
  });

  test("asks for the code on a terminal", async () => {
    await using daemon = await node();
    const { exit, err } = await daemon.run(["join", "--plain"], { isTerminal: true, answers: ["7-482913"] });
    expect(exit).toBe(0);
    expect(err).toContain("Code that the other machine shows: ");
  });

  test("takes a link as it is", async () => {
    await using daemon = await node();
    await daemon.run(["join", "syncline:pair?x=1&y=2"]);
    expect(daemon.asked).toContainEqual(["join", expect.objectContaining({ code: "syncline:pair?x=1&y=2" })]);
  });

  test.each([
    ["no code", ["join"]],
    ["a word that is no code", ["join", "banana"]],
    ["too few digits", ["join", "7-48291", "/x"]],
  ])("%s exits 2", async (_, argv) => {
    await using daemon = await node();
    expect((await daemon.run(argv)).exit).toBe(2);
  });

  test("a wrong code exits 10 with what the daemon says", async () => {
    const join = async function* (): ReturnType<FakeService["join"]> {
      yield { type: "progress", step: "pairing", message: "pairing" };
      throw new SyncError("E_CODE_EXPIRED", "the code 7-482913 is dead: three wrong tries from 10.0.0.9");
    };
    await using daemon = await node({ join });
    const { exit, err } = await daemon.run(["join", "7-482913", "--json"]);
    expect(exit).toBe(10);
    expect(JSON.parse(err)).toEqual({
      v: 1,
      type: "error",
      code: "E_CODE_EXPIRED",
      exit: 10,
      message: "the code 7-482913 is dead: three wrong tries from 10.0.0.9",
      hint: "make a new one with `syncline peer invite`",
    });
  });
});

describe("wait", () => {
  const base = {
    type: "result",
    inSync: false,
    folders: ["docs-k3v9q"],
    skipped: [],
    problems: [],
    timedOut: false,
    pending: [],
  } as const;
  const gone = { id: fakePeer().id, name: "desk", state: "offline" } as const;
  const problem = {
    folder: "docs-k3v9q",
    path: "a",
    code: "E_DISK_FULL",
    message: "no space",
    fix: "free some",
    device: "desk",
  };
  test.each([
    ["in sync", { ...base, inSync: true }, [], 0],
    ["a peer left out", { ...base, inSync: true, skipped: [gone] }, [], 0],
    ["a peer that was asked for left out", { ...base, skipped: [gone] }, ["--peer", "desk"], 6],
    ["time ran out", { ...base, timedOut: true, pending: ["desk has not acknowledged"] }, [], 6],
    ["a problem", { ...base, problems: [problem] }, [], 3],
  ])("%s", async (_, result, flags, exit) => {
    await using daemon = await node({
      wait: async function* () {
        yield {
          ...result,
          skipped: [...result.skipped],
          problems: [...result.problems],
          pending: [...result.pending],
          folders: [...result.folders],
        };
      },
    });
    const run = await daemon.run(["wait", ...flags]);
    expect(run.exit).toBe(exit);
    expect(run.err === "").toBe(exit === 0 && result.skipped.length === 0);
    const { type, ...document } = result;
    expect(type).toBe("result");
    expect(JSON.parse((await daemon.run(["wait", "--json", ...flags])).out)).toEqual({ v: 1, ...document });
  });

  test("hands its flags on, --timeout before or after the command", async () => {
    await using daemon = await node();
    await daemon.run([
      "--timeout",
      "7s",
      "wait",
      "--folder",
      "a",
      "--folder",
      "b",
      "--peer",
      "desk",
      "--peer-grace",
      "1s",
    ]);
    await daemon.run(["wait", "--timeout", "8s"]);
    expect(daemon.asked).toEqual([
      ["wait", { folders: ["a", "b"], peers: ["desk"], peerGraceMs: 1000, timeoutMs: 7000 }],
      ["wait", { folders: [], peers: [], peerGraceMs: 5000, timeoutMs: 8000 }],
    ]);
  });
});

describe("paths", () => {
  test("a local path is found in its folder, through links and when it is gone", async () => {
    await using directory = await temporaryDirectory();
    const root = join(directory.path, "root");
    await mkdir(join(root, "sub"), { recursive: true });
    await symlink(root, join(directory.path, "link"));
    await using daemon = await node({ folderList: async () => ({ folders: [fakeFolder({ path: root })] }) });
    const asked = async (path: string, cwd: string): Promise<unknown> => {
      await daemon.run(["why", path], { cwd });
      return (daemon.asked.at(-1) as readonly unknown[])[1];
    };
    expect(await asked(join(root, "sub/a.txt"), "/")).toEqual({ folder: "docs-k3v9q", path: "sub/a.txt" });
    expect(await asked("a.txt", join(root, "sub"))).toEqual({ folder: "docs-k3v9q", path: "sub/a.txt" });
    expect(await asked(join(directory.path, "link/sub/gone/x"), "/")).toEqual({
      folder: "docs-k3v9q",
      path: "sub/gone/x",
    });
    expect(await asked(root, "/")).toEqual({ folder: "docs-k3v9q", path: "" });
    expect(await asked("self:docs/..a/b", "/")).toEqual({ folder: "docs", path: "..a/b" });
  });

  test.each([
    ["outside every folder", "/somewhere/else", 4],
    ["a directory beside the folder", "/home/ann/docs2/a", 4],
    ["on another device", "desk:docs/a", 2],
    ["without a folder", "self:", 2],
  ])("%s: exit %s", async (_, path, exit) => {
    await using daemon = await node();
    expect((await daemon.run(["why", path])).exit).toBe(exit);
  });

  test("a name that looks like a step in a path reaches the daemon whole", async () => {
    await using daemon = await node();
    for (const name of ["..", ".", "a/b", "ü %2e", "?x=1#y"]) {
      await daemon.run(["folder", "show", name]);
      expect(daemon.asked.at(-1)).toEqual(["folderShow", { folder: name }]);
    }
  });
});

describe("questions", () => {
  test("off a terminal they have to be answered by -y", async () => {
    await using daemon = await node();
    const { exit, err } = await daemon.run(["trash", "empty"]);
    expect(exit).toBe(2);
    expect(err).toContain("-y");
    expect(daemon.asked.filter((call) => (call as [string, { dryRun: boolean }])[1].dryRun === false)).toEqual([]);
  });

  test.each([
    ["y", 0],
    ["yes", 0],
    ["n", 130],
    ["", 130],
  ])("the answer %j on a terminal exits %d", async (answer, exit) => {
    await using daemon = await node();
    expect((await daemon.run(["trash", "empty"], { isTerminal: true, answers: [answer] })).exit).toBe(exit);
  });

  test("--no-input asks nothing, even on a terminal", async () => {
    await using daemon = await node();
    expect(
      (await daemon.run(["folder", "remove", "docs", "--no-input"], { isTerminal: true, answers: ["y"] })).exit,
    ).toBe(2);
  });
});

describe("-n", () => {
  test("shows what would be done and does nothing", async () => {
    await using daemon = await node();
    for (const argv of [
      ["trash", "empty"],
      ["folder", "revert", "docs"],
      ["restore", "self:docs/a", "--at", "2h"],
      ["trash", "restore", "self:docs/a"],
    ]) {
      expect((await daemon.run(["-n", ...argv])).exit).toBe(0);
    }
    const changing = daemon.asked.filter((call) => (call as [string, { dryRun?: boolean }])[1].dryRun !== true);
    expect(changing).toEqual([]);
  });

  test("is refused where it has no meaning, so that nothing is done by mistake", async () => {
    await using daemon = await node();
    expect((await daemon.run(["peer", "remove", "desk", "-n", "-y"])).exit).toBe(2);
    expect(daemon.asked).toEqual([]);
  });
});

describe("doctor", () => {
  test("exits 3 when a check fails, with a fix line", async () => {
    const fail = {
      name: "watch-limit",
      title: "Watch limit",
      result: "fail" as const,
      message: "too low",
      fix: "sysctl x=1",
    };
    await using daemon = await node({ doctor: async () => ({ ok: false, checks: [fail] }) });
    const { exit, out, err } = await daemon.run(["doctor"]);
    expect(err).toContain("1 check failed (E_DOCTOR)");
    expect(exit).toBe(3);
    expect(out).toBe("✗ Watch limit  too low\n    fix: sysctl x=1\n");
  });
});

describe("restore", () => {
  test("hands on version and time", async () => {
    await using daemon = await node();
    await daemon.run(["restore", "self:docs/a@3", "--as", "b"]);
    await daemon.run(["restore", "self:docs", "--at", "2026-07-01T10:00:00Z", "-y"]);
    expect(daemon.asked).toEqual([
      ["restore", { folder: "docs", path: "a", version: 3, as: "b", dryRun: false }],
      ["restore", { folder: "docs", path: "", at: "2026-07-01T10:00:00.000Z", dryRun: false }],
    ]);
  });

  test.each([
    ["a whole folder without a time", ["restore", "self:docs"]],
    ["a version and a time", ["restore", "self:docs/a@2", "--at", "2h"]],
    ["the future", ["restore", "self:docs", "--at", "2999-01-01", "-y"]],
  ])("%s exits 2", async (_, argv) => {
    await using daemon = await node();
    expect((await daemon.run(argv)).exit).toBe(2);
  });

  test("what could not be brought back exits 3", async () => {
    await using daemon = await node({
      restore: async function* () {
        yield { type: "skipped", folder: "docs", path: "a", code: "E_NO_SOURCE", message: "nobody has it" };
        yield { type: "summary", restored: 0, bytes: 0, removed: 0, skipped: 1, dryRun: false };
      },
    });
    const { exit, err } = await daemon.run(["restore", "self:docs/a"]);
    expect(exit).toBe(3);
    expect(err).toContain("not restored: docs/a: nobody has it (E_NO_SOURCE)");
  });
});

describe("events", () => {
  test("takes ids and times for --since", async () => {
    await using daemon = await node();
    await daemon.run(["events", "--since", "5"]);
    const { out } = await daemon.run(["events", "--since", "10m", "--json"]);
    expect(daemon.asked[0]).toEqual(["events", { follow: false, limit: 100, since: 5 }]);
    expect(out).toBe('{"v":1,"type":"summary","events":0,"lastId":7}\n');
  });
});

describe("output", () => {
  test("-q leaves out sentences, never data", async () => {
    await using daemon = await node();
    expect((await daemon.run(["peer", "pause", "desk", "-q"])).out).toBe("");
    expect((await daemon.run(["folder", "list", "-q"])).out).toContain("docs-k3v9q");
  });

  test("--plain has no head and tabs between cells", async () => {
    await using daemon = await node();
    expect((await daemon.run(["folder", "list", "--plain"])).out).toBe(
      "docs-k3v9q\tin-sync\t14\t1.2 GB\t-\t0\ttwo-way\t~/docs\n",
    );
  });

  test("colour is for terminals, and not when it is not wanted", async () => {
    await using daemon = await node();
    const isColoured = async (
      argv: readonly string[],
      env: Record<string, string> = {},
      isTerminal = true,
    ): Promise<boolean> => (await daemon.run(["status", ...argv], { isTerminal, env })).out.includes("\u001B[");
    expect(await isColoured([])).toBe(true);
    expect(await isColoured([], {}, false)).toBe(false);
    expect(await isColoured(["--no-color"])).toBe(false);
    expect(await isColoured([], { NO_COLOR: "1" })).toBe(false);
    expect(await isColoured([], { TERM: "dumb" })).toBe(false);
  });

  test("a bug in the daemon is E_INTERNAL; its stack only with -v", async () => {
    const status = async (): Promise<never> => {
      throw new TypeError("x is not a function");
    };
    await using daemon = await node({ status });
    const short = await daemon.run(["status"]);
    expect(short).toMatchObject({
      exit: 1,
      err: "syncline: x is not a function (E_INTERNAL)\n  next: run `syncline logs` and report what it shows\n",
    });
    expect((await daemon.run(["status", "-v"])).err).toContain("at ");
  });

  test("time that runs out exits 6, Ctrl-C 130", async () => {
    const status = (): Promise<never> => new Promise(() => {});
    await using daemon = await node({ status });
    expect(await daemon.run(["status", "--timeout", "20ms"])).toMatchObject({ exit: 6 });
    const interrupt = new AbortController();
    const running = daemon.run(["status"], { interrupt: interrupt.signal });
    interrupt.abort();
    expect(await running).toMatchObject({ exit: 130 });
  });
});
