import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** What a test run came to, for `npm test`. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Names the file that {@link SkipReporter} leaves its counts in. */
export const COUNTS_VARIABLE = "SYNCLINE_TEST_COUNTS";

/**
 * Prints why each skipped test was skipped, which the default reporter keeps
 * to itself: what this machine cannot test must not look tested.
 */
export class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const results = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => ({ module, name: test.fullName, result: test.result() })),
    );
    const countOf = (state: string): number => results.filter(({ result }) => result.state === state).length;
    const brokenModules = modules.filter((module) => module.errors().length > 0).length;
    const counts: TestCounts = {
      passed: countOf("passed"),
      failed: countOf("failed") + countOf("pending") + brokenModules + unhandled.length,
      skipped: countOf("skipped"),
    };
    const skips = results.flatMap(({ module, name, result }) =>
      result.state === "skipped"
        ? [{ why: `${module.relativeModuleId}: ${result.note ?? "no reason given"}`, name }]
        : [],
    );
    for (const [why, tests] of Map.groupBy(skips, (skip) => skip.why)) {
      console.log(` skipped ${tests.length} of ${why}`);
    }
    const file = process.env[COUNTS_VARIABLE];
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
}
