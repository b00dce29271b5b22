/**
 * `npm start -- DIR`: installs what is missing, then runs
 * `bin/syncline up --foreground DIR` (no DIR: `~/Syncline`, made when it is not there).
 *
 * Runs under the Node that npm has, like ensure-installed.mjs.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./ensure-installed.mjs";

const isWindows = process.platform === "win32";
const LAUNCHER = fileURLToPath(new URL(`../bin/syncline${isWindows ? ".cmd" : ""}`, import.meta.url));

const args = process.argv.slice(2);
// npm runs scripts in the checkout; a relative DIR is meant from where the person is.
const from = process.env.INIT_CWD ?? process.cwd();

ensureInstalled(false);
const hasDirectory = args.length > 0 && !args[0].startsWith("-");
const directory = hasDirectory ? resolve(from, args[0]) : join(homedir(), "Syncline");
if (!hasDirectory) mkdirSync(directory, { recursive: true });

const words = ["up", "--foreground", directory, ...args.slice(hasDirectory ? 1 : 0)];
// A .cmd runs only through the shell, which splits what is not quoted.
const daemon = isWindows
  ? spawn(
      `"${LAUNCHER}"`,
      words.map((word) => `"${word}"`),
      { stdio: "inherit", shell: true },
    )
  : spawn(LAUNCHER, words, { stdio: "inherit" });
// Ctrl-C reaches the daemon through the terminal; this process waits for it to end cleanly.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => daemon.kill(signal));
daemon.on("error", (error) => {
  process.stderr.write(`syncline: ${LAUNCHER} did not start: ${error.message} (E_START_FAILED)\n`);
  process.exitCode = 1;
});
daemon.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
