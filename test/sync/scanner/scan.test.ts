import { expect, test } from "vitest";
import { link } from "../../support/tree.ts";
import { ScanBench, told } from "./scan-bench.ts";

const NOTHING = { present: [], missing: [], problems: [] };

test("everything new is told with its content, directories first", async () => {
  const bench = await ScanBench.of({ a: { "b.txt": "one", c: {} }, "d.txt": "", l: link("a/b.txt") });
  const seen = await bench.look();
  expect(told(seen)).toEqual({ ...NOTHING, present: ["a", "a/b.txt", "a/c", "d.txt", "l"] });
});

test("a second scan tells nothing and reads nothing", async () => {
  const bench = await ScanBench.synced({ a: { "b.txt": "one" }, l: link("x") });
  bench.fs.beforeCall = (call) => expect(call.name === "openRead" && !call.path.startsWith(".syncline")).toBe(false);
  expect(told(await bench.look())).toEqual(NOTHING);
});
