import { defineConfig } from "vitest/config";
import { SkipReporter } from "./scripts/test-reporter.ts";

/**
 * Three kinds of tests, each found by its folder alone:
 * unit (everything not named below) shares threads and must leave no state behind;
 * simulation runs whole devices from seeds and may take its time;
 * real starts daemons, so each file has a process of its own and they come last.
 */
const REAL = ["test/integration/**/*.test.ts", "test/lab/**/*.test.ts", "test/browser/**/*.test.ts"];
const SIMULATION = ["test/simulation/**/*.test.ts"];

/** A state that comes is waited for as long as a busy machine takes; one that does not come fails all the same. */
const expect = { poll: { timeout: 15_000 } };

export default defineConfig({
  test: {
    // Simulations keep one core busy, and daemons mostly wait: two at a time, also where there are only two cores.
    maxWorkers: 2,
    reporters: ["default", new SkipReporter()],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...REAL, ...SIMULATION],
          pool: "threads",
          isolate: false,
          testTimeout: 30_000,
          expect,
        },
      },
      {
        test: {
          name: "simulation",
          include: SIMULATION,
          pool: "threads",
          isolate: false,
          testTimeout: 180_000,
          expect,
        },
      },
      {
        test: {
          name: "real",
          include: REAL,
          pool: "forks",
          testTimeout: 90_000,
          expect,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
