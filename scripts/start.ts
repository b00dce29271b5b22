/**
 * `npm start -- DIR`: runs `bin/syncline up --foreground DIR` (no DIR:
 * `~/Syncline`, made when it is not there). Further flags are handed on.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const isWindows = process.platform === "win32";
const LAUNCHER = join(import.meta.dirname, isWindows ? "../bin/syncline.cmd" : "../bin/syncline");

const args = process.argv.slice(2);
const named = args[0]?.startsWith("-") === false ? args.shift() : undefined;
// npm runs scripts in the checkout; a relative DIR is meant from where the person is.
const directory = resolve(process.env["INIT_CWD"] ?? process.cwd(), named ?? join(homedir(), "Syncline"));
if (named === undefined) mkdirSync(directory, { recursive: true });

const words = ["up", "--foreground", directory, ...args];
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
for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => daemon.kill(signal));
// A signal to npm ends the shell between npm and this process, which hands nothing on.
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.ppid !== parent) daemon.kill("SIGTERM");
}, 500);
watch.unref();
daemon.on("error", (error) => {
  process.stderr.write(
    `syncline: ${LAUNCHER} did not start: ${error.message} (E_START_FAILED)\n  next: run \`npm ci\`\n`,
  );
  process.exitCode = 1;
});
daemon.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
