import { execFile } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";

/** Prints every module that is loaded. */
const HOOK = `import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { process.stderr.write("loaded " + url + "\\n"); return next(url, context); } });`;

function loadedBy(args: readonly string[]): Promise<readonly string[]> {
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  const preload = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  execFile(process.execPath, ["--import", preload, main, ...args], { maxBuffer: 2 ** 24 }, (_, __, err) => {
    resolve(err.split("\n").filter((line) => line.startsWith("loaded ")));
  });
  return promise;
}

test.each([["status"], ["--help"], ["wait"]])(
  "`syncline %s` loads little, so that it answers at once",
  async (...args) => {
    const loaded = await loadedBy(["--home", "/nowhere/at/all", ...args]);
    expect(loaded.length).toBeGreaterThan(5);
    expect(
      loaded.filter((url) =>
        /node_modules\/(?!commander\/)|src\/daemon\/|shared\/(api|config-schema|config-parse)\.ts/.test(url),
      ),
    ).toEqual([]);
    expect(loaded.length).toBeLessThan(45);
  },
);
