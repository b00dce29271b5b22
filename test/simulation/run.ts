/**
 * `npm run sim -- --seed N --count M [--trace]`: runs worlds and tells which
 * seeds fail. A failing seed runs again by itself with `--seed N --trace`.
 */
import { parseArgs } from "node:util";
import { twoWay } from "./knobs.ts";
import { runWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "1" },
    trace: { type: "boolean", default: false },
    twice: { type: "boolean", default: false },
    stop: { type: "boolean", default: false },
    "two-way": { type: "boolean", default: false },
  },
});

const first = Number(values.seed);
const count = Number(values.count);
const facts: Record<string, number> = {};
const failed: number[] = [];
const started = performance.now();
let events = 0;
for (let seed = first; seed < first + count; seed++) {
  const result = await runWorld(seed, {
    ...(values.trace ? { onTrace: (line: string) => console.log(line) } : {}),
    ...(values["two-way"] ? { knobs: twoWay } : {}),
  });
  events += result.events;
  for (const [fact, times] of Object.entries(result.facts)) facts[fact] = (facts[fact] ?? 0) + times;
  if (values.twice && (await runWorld(seed)).hash !== result.hash) {
    failed.push(seed);
    console.log(`seed ${seed} does not replay: two runs differ`);
  }
  if (result.failure !== undefined) {
    failed.push(seed);
    console.log(
      `seed ${seed} failed (trace ${result.hash}): ${values.trace || count === 1 ? result.failure : result.failure.split("\n  last lines:")[0]}`,
    );
    if (values.stop) break;
  } else if (count === 1)
    console.log(
      `seed ${seed} passed (trace ${result.hash}, ${result.events} events, ${Math.round(result.virtualMs / 1000)} s of virtual time)`,
    );
}
const seconds = (performance.now() - started) / 1000;
console.log(
  `${count} seeds in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(1)} a second, ${events} events), ${failed.length} failed${failed.length > 0 ? `: ${failed.join(" ")}` : ""}`,
);
console.log(
  Object.entries(facts)
    .map(([fact, times]) => `${fact} ${times}`)
    .join(", "),
);
process.exitCode = failed.length === 0 ? 0 : 1;
