/** A renamed directory: one operation between devices, one rename on each disk. */
import { describe, expect, test } from "vitest";
import type { IndexUpdate } from "../../src/shared/messages.ts";
import { HFS } from "../support/sim-disk.ts";
import { QuietWorld, type Said } from "./quiet-world.ts";
import { Died } from "./sim-node.ts";

/** Records and moves that went from one device to another. */
function told(said: readonly Said[], route: string): { readonly records: number; readonly moves: readonly string[] } {
  const updates = said
    .filter(({ from, to, message }) => `${from}${to}` === route && message.type === "index-update")
    .map(({ message }) => message as IndexUpdate);
  return {
    records: updates.reduce((sum, update) => sum + update.records.length, 0),
    moves: updates.flatMap((update) => update.moves.map(({ from, to }) => `${from} > ${to}`)),
  };
}

/** A world in step whose first device made a directory "a" with files in it and below. */
async function withDirectory(names: string, options: ConstructorParameters<typeof QuietWorld>[1] = {}) {
  const world = new QuietWorld(names, options);
  world.start();
  const { user } = world.node("A").fs;
  user.mkdir("a");
  user.mkdir("a/sub");
  for (let i = 0; i < 10; i++) user.write(`a/f${i}`, `file ${i}`);
  for (let i = 0; i < 10; i++) user.write(`a/sub/g${i}`, `deep ${i}`);
  await world.settle();
  // What was read as it was written proves nothing by its stamp: a second look does.
  for (const node of world.nodes.values()) node.engine?.rescan();
  await world.settle();
  world.hear();
  return { world, user, calls: countCalls(world) };
}

/** Counts what the engines do at users' paths from now on. */
function countCalls(world: QuietWorld): Map<string, number> {
  const calls = new Map<string, number>();
  world.beforeCall = ({ name: device }, { name, path }) => {
    if (path.startsWith(".syncline")) return;
    calls.set(`${device} ${name}`, (calls.get(`${device} ${name}`) ?? 0) + 1);
  };
  return calls;
}

const ONE_MOVE = { records: 0, moves: ["a > b"] };
const NOTHING = { records: 0, moves: [] };

describe("a renamed directory", () => {
  test("is told as one move, and is one rename on the other disk; nothing is read anew", async () => {
    const { world, user, calls } = await withDirectory("AB");
    user.move("a", "b");
    await world.settle();
    const said = world.hear();
    expect(told(said, "AB")).toEqual(ONE_MOVE);
    expect(told(said, "BA")).toEqual(NOTHING);
    expect(calls.get("B renameNoReplace")).toBe(1);
    expect(calls.get("A openRead")).toBeUndefined();
    expect(calls.get("B openRead")).toBeUndefined();
    expect(world.node("B").fs.user.read("b/sub/g7")).toBe("deep 7");
  });

  test("and renamed back is one move again", async () => {
    const { world, user } = await withDirectory("AB");
    user.move("a", "b");
    await world.settle();
    user.move("b", "a");
    await world.settle();
    expect(told(world.hear(), "AB")).toEqual({ records: 0, moves: ["a > b", "b > a"] });
  });

  test("by the other device moves back on the first", async () => {
    const { world } = await withDirectory("AB");
    world.node("B").fs.user.move("a", "b");
    await world.settle();
    const said = world.hear();
    expect(told(said, "BA")).toEqual(ONE_MOVE);
    expect(told(said, "AB")).toEqual(NOTHING);
  });

  test("while its device was off is found as one move at the next start", async () => {
    const { world, user } = await withDirectory("AB");
    world.kill("A");
    user.move("a", "b");
    await world.run(1000);
    world.node("A").start();
    world.connect("AB");
    await world.settle();
    expect(told(world.hear(), "AB")).toEqual(ONE_MOVE);
  });

  test("while the other device was off is told as one move when it is back", async () => {
    const { world, user } = await withDirectory("AB");
    world.kill("B");
    user.move("a", "b");
    await world.run(5000);
    world.hear();
    world.node("B").start();
    world.connect("AB");
    await world.settle();
    expect(told(world.hear(), "AB")).toEqual(ONE_MOVE);
  });

  test("goes on to a third device as one move", async () => {
    const { world, user } = await withDirectory("ABC");
    user.move("a", "b");
    await world.settle();
    const said = world.hear();
    expect(told(said, "AB")).toEqual(ONE_MOVE);
    expect(told(said, "BC")).toEqual(ONE_MOVE);
    expect([told(said, "BA"), told(said, "CB")]).toEqual([NOTHING, NOTHING]);
  });

  test("is told in records nowhere, when all are connected to all", async () => {
    const { world, user } = await withDirectory("ABC", { links: ["AB", "BC", "AC"] });
    user.move("a", "b");
    await world.settle();
    const said = world.hear();
    for (const route of ["AB", "BA", "AC", "CA", "BC", "CB"]) expect(told(said, route).records).toBe(0);
  });

  test("goes to a device that does not speak of moves in records", async () => {
    const { world, user } = await withDirectory("AB", { lacks: ["dir-move/1"] });
    user.move("a", "b");
    await world.settle();
    expect(told(world.hear(), "AB")).toEqual({ records: 44, moves: [] });
    expect(world.node("B").fs.user.read("b/sub/g7")).toBe("deep 7");
  });

  test("into a directory that was made for it is one move", async () => {
    const { world, user } = await withDirectory("AB");
    user.mkdir("x");
    user.mkdir("x/y");
    user.move("a", "x/y/b");
    await world.settle();
    expect(told(world.hear(), "AB")).toEqual({ records: 2, moves: ["a > x/y/b"] });
  });

  test("does not count as deleted files", async () => {
    const { world, user } = await withDirectory("AB");
    user.move("a", "b");
    await world.settle();
    for (const node of world.nodes.values()) expect(node.engine?.status.held).toBeUndefined();
  });
});

describe("what changed below a renamed directory", () => {
  test("right after it comes on top of the move", async () => {
    const { world, user } = await withDirectory("AB");
    user.move("a", "b");
    user.write("b/f1", "edited");
    user.delete("b/f2");
    user.write("b/new", "new");
    await world.settle();
    const there = world.node("B").fs.user;
    expect([there.read("b/f1"), there.exists("b/f2"), there.read("b/new")]).toEqual(["edited", false, "new"]);
    expect(told(world.hear(), "AB").moves).toEqual(["a > b"]);
  });

  test("on the other device, just as it is moved there, is kept and comes back", async () => {
    const { world, user } = await withDirectory("AB");
    const there = world.node("B").fs.user;
    world.beforeCall = (node, call) => {
      if (node.name !== "B" || call.name !== "renameNoReplace" || call.path !== "a") return;
      there.save("a/f1", "saved in that moment");
      there.write("a/sub/new", "made in that moment");
      there.delete("a/f2");
    };
    user.move("a", "b");
    await world.settle();
    for (const { fs } of world.nodes.values()) {
      expect(fs.user.read("b/f1")).toBe("saved in that moment");
      expect(fs.user.read("b/sub/new")).toBe("made in that moment");
      expect(fs.user.exists("b/f2")).toBe(false);
      expect(fs.user.exists("a")).toBe(false);
    }
  });

  test("on another device that was off is not overruled", async () => {
    const { world, user } = await withDirectory("AB");
    world.cut("AB");
    await world.run(1000);
    user.move("a", "b");
    world.node("B").fs.user.write("a/f1", "edited elsewhere");
    world.node("B").fs.user.write("a/new", "made elsewhere");
    await world.run(5000);
    world.connect("AB");
    await world.settle();
    for (const { fs } of world.nodes.values()) {
      expect(fs.user.read("a/f1")).toBe("edited elsewhere");
      expect(fs.user.read("a/new")).toBe("made elsewhere");
      expect(fs.user.read("b/f2")).toBe("file 2");
    }
  });

  test("and is ignored on both devices stays on each", async () => {
    const { world, user } = await withDirectory("AB", { ignorePatterns: { A: ["*.tmp"], B: ["*.tmp"] } });
    user.write("a/mine.tmp", "a's own");
    world.node("B").fs.user.write("a/yours.tmp", "b's own");
    await world.run(5000);
    user.move("a", "b");
    await world.settle();
    expect(told(world.hear(), "AB")).toEqual(ONE_MOVE);
    expect(world.node("B").fs.user.read("b/yours.tmp")).toBe("b's own");
    expect(user.read("b/mine.tmp")).toBe("a's own");
    expect(world.node("B").fs.user.exists("b/mine.tmp")).toBe(false);
  });

  test("and would be ignored at the new place goes its own way; only what lies deeper moves as one", async () => {
    const { world, user } = await withDirectory("AB", { ignorePatterns: { A: ["/b/f3"], B: ["/b/f3"] } });
    user.move("a", "b");
    await world.settle();
    expect(told(world.hear(), "AB").moves).toEqual(["a/sub > b/sub"]);
    expect(world.node("B").fs.user.read("b/f4")).toBe("file 4");
    expect(world.node("B").fs.user.exists("b/f3")).toBe(false);
  });
});

describe("several renames at once", () => {
  test.each([
    {
      name: "a chain",
      moves: [
        ["b", "c"],
        ["a", "b"],
      ],
      at: { "b/f1": "file 1", "c/h": "other" },
      count: 2,
    },
    {
      name: "a swap",
      moves: [
        ["a", "t"],
        ["b", "a"],
        ["t", "b"],
      ],
      at: { "b/f1": "file 1", "a/h": "other" },
      count: 0,
    },
    {
      name: "a child that leaves first",
      moves: [
        ["a/sub", "s"],
        ["a", "c"],
      ],
      at: { "c/f1": "file 1", "s/g1": "deep 1" },
      count: 1,
    },
    {
      name: "one into the other",
      moves: [
        ["b", "a/in"],
        ["a", "c"],
      ],
      at: { "c/f1": "file 1", "c/in/h": "other" },
      count: 2,
    },
    {
      name: "a directory that took its place",
      moves: [
        ["a", "c"],
        ["b", "a"],
      ],
      at: { "c/f1": "file 1", "a/h": "other" },
      count: 2,
    },
    {
      name: "into a directory of its own name",
      moves: [
        ["a", "t"],
        ["b", "a"],
        ["t", "a/old"],
      ],
      at: { "a/old/f1": "file 1", "a/h": "other" },
      count: 0,
    },
  ] as const)("$name", async ({ moves, at, count }) => {
    const { world, user } = await withDirectory("AB");
    user.mkdir("b");
    user.write("b/h", "other");
    await world.settle();
    world.hear();
    for (const [from, to] of moves) user.move(from, to);
    await world.settle();
    expect(told(world.hear(), "AB").moves.length).toBeGreaterThanOrEqual(count);
    for (const { fs } of world.nodes.values())
      for (const [path, text] of Object.entries(at)) expect(fs.user.read(path)).toBe(text);
  });

  test("moving two directories into each other on two devices ends without a cycle and with all files", async () => {
    const { world, user } = await withDirectory("AB");
    user.mkdir("b");
    user.write("b/h", "other");
    await world.settle();
    world.cut("AB");
    await world.run(1000);
    user.move("a", "b/x");
    world.node("B").fs.user.move("b", "a/x");
    await world.run(5000);
    world.connect("AB");
    await world.settle();
    for (const { fs } of world.nodes.values()) {
      const texts = new Set(fs.user.contents().values());
      for (let i = 0; i < 10; i++) expect(texts).toContain(`file ${i}`);
      expect(texts).toContain("other");
    }
  });

  test("of one directory to two names leaves all files under both", async () => {
    const { world, user } = await withDirectory("AB");
    world.cut("AB");
    await world.run(1000);
    user.move("a", "b");
    world.node("B").fs.user.move("a", "c");
    await world.run(5000);
    world.connect("AB");
    await world.settle();
    for (const { fs } of world.nodes.values()) {
      expect([fs.user.read("b/f1"), fs.user.read("c/f1")]).toEqual(["file 1", "file 1"]);
      expect(fs.user.exists("a")).toBe(false);
    }
  });

  test("the same rename by hand on two devices is no conflict", async () => {
    const { world, user } = await withDirectory("AB");
    world.cut("AB");
    await world.run(1000);
    user.move("a", "b");
    world.node("B").fs.user.move("a", "b");
    await world.run(5000);
    world.connect("AB");
    await world.settle();
    for (const { index } of world.nodes.values()) expect(index.read.conflicts(null, true)).toEqual([]);
  });
});

describe("where a move cannot be one rename", () => {
  test("because something stands at the new place, nothing is lost", async () => {
    const { world, user } = await withDirectory("AB");
    const there = world.node("B").fs.user;
    world.beforeCall = (node, call) => {
      if (node.name !== "B" || call.name !== "renameNoReplace" || call.path !== "a" || there.exists("b")) return;
      there.mkdir("b");
      there.write("b/f1", "was here first");
    };
    user.move("a", "b");
    await world.settle();
    for (const { fs } of world.nodes.values()) {
      const texts = new Set(fs.user.contents().values());
      for (let i = 0; i < 10; i++) expect(texts).toContain(`file ${i}`);
      expect(texts).toContain("was here first");
    }
  });

  test("because the device only sends, the move waits as records", async () => {
    const { world, user } = await withDirectory("AB");
    world.node("B").settings = { ...world.node("B").settings, mode: "send-only" };
    world.node("B").engine?.configure(world.node("B").settings);
    user.move("a", "b");
    await world.run(20_000);
    expect(world.node("B").fs.user.exists("a/f1")).toBe(true);
    expect([...(world.node("B").engine?.differences() ?? [])]).toHaveLength(44);
  });

  test("a crash between the rename and the commit makes no new move", async () => {
    const { world, user } = await withDirectory("AB");
    let hasMoved = false;
    world.beforeCall = (node, call) => {
      if (node.name !== "B" || !node.isUp) return;
      if (call.name === "renameNoReplace" && call.path === "a") hasMoved = true;
      else if (hasMoved) {
        hasMoved = false;
        world.kill("B");
        throw new Died();
      }
    };
    user.move("a", "b");
    await world.run(5000);
    const { fs, isUp } = world.node("B");
    expect([isUp, fs.user.exists("a"), fs.user.exists("b")]).toEqual([false, false, true]);
    world.hear();
    world.node("B").start();
    world.connect("AB");
    await world.settle();
    const said = world.hear();
    expect(told(said, "BA")).toEqual(NOTHING);
  });

  test("a directory that only has the inode of one that is gone was not moved", async () => {
    const { world, user } = await withDirectory("AB");
    const { disk } = world.node("A").fs;
    const { ino } = disk.inodeAt("a", "stat");
    user.delete("a");
    user.mkdir("b");
    Object.assign(disk.inodeAt("b", "stat"), { ino });
    user.write("b/f1", "something else");
    await world.settle();
    expect(told(world.hear(), "AB").moves).toEqual([]);
  });
});

test("a directory renamed in case only, where names fold, is one move", async () => {
  const { world, user, calls } = await withDirectory("AB", { personality: HFS });
  user.move("a", "A");
  await world.settle();
  expect(told(world.hear(), "AB")).toEqual({ records: 0, moves: ["a > A"] });
  expect(calls.get("B rename")).toBe(1);
  expect(
    world
      .node("B")
      .fs.user.paths()
      .map(({ path }) => path),
  ).toContain("A/f1");
});
