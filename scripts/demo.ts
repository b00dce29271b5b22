/**
 * `npm run demo`: two real nodes on this machine, in temporary directories,
 * pair and keep a folder in step while files change; each change is shown with
 * the time until it was visible on the other side and the bytes it took on the
 * wire. Everything is removed afterwards, also after Ctrl-C.
 *
 * `--large MB` sets the size of the large file. Exits 1 when something did not
 * arrive.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, styleText } from "node:util";
import { arrival } from "./demo/arrival.ts";
import { inSync, LocalNode } from "./demo/local-node.ts";
import { type Pair, type Scenario, scenarios } from "./demo/scenarios.ts";

const DEADLINE_MS = 20_000;
const TITLE_WIDTH = 44;

const { values } = parseArgs({ options: { large: { type: "string", default: "200" } } });
const largeBytes = Math.round(Number(values.large) * 1e6);

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

if (largeBytes >= 1000) process.exitCode = await run(stop.signal);
else {
  process.stderr.write("demo: --large takes a number of megabytes, such as 200\n");
  process.exitCode = 2;
}

async function run(signal: AbortSignal): Promise<number> {
  const startedMs = performance.now();
  await using stack = new AsyncDisposableStack();
  const base = mkdtempSync(join(tmpdir(), "syncline-demo-"));
  stack.defer(() => rmSync(base, { recursive: true, force: true }));
  const desk = stack.use(new LocalNode(base, "desk"));
  const lap = stack.use(new LocalNode(base, "lap"));
  try {
    await pairUp({ desk, lap }, signal);
    const failed = await showAll({ desk, lap }, signal);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
    if (failed.length === 0) console.log(`\n✓ all arrived, byte for byte  (${seconds} s)`);
    else console.log(`\n✗ did not arrive as it should: ${failed.join("; ")}`);
    return failed.length === 0 ? 0 : 1;
  } catch (error) {
    if (signal.aborted) return 130;
    process.stderr.write(`\n✗ ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function pairUp({ desk, lap }: Pair, signal: AbortSignal): Promise<void> {
  console.log("Two nodes on this machine, in temporary directories.\n");
  const { listen } = await desk.up();
  signal.throwIfAborted();
  console.log(`desk$ syncline up ${short(desk)}`);
  const { code } = await desk.invite();
  const at = listen[0] ?? "";
  console.log(`lap$  syncline join ${code} ${short(lap)} --at ${at}`);
  const { peer, words } = await lap.join(code, at);
  console.log(`      ✓ paired with ${peer.name} (${words.join("-")})\n`);
  console.log(styleText("dim", `${"".padEnd(TITLE_WIDTH)}  visible after     on the wire`));
}

function short(node: LocalNode): string {
  return `…/${node.name}`;
}

/** Returns the titles of what failed. */
async function showAll(pair: Pair, signal: AbortSignal): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const scenario of scenarios(largeBytes)) {
    await inSync([pair.desk, pair.lap], DEADLINE_MS, signal);
    process.stdout.write(scenario.title.padEnd(TITLE_WIDTH));
    const { ms, wireBytes, isRight } = await show(pair, scenario, signal);
    if (ms === undefined || !isRight) {
      failed.push(scenario.title);
      console.log(ms === undefined ? "  ✗ did not arrive" : "  ✗ arrived with other content");
      if (ms === undefined) break;
      continue;
    }
    console.log(
      `  ${timeText(ms).padStart(13)}  ${bytesText(wireBytes).padStart(14)}${savedText(scenario, wireBytes)}`,
    );
  }
  return failed;
}

interface Shown {
  readonly ms: number | undefined;
  readonly wireBytes: number;
  readonly isRight: boolean;
}

async function show(pair: Pair, scenario: Scenario, signal: AbortSignal): Promise<Shown> {
  await scenario.prepare?.(pair);
  const before = await wireBytesOf(pair.desk);
  const startedMs = performance.now();
  await scenario.change(pair);
  const deadlineMs = scenario.deadlineMs ?? DEADLINE_MS;
  const ms = await arrival(() => scenario.isThere(pair), { startedMs, deadlineMs, signal });
  if (ms === undefined) return { ms, wireBytes: 0, isRight: false };
  // What is said after the arrival, such as the acknowledgement, belongs to the price.
  await inSync([pair.desk, pair.lap], DEADLINE_MS, signal);
  const wireBytes = (await wireBytesOf(pair.desk)) - before;
  return { ms, wireBytes, isRight: (await scenario.isRight?.(pair)) ?? true };
}

/** All bytes on desk's sockets, both ways, as the kernel took and gave them. */
async function wireBytesOf(node: LocalNode): Promise<number> {
  const { wireBytesSent, wireBytesReceived } = (await node.status()).traffic;
  return wireBytesSent + wireBytesReceived;
}

function timeText(ms: number): string {
  return ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function bytesText(bytes: number): string {
  return `${bytes.toLocaleString("en-US")} B`;
}

/** Cut, never rounded up. */
function savedText({ fileBytes }: Scenario, wireBytes: number): string {
  if (fileBytes === undefined || wireBytes > fileBytes) return "";
  const percent = Math.floor((1 - wireBytes / fileBytes) * 1000) / 10;
  return percent < 1 ? "" : styleText("dim", `  ${percent} % saved`);
}
