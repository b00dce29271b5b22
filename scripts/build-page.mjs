/**
 * `npm run build:web`: builds the dashboard's page from src/web into dist/page.
 * With `--if-needed`, as `npm ci` and `npm start` call it, only when what it is
 * made from has changed; and where the tools for it are absent, as after an
 * install without development packages, it says so and leaves it at that: the
 * daemon works without a page.
 *
 * Runs under whatever Node npm itself has (20 and newer).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = join(ROOT, "src/web");
const TARGET = join(ROOT, "dist/page");
const STAMP = join(ROOT, "dist/page.stamp");
const isOptional = process.argv.includes("--if-needed");

const stamp = stampOf([
  SOURCE,
  join(ROOT, "src/shared"),
  fileURLToPath(import.meta.url),
  join(ROOT, "package-lock.json"),
]);
const isFresh = existsSync(STAMP) && existsSync(TARGET) && readFileSync(STAMP, "utf8") === stamp;
if (!isOptional || !isFresh) await run();

async function run() {
  const tools = await load();
  if (tools === undefined) return;
  await tools.build({
    root: SOURCE,
    configFile: false,
    logLevel: isOptional ? "warn" : "info",
    base: "/",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: TARGET,
      emptyOutDir: true,
      target: "es2023",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: !isOptional,
    },
  });
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(STAMP, stamp);
}

async function load() {
  try {
    return await import("vite");
  } catch (error) {
    if (!isOptional) throw error;
    process.stderr.write("syncline: the dashboard's page is not built, because its tools are not installed\n");
    return undefined;
  }
}

/** Changes with every file below the given places. */
function stampOf(places) {
  const hash = createHash("sha256");
  for (const place of places) {
    for (const file of filesOf(place)) hash.update(file.slice(ROOT.length)).update("\0").update(readFileSync(file));
  }
  return hash.digest("hex");
}

function filesOf(place) {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
