/**
 * Installs what package-lock.json names and node_modules lacks, so that
 * `npm start`, `npm test` and `npm run demo` work as the first command in a
 * fresh clone. `--dev` asks for the tools as well.
 *
 * Runs under whatever Node npm itself has (20 and newer), and in an npm script
 * of its own (`pretest`): the shell of one script would go on with the old Node
 * after the new one is there. A complete node_modules is left alone.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGED_NODE = /^node_modules\/node-(bin-)?(linux|darwin|win)-/;
const INSTALLED = join(ROOT, "node_modules", ".package-lock.json");
const withDev = process.argv.includes("--dev");

const missing = missingPackages();
if (missing.length > 0) install(missing);
if (!hasNode()) {
  const found = `this platform's packages hold none and the node on PATH is v${process.versions.node}`;
  fail("E_NODE_TOO_OLD", `Syncline needs Node 26.3.1 or newer; ${found}`, "install Node 26.3.1 or newer");
}

/** Paths of the packages that the lock asks for here and that are absent or of another version. */
function missingPackages() {
  const wanted = readPackages(join(ROOT, "package-lock.json"));
  const present = readPackages(INSTALLED);
  return Object.keys(wanted).filter((path) => {
    if (path === "" || !isNeededHere(path, wanted[path])) return false;
    return present[path]?.version !== wanted[path].version || !existsSync(join(ROOT, path, "package.json"));
  });
}

/** Optional packages may be absent, save the Node for this platform. */
function isNeededHere(path, entry) {
  if (entry.dev && !withDev) return false;
  return !entry.optional || isPackagedNode(path, entry);
}

function isPackagedNode(path, { os, cpu }) {
  return PACKAGED_NODE.test(path) && [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);
}

function readPackages(file) {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")).packages ?? {}) : {};
}

function install(paths) {
  const isFresh = !existsSync(INSTALLED);
  const names = paths.slice(0, 3).map((path) => path.replace(/^.*node_modules\//, ""));
  const rest = paths.length > 3 ? ` and ${paths.length - 3} more` : "";
  process.stderr.write(`syncline: installing ${isFresh ? "the packages" : names.join(", ") + rest} (once)\n`);
  // `install` adds to what is there; `ci` would pull the files from under a daemon that runs from this checkout.
  const verb = isFresh ? ["ci"] : ["install", "--no-save"];
  const flags = ["--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  runNpm([...verb, ...flags, ...(withDev ? ["--include=dev"] : [])]);
  const left = missingPackages();
  if (left.length > 0) failToInstall(`npm left out ${left.join(", ")}`);
}

function runNpm(args) {
  const npm = process.env.npm_execpath;
  const options = { cwd: ROOT, stdio: "inherit" };
  const { status, error } =
    npm === undefined
      ? spawnSync("npm", args, { ...options, shell: process.platform === "win32" })
      : spawnSync(process.execPath, [npm, ...args], options);
  if (error !== undefined) failToInstall(`npm did not start: ${error.message}`);
  if (status !== 0) failToInstall(`\`npm ${args[0]}\` failed`);
}

function failToInstall(reason) {
  fail("E_NOT_INSTALLED", `the packages could not be installed: ${reason}`, "see the lines above, then run `npm ci`");
}

function fail(code, message, hint) {
  process.stderr.write(`syncline: ${message} (${code})\n  next: ${hint}\n`);
  process.exit(1);
}

/** Whether the next npm script gets a Node that is new enough: the packaged one, else this one. */
function hasNode() {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split(/[.-]/).map(Number);
  const isNewEnough = major > 26 || (major === 26 && (minor > 3 || (minor === 3 && patch >= 1)));
  return isNewEnough || Object.entries(readPackages(INSTALLED)).some(([path, entry]) => isPackagedNode(path, entry));
}
