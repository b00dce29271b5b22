/**
 * `bin/syncline` in a checkout made for the test: packages and PATH hold small
 * shell scripts in the place of Node, which print how they were called.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "../src/shared/errors.ts";

const LAUNCHER = join(import.meta.dirname, "../bin/syncline");
const PACKAGED = join("node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");

let checkout: string;

beforeEach(({ skip }) => {
  skip(process.platform === "win32", "bin/syncline is a POSIX shell script");
  checkout = mkdtempSync(join(tmpdir(), "syncline-launcher-"));
  mkdirSync(join(checkout, "bin"));
  copyFileSync(LAUNCHER, join(checkout, "bin/syncline"));
  put("src/cli/main.ts", "");
  mkdirSync(join(checkout, "node_modules"));
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

function put(name: string, text: string): string {
  const file = join(checkout, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** A stand-in for Node of some version that prints its name, arguments and settings, one a line. */
function putNode(name: string, version: string): string {
  const report = `printf '%s\\n' "${name}" "$@" "$UV_THREADPOOL_SIZE" "$NODE_COMPILE_CACHE"`;
  const file = put(name, `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else ${report}; fi\n`);
  chmodSync(file, 0o755);
  return dirname(file);
}

interface Run {
  readonly exit: number | null;
  readonly lines: readonly string[];
  readonly complaint: string;
}

function run(
  args: readonly string[],
  options: { path?: string; launcher?: string; cwd?: string; env?: Record<string, string> } = {},
): Run {
  const { path = "", launcher = join(checkout, "bin/syncline"), cwd = checkout, env = {} } = options;
  const { status, stdout, stderr } = spawnSync(launcher, args, {
    cwd,
    encoding: "utf8",
    env: { HOME: "/home/somebody", PATH: path, ...env },
  });
  return { exit: status, lines: stdout.split("\n").slice(0, -1), complaint: stderr };
}

describe("the launcher", () => {
  test("runs the packaged Node with the arguments as they are, nothing on PATH", () => {
    putNode(PACKAGED, "v26.10.0");
    const { exit, lines } = run(["up", "a b", "", "--name=x"]);
    expect(exit).toBe(0);
    expect(lines).toEqual([
      PACKAGED,
      join(checkout, "src/cli/main.ts"),
      "up",
      "a b",
      "",
      "--name=x",
      "16",
      "/home/somebody/.cache/syncline/compile",
    ]);
  });

  test("prefers the packaged Node over the one on PATH", () => {
    putNode(PACKAGED, "v26.10.0");
    expect(run([], { path: putNode("other/node", "v27.0.0") }).lines[0]).toBe(PACKAGED);
  });

  test.each([
    { version: "v26.3.1", isTaken: true },
    { version: "v26.10.0", isTaken: true },
    { version: "v27.0.0-nightly20270101", isTaken: true },
    { version: "v26.3.0", isTaken: false },
    { version: "v20.20.2", isTaken: false },
    { version: "v9.99.99", isTaken: false },
    { version: "broken", isTaken: false },
  ])("without packaged Node, $version on PATH is taken: $isTaken", ({ version, isTaken }) => {
    const { exit, lines, complaint } = run(["status"], { path: putNode("other/node", version) });
    if (isTaken) expect(lines.slice(0, 3)).toEqual(["other/node", join(checkout, "src/cli/main.ts"), "status"]);
    else expect(complaint).toContain(version);
    expect(exit).toBe(isTaken ? 0 : 1);
  });

  test("no Node anywhere is E_NODE_TOO_OLD with the next step", () => {
    const { exit, complaint } = run(["status"]);
    expect(complaint).toBe(
      "syncline: Syncline needs Node 26.3.1 or newer; there is no node on PATH (E_NODE_TOO_OLD)\n" +
        `  next: ${ERRORS.E_NODE_TOO_OLD.hint}\n`,
    );
    expect(exit).toBe(ERRORS.E_NODE_TOO_OLD.exit);
  });

  test.each<{ code: ErrorCode; hasPackages: boolean }>([
    { code: "E_NODE_TOO_OLD", hasPackages: true },
    { code: "E_NOT_INSTALLED", hasPackages: false },
  ])("with --json $code has the shape of every other error", ({ code, hasPackages }) => {
    if (!hasPackages) rmSync(join(checkout, "node_modules"), { recursive: true });
    const { exit, complaint } = run(["status", "--json"]);
    const { exit: expectedExit, hint } = ERRORS[code];
    expect(JSON.parse(complaint)).toEqual({
      v: 1,
      type: "error",
      code,
      exit: expectedExit,
      message: expect.any(String),
      hint,
    });
    expect(exit).toBe(expectedExit);
  });

  test("a checkout without packages says so, whatever Node there is", () => {
    rmSync(join(checkout, "node_modules"), { recursive: true });
    const { exit, complaint } = run(["up"], { path: putNode("other/node", "v26.10.0") });
    expect(complaint).toMatch(/not installed \(E_NOT_INSTALLED\)\n {2}next: run `npm ci`/);
    expect(exit).toBe(1);
  });

  test("is found through a chain of symlinks, absolute and relative", () => {
    putNode(PACKAGED, "v26.10.0");
    mkdirSync(join(checkout, "elsewhere"));
    symlinkSync(join(checkout, "bin/syncline"), join(checkout, "elsewhere/first"));
    symlinkSync("first", join(checkout, "elsewhere/second"));
    const { lines } = run(["status"], { launcher: join(checkout, "elsewhere/second"), path: "/usr/bin:/bin" });
    expect(lines.slice(0, 2)).toEqual([PACKAGED, join(checkout, "src/cli/main.ts")]);
  });

  test("is found by its name on PATH", () => {
    putNode(PACKAGED, "v26.10.0");
    const path = [join(checkout, "bin"), "/usr/bin", "/bin"].join(delimiter);
    const { stdout } = spawnSync("/bin/sh", ["-c", "cd / && syncline status"], {
      encoding: "utf8",
      env: { PATH: path },
    });
    expect(stdout.split("\n").slice(0, 3)).toEqual([PACKAGED, join(checkout, "src/cli/main.ts"), "status"]);
  });

  test("starts the built program when there are no sources, packages beside it", () => {
    rmSync(join(checkout, "src"), { recursive: true });
    rmSync(join(checkout, "node_modules"), { recursive: true });
    const installed = join(checkout, "node_modules/syncline");
    mkdirSync(join(installed, "bin"), { recursive: true });
    copyFileSync(LAUNCHER, join(installed, "bin/syncline"));
    putNode(PACKAGED, "v26.10.0");
    const { lines } = run(["status"], { launcher: join(installed, "bin/syncline") });
    expect(lines.slice(0, 2)).toEqual([PACKAGED, join(installed, "dist/cli/main.js")]);
  });

  test.each([
    { env: { XDG_CACHE_HOME: "/cache" }, threads: "16", cache: "/cache/syncline/compile" },
    { env: { XDG_CACHE_HOME: "not/absolute" }, threads: "16", cache: "/home/somebody/.cache/syncline/compile" },
    { env: { HOME: "" }, threads: "16", cache: "" },
    { env: { UV_THREADPOOL_SIZE: "4", NODE_COMPILE_CACHE: "/mine" }, threads: "4", cache: "/mine" },
  ])("settings follow the environment $env", ({ env, threads, cache }) => {
    putNode(PACKAGED, "v26.10.0");
    expect(run([], { env }).lines.slice(-2)).toEqual([threads, cache]);
  });

  test("the real Node runs TypeScript from a checkout with a space in its path", () => {
    const spaced = join(checkout, "my checkout");
    mkdirSync(join(spaced, "bin"), { recursive: true });
    copyFileSync(LAUNCHER, join(spaced, "bin/syncline"));
    put("my checkout/package.json", '{ "type": "module" }');
    put(
      "my checkout/src/cli/main.ts",
      "const [, , word = 1 as string | number] = process.argv;\nprocess.exitCode = Number(word);\n",
    );
    mkdirSync(join(spaced, "node_modules", `node-${process.platform}-${process.arch}`, "bin"), { recursive: true });
    symlinkSync(process.execPath, join(spaced, PACKAGED));
    const env = { NODE_COMPILE_CACHE: join(checkout, "cache") };
    expect(run(["7"], { launcher: join(spaced, "bin/syncline"), env })).toEqual({ exit: 7, lines: [], complaint: "" });
  });
});
