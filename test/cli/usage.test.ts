import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { runTestCli } from "../support/command-line.ts";

const nowhere = ["--home", "/nowhere/at/all"];

test("the help of every command", async () => {
  const texts = [(await runTestCli([])).out];
  for (const group of ["peer", "folder", "trash", "conflict", "config", "backup", "service"])
    texts.push((await runTestCli([group, "--help"])).out);
  for (const { name } of COMMANDS) {
    const { exit, out, err } = await runTestCli([...name.split(" "), "-h"]);
    expect({ exit, err }).toEqual({ exit: 0, err: "" });
    texts.push(out);
  }
  await expect(texts.join("\n────────\n\n")).toMatchFileSnapshot("help.txt");
});

test.each([
  [["stauts"], "did you mean `syncline status`?"],
  [["peer", "lst"], "did you mean `syncline peer list`?"],
  [["peer"], "see `syncline peer --help`"],
  [["frobnicate", "x"], "see `syncline --help`"],
  [["status", "--jsn"], "did you mean --json?"],
  [["up", "--folderid", "x"], "did you mean --folder-id?"],
  [["status", "extra"], "see `syncline status --help`"],
  [["peer", "rename", "desk"], "see `syncline peer rename --help`"],
  [["folder", "mode", "docs", "two-wy"], "did you mean two-way?"],
  [["folder", "share", "docs"], "syncline folder share FOLDER --to PEER"],
  [["conflict", "resolve", "3"], "syncline conflict resolve ID --keep current|copy|both"],
  [["conflict", "show", "x"], "see `syncline conflict list`"],
  [["status", "--timeout", "soon"], "write it as 500ms"],
  [["status", "--user", "bob"], "leave --user out, or name a path of another device: PEER:FOLDER/PATH"],
  [["events", "--limit", "many"], "see `syncline --help`"],
  [["-n", "down"], "leave -n out"],
])("%j exits 2 and says what to do", async (argv, hint) => {
  const { exit, out, err } = await runTestCli([...nowhere, ...argv]);
  expect({ exit, out }).toEqual({ exit: 2, out: "" });
  expect(err).toContain("(E_USAGE)");
  expect(err).toContain(hint);
});

test("a usage error is JSON with --json, wherever it stands", async () => {
  for (const argv of [
    ["--json", "stauts"],
    ["stauts", "--json"],
  ]) {
    const { exit, err } = await runTestCli(argv);
    expect(exit).toBe(2);
    expect(JSON.parse(err)).toMatchObject({ v: 1, type: "error", code: "E_USAGE", exit: 2 });
  }
});

test.each([["--version"], ["--version", "--json"]])("%s", async (...argv) => {
  const { exit, out } = await runTestCli(argv);
  expect(exit).toBe(0);
  expect(out).toMatch(/\d+\.\d+\.\d+/);
});

test("without a daemon every command that needs one exits 9", async () => {
  for (const argv of [["status"], ["wait"], ["peer", "list"], ["logs"], ["doctor"], ["why", "x"]]) {
    expect(await runTestCli([...nowhere, ...argv])).toMatchObject({ exit: 9 });
  }
});

test("down without a daemon is done", async () => {
  expect(await runTestCli([...nowhere, "down"])).toMatchObject({ exit: 0, out: "not running\n" });
});
