/**
 * `npm test`: all checks, then all tests; a failed check does not keep the
 * tests from running. `npm test -- PATTERN` runs the matching tests alone.
 *
 * The last line counts both ("tests and checks: 420 passed, 0 failed"); the
 * exit code is 0 only when nothing failed.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, runStaticChecks, VITEST } from "./check.ts";
import { COUNTS_VARIABLE, type TestCounts } from "./test-reporter.ts";

function runTests(args: readonly string[]): TestCounts {
  const directory = mkdtempSync(join(tmpdir(), "syncline-counts-"));
  const file = join(directory, "counts.json");
  try {
    const env = { ...process.env, [COUNTS_VARIABLE]: file };
    const { status } = spawnSync(process.execPath, [VITEST, "run", ...args], { stdio: "inherit", env });
    const counts: TestCounts = existsSync(file)
      ? JSON.parse(readFileSync(file, "utf8"))
      : { passed: 0, failed: 0, skipped: 0 };
    // Vitest also fails for reasons that are no test's: a bad option, no test found, an error after the end.
    return status === 0 ? counts : { ...counts, failed: Math.max(1, counts.failed) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
const checks: readonly Outcome[] = args.length === 0 ? await runStaticChecks() : [];
const tests = runTests(args);
const failedChecks = checks.filter(({ isPassed }) => !isPassed);
const passed = tests.passed + checks.length - failedChecks.length;
const failed = tests.failed + failedChecks.length;
if (failedChecks.length > 0)
  console.log(`failed checks, see above: ${failedChecks.map(({ name }) => name).join(", ")}`);
if (tests.skipped > 0) console.log(`${tests.skipped} tests skipped, each with its reason above`);
console.log(`tests and checks: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
