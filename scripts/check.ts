/**
 * `npm run check`: format and lint, types, dead code, layers and house rules,
 * side by side; prints what each one complains about and nothing else.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const BIN = join(ROOT, "node_modules");

interface Step {
  readonly name: string;
  /** A JavaScript file, started with this Node, and its arguments. */
  readonly command: readonly [file: string, ...args: string[]];
}

export interface Outcome {
  readonly name: string;
  readonly isPassed: boolean;
}

export const VITEST: string = join(BIN, "vitest/vitest.mjs");

const STATIC_STEPS: readonly Step[] = [
  { name: "format and lint", command: [join(BIN, "@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."] },
  { name: "types", command: [join(BIN, "typescript/bin/tsc"), "--noEmit", "-p", "."] },
  { name: "types of the page", command: [join(BIN, "typescript/bin/tsc"), "--noEmit", "-p", "src/web"] },
  // Biome does not see promises that come from Node or from packages.
  {
    name: "promises",
    command: [
      join(BIN, "oxlint/bin/oxlint"),
      "--type-aware",
      "--deny-warnings",
      "--allow=all",
      "--deny=typescript/no-floating-promises",
      "--deny=typescript/no-misused-promises",
      "--ignore-pattern=**/*.as.ts",
      "src",
      "test",
      "scripts",
      "bench",
    ],
  },
  { name: "dead code", command: [join(BIN, "knip/bin/knip.js")] },
];

const HOUSE_STEP: Step = {
  name: "layers and house rules",
  command: [VITEST, "run", "--reporter=dot", "test/layers.test.ts", "test/tidy.test.ts"],
};

/** Runs the checks that need no test run; `npm test` has the house rules among its tests. */
export async function runStaticChecks(): Promise<readonly Outcome[]> {
  return await Promise.all(STATIC_STEPS.map(runStep));
}

async function runStep({ name, command }: Step): Promise<Outcome> {
  const startedMs = performance.now();
  const { exit, output } = await run(command);
  const isPassed = exit === 0;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${isPassed ? "✓" : "✗"} ${name}  ${seconds} s`);
  if (!isPassed) console.log(output.trimEnd().replaceAll(/^/gm, "  "));
  return { name, isPassed };
}

function run([file, ...args]: Step["command"]): Promise<{ exit: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (exit) => resolve({ exit, output }));
  });
}

if (import.meta.main) {
  const outcomes = await Promise.all([...STATIC_STEPS, HOUSE_STEP].map(runStep));
  process.exitCode = outcomes.every(({ isPassed }) => isPassed) ? 0 : 1;
}
