/**
 * Installs what package-lock.json names and node_modules lacks, so that
 * `npm start` and `npm test` work as the first command in a fresh clone.
 *
 * Runs under whatever Node npm itself has (20 and newer): Node 26 may be
 * among the things that are missing. `--dev` asks for the tools as well.
 * A complete node_modules costs a few milliseconds and is left alone.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGED_NODE = /^node_modules\/node-(bin-)?(linux|darwin|win)-/;

/** @param {boolean} withDev */
export function ensureInstalled(withDev) {
  const missing = missingPackages(withDev);
  if (missing.length === 0) return;
  const isFresh = !existsSync(join(ROOT, "node_modules", ".package-lock.json"));
  const named = missing.slice(0, 3).map((path) => path.replace(/^.*node_modules\//, ""));
  const what = isFresh
    ? "the packages"
    : `${named.join(", ")}${missing.length > 3 ? ` and ${missing.length - 3} more` : ""}`;
  process.stderr.write(`syncline: installing ${what} (once)\n`);
  // `install` adds to what is there; `ci` would pull the files from under a daemon that runs from this checkout.
  const verb = isFresh ? ["ci"] : ["install", "--no-save"];
  const flags = ["--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  runNpm([...verb, ...flags, ...(withDev ? ["--include=dev"] : [])]);
  const stillMissing = missingPackages(withDev);
  if (stillMissing.length > 0) fail(`npm left out ${stillMissing.join(", ")}`);
}

/**
 * Paths of the packages that the lock asks for here and that are absent or of another version.
 *
 * @param {boolean} withDev
 */
function missingPackages(withDev) {
  const wanted = readPackages(join(ROOT, "package-lock.json"));
  const present = readPackages(join(ROOT, "node_modules", ".package-lock.json"));
  return Object.keys(wanted).filter((path) => {
    const entry = wanted[path];
    if (path === "" || !isNeededHere(path, entry, withDev)) return false;
    return present[path]?.version !== entry.version || !existsSync(join(ROOT, path, "package.json"));
  });
}

/** Optional packages may be absent, save the Node for this platform. */
function isNeededHere(path, entry, withDev) {
  if (entry.dev && !withDev) return false;
  if (!entry.optional) return true;
  return PACKAGED_NODE.test(path) && matches(entry.os, process.platform) && matches(entry.cpu, process.arch);
}

/** npm writes `os` and `cpu` as one word or a list. */
function matches(allowed, actual) {
  return allowed === undefined || [allowed].flat().includes(actual);
}

function readPackages(file) {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")).packages ?? {}) : {};
}

function runNpm(args) {
  const npm = process.env.npm_execpath;
  const { status, error } =
    npm === undefined
      ? spawnSync("npm", args, { cwd: ROOT, stdio: "inherit", shell: process.platform === "win32" })
      : spawnSync(process.execPath, [npm, ...args], { cwd: ROOT, stdio: "inherit" });
  if (error !== undefined) fail(`npm did not start: ${error.message}`);
  if (status !== 0) fail(`\`npm ${args[0]}\` failed`);
}

function fail(reason) {
  process.stderr.write(
    `syncline: the packages could not be installed: ${reason} (E_NOT_INSTALLED)\n  next: see the lines above, then run \`npm ci\`\n`,
  );
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureInstalled(process.argv.includes("--dev"));
