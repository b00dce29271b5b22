import { describe, expect, test } from "vitest";
import { DISK_VARIANTS, diskBench, FAST_TMP, simBench } from "../../support/benches.ts";
import { EXT4, PLAIN_UNIX } from "../../support/sim-disk.ts";
import type { Bench } from "./filesystem-suite.ts";
import { ACTIONS, play, SCENARIOS, type Scenario, type Step } from "./races.ts";

/** Runs a scenario on a bench of its own, and says which one failed. */
function playOn(setup: () => Bench, scenario: Scenario, steps: readonly Step[]): number {
  const bench = setup();
  try {
    return play(bench, scenario, steps);
  } catch (thrown) {
    const story = steps
      .map(({ step, action, path }) => `before call ${step} the user ${action.name}: ${path}`)
      .join(", then ");
    throw new Error(`${story || "alone"}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      cause: thrown,
    });
  } finally {
    bench.dispose();
  }
}

/** Every action on every path at every call, once. */
function singles(calls: number, scenario: Scenario): Step[] {
  const steps = [...Array(calls + 1).keys()];
  return steps.flatMap((step) => ACTIONS.flatMap((action) => scenario.paths.map((path) => ({ step, action, path }))));
}

const IN_PAIRS: ReadonlySet<string> = new Set([
  "writes in place",
  "saves by rename",
  "deletes",
  "holds it open and writes later",
  "replaces it by a directory",
]);

function runSingles(setup: () => Bench, scenario: Scenario): void {
  const calls = playOn(setup, scenario, []);
  expect(calls).toBeGreaterThan(1);
  for (const step of singles(calls, scenario)) playOn(setup, scenario, [step]);
}

/** Two actions, the second up to three calls later; those that only vary the theme are left out. */
function runPairs(setup: () => Bench, scenario: Scenario): void {
  runSingles(setup, scenario);
  const calls = playOn(setup, scenario, []);
  const all = singles(calls, scenario).filter(({ action }) => IN_PAIRS.has(action.name));
  for (const first of all) {
    for (const second of all)
      if (second.step >= first.step && second.step <= first.step + 3) playOn(setup, scenario, [first, second]);
  }
}

// Checked paths change only how a parent is found, which no action here can tell.
const { "disk with natives": natives, "disk through /proc": plain } = DISK_VARIANTS;

describe.each(Object.entries({ natives, plain }))("a user between any two calls: disk, %s", (_, options = {}) => {
  test.each(SCENARIOS)("$name loses nothing", (scenario) => {
    runSingles(() => diskBench(options, FAST_TMP), scenario);
  });
});

describe.each(Object.entries({ EXT4, PLAIN_UNIX }))("a user at any two calls: simulated %s", (_, personality) => {
  test.each(SCENARIOS)("$name loses nothing", (scenario) => {
    runPairs(() => simBench(personality), scenario);
  });
});
