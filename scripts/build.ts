/**
 * `npm run build`: emits src as JavaScript into dist, for packages (Node does
 * not strip types below node_modules). `bin/syncline` starts dist/cli/main.js
 * where there is no src.
 */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

rmSync(DIST, { recursive: true, force: true });
const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: ROOT, stdio: "inherit" });
if (status === 0) {
  finish();
  const page = spawnSync(process.execPath, [join(ROOT, "scripts/build-page.mjs")], { cwd: ROOT, stdio: "inherit" });
  process.exitCode = page.status ?? 1;
} else process.exitCode = 1;

function finish(): void {
  // The compiler rewrites imports and not the URLs by which workers are started.
  for (const file of globSync("**/*.js", { cwd: DIST })) {
    const path = join(DIST, file);
    const text = readFileSync(path, "utf8");
    const rewritten = text.replaceAll(/(new URL\(\s*"\.[^"]+)\.ts"/g, '$1.js"');
    if (rewritten !== text) writeFileSync(path, rewritten);
  }
  for (const file of globSync("!(web)/**/*.{json,sql,wasm,html,css,svg}", { cwd: join(ROOT, "src") })) {
    cpSync(join(ROOT, "src", file), join(DIST, file));
  }
}
