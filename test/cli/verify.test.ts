import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Difference, stepsFor } from "../../src/cli/commands/repair.ts";
import { sha256sumLine } from "../../src/cli/sha256.ts";
import type { VerifyLine } from "../../src/shared/api-files.ts";
import { startTestNode } from "../support/command-line.ts";
import { type FakeService, fakeService } from "../support/fake-node-service.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Of coreutils. */
const SHA256SUM = "sha256sum";

test("a hash line is what sha256sum prints, odd names and all", async () => {
  await using directory = await temporaryDirectory();
  const names = ["plain", "-dash", "back\\slash", "new\nline", "re\rturn", "spa ce", "\u001b[2J", "ü"];
  for (const name of names) await writeFile(join(directory.path, name), name);
  const { stdout } = spawnSync(SHA256SUM, ["--", ...names], { cwd: directory.path, encoding: "utf8" });
  const lines = names.map((name) => sha256sumLine(`sha256:${createHash("sha256").update(name).digest("hex")}`, name));
  expect(`${lines.join("\n")}\n`).toBe(stdout);
});

const difference = (type: Difference["type"], sound: Difference["sound"]): Difference => ({ type, sound, path: "p" });

test.each([
  { name: "rot there", of: difference("differs", "here"), chosen: undefined, expected: ["restore there"] },
  { name: "rot here", of: difference("differs", "there"), chosen: undefined, expected: ["restore here"] },
  { name: "lost here", of: difference("missing", "there"), chosen: undefined, expected: ["restore here"] },
  { name: "lost there", of: difference("extra", "here"), chosen: undefined, expected: ["restore there"] },
  { name: "not told yet", of: difference("differs", "both"), chosen: undefined, expected: [] },
  { name: "nobody knows", of: difference("differs", "neither"), chosen: undefined, expected: [] },
  {
    name: "here is chosen",
    of: difference("differs", "neither"),
    chosen: "here",
    expected: ["restore there", "adopt here"],
  },
  { name: "the only one is chosen", of: difference("missing", "neither"), chosen: "there", expected: ["adopt there"] },
] as const)("$name → $expected", ({ of, chosen, expected }) => {
  expect(stepsFor(of, chosen).map(({ how, at }) => `${how} ${at}`)).toEqual(expected);
});

describe("verify --all", () => {
  const found = (...lines: readonly Exclude<VerifyLine, { type: "summary" | "progress" }>[]): Partial<FakeService> => ({
    async *verify() {
      yield* lines;
      const count = (type: string): number => lines.filter((line) => line.type === type).length;
      yield {
        ...{ type: "summary", folder: "docs-k3v9q", same: lines.length === 0, entries: 9, bytes: 90 },
        ...{
          differs: count("differs"),
          missing: count("missing"),
          extra: count("extra"),
          unreadable: count("unreadable"),
        },
      };
    },
  });

  test("tells differing, missing and extra apart, and exits 7", async () => {
    await using node = await startTestNode(
      fakeService(
        found(
          { type: "differs", path: "a\u001b[2J", sound: "there" },
          { type: "missing", path: "b", sound: "neither" },
          { type: "extra", path: "c", sound: "here" },
        ),
      ),
    );
    const json = await node.run(["--json", "verify", "--all", "desk:docs"]);
    expect(json.exit).toBe(7);
    expect(JSON.parse(json.out)).toEqual({
      v: 1,
      same: false,
      differs: ["a\u001b[2J"],
      missing: ["b"],
      extra: ["c"],
      unreadable: [],
    });
    expect(JSON.parse(json.err)).toMatchObject({ code: "E_HASH_DIFFERS", exit: 7 });
    const human = await node.run(["verify", "--all", "desk:docs"]);
    expect(human.out).not.toContain("\u001b");
    expect(human.out.split("\n")[0]).toBe(String.raw`differs     a\x1b[2J  (desk has what was recorded)`);
  });

  test("off a terminal, what neither side recorded is left, and exits 3", async () => {
    const asked: unknown[] = [];
    await using node = await startTestNode(
      fakeService({
        ...found({ type: "differs", path: "a", sound: "there" }, { type: "differs", path: "b", sound: "neither" }),
        repair: async (request) => {
          asked.push(request);
          return { folder: "docs-k3v9q", paths: request.paths, skipped: [] };
        },
      }),
    );
    const run = await node.run(["--json", "verify", "--all", "desk:docs", "--repair"]);
    expect(run.exit).toBe(3);
    expect(JSON.parse(run.out)).toMatchObject({ repaired: ["a"], left: ["b"] });
    expect(asked).toEqual([{ folder: "docs-k3v9q", paths: ["a"], how: "restore" }]);
  });

  test.each([
    ["one file", ["verify", "a"]],
    ["three files", ["verify", "a", "b", "c"]],
    ["a folder of this device", ["verify", "--all", "self:docs"]],
    ["--repair of two files", ["verify", "a", "b", "--repair"]],
  ])("%s is no comparison", async (_, argv) => {
    await using node = await startTestNode(fakeService());
    expect((await node.run(argv)).exit).toBe(2);
  });
});
