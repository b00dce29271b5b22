import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openLog } from "../../src/daemon/log.ts";
import { formatLogLine, parseLogLine } from "../../src/daemon/log-line.ts";
import { logEnd, readLogTail } from "../../src/daemon/log-reader.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const signal = new AbortController().signal;

describe("the log", () => {
  test("writes JSON lines with time, level and facts, for its owner alone", async () => {
    await using directory = await temporaryDirectory();
    const log = await openLog({ directory: directory.path, level: "info", terminal: undefined });
    log.child({ folder: "docs" }).info("Pulled file", { path: "a.txt", bytes: 5 });
    log.debug("Not asked for");
    await log[Symbol.asyncDispose]();
    const [name = ""] = await readdir(directory.path);
    const lines = (await readFile(join(directory.path, name), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => parseLogLine(line))).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        level: "info",
        message: "Pulled file",
        fields: { folder: "docs", path: "a.txt", bytes: 5 },
      },
    ]);
    expect((await stat(join(directory.path, name))).mode & 0o777).toBe(0o600);
  });

  test("keeps secrets out", async () => {
    await using directory = await temporaryDirectory();
    const log = await openLog({ directory: directory.path, level: "info", terminal: undefined });
    log.info("Invited", { link: "syncline:geheim", invite: { secret: "geheim", code: "E_X" }, keyPem: "geheim" });
    await log[Symbol.asyncDispose]();
    const [name = ""] = await readdir(directory.path);
    const text = await readFile(join(directory.path, name), "utf8");
    expect(text).not.toContain("geheim");
    expect(text).toContain("E_X");
  });

  test("follows a change of the level, in children that are there already too", async () => {
    await using directory = await temporaryDirectory();
    const lines: string[] = [];
    const log = await openLog({ directory: directory.path, level: "warn", terminal: (line) => lines.push(line) });
    const child = log.child({ folder: "docs" });
    child.info("one");
    log.setLevel("debug");
    child.debug("two");
    await log[Symbol.asyncDispose]();
    expect(lines).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} DEBUG two folder=docs$/)]);
  });

  test("a subscriber gets every line after those that are in the files", async () => {
    await using directory = await temporaryDirectory();
    const log = await openLog({ directory: directory.path, level: "info", terminal: undefined });
    for (let i = 0; i < 50; i++) log.info(`line ${i}`);
    const heard: string[] = [];
    log.subscribe((line) => heard.push(line.message));
    const end = logEnd(directory.path);
    for (let i = 50; i < 60; i++) log.info(`line ${i}`);
    log.flush();
    const tail = await readLogTail(directory.path, { lines: 1000, level: "debug", signal, end });
    await log[Symbol.asyncDispose]();
    expect([...tail.map(({ message }) => message), ...heard]).toEqual(
      Array.from({ length: 60 }, (_, i) => `line ${i}`),
    );
  });

  test("the last lines are found over blocks, by level, without the whole file", async () => {
    await using directory = await temporaryDirectory();
    const log = await openLog({ directory: directory.path, level: "debug", terminal: undefined });
    for (let i = 0; i < 2000; i++)
      (i % 100 === 0 ? log.warn : log.info).call(log, `line ${i} ü`, { pad: "x".repeat(i % 300) });
    const tail = async (lines: number, level: "debug" | "warn", contains?: string): Promise<readonly string[]> => {
      log.flush();
      const query = { lines, level, contains, signal, end: logEnd(directory.path) };
      return (await readLogTail(directory.path, query)).map(({ message }) => message);
    };
    expect(await tail(2, "debug")).toEqual(["line 1998 ü", "line 1999 ü"]);
    expect(await tail(2, "warn")).toEqual(["line 1800 ü", "line 1900 ü"]);
    expect(await tail(0, "debug")).toEqual([]);
    expect(await tail(2, "warn", "LINE 10")).toEqual(["line 100 ü", "line 1000 ü"]);
    expect(await tail(9, "debug", "pad=xxxxx ")).toEqual([]);
    expect(await tail(1, "debug", `pad=${"x".repeat(299)}`)).toEqual(["line 1799 ü"]);
    expect(await tail(5000, "debug")).toHaveLength(2000);
    await log[Symbol.asyncDispose]();
  });
});

test("a line on the terminal holds no control byte", () => {
  const line = formatLogLine({
    time: "2026-07-01T10:00:00.000Z",
    level: "warn",
    message: "a\u001B[2J",
    fields: { path: "b\u001B]0;x\u0007\nc", "k\n": 1 },
  });
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(line).toContain(String.raw`a\x1b[2J`);
});
