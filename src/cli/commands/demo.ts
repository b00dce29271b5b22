/**
 * `syncline demo`: two real nodes on this machine, in temporary directories,
 * pair and keep a folder in step while files change; each change is shown with
 * the time until it was visible on the other side and the bytes it took on the
 * wire. Everything is removed afterwards, also after Ctrl-C.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SyncError } from "../../shared/errors.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { arrival } from "../demo/arrival.ts";
import { inSync, LocalNode } from "../demo/local-node.ts";
import { type Pair, type Scenario, scenarios } from "../demo/scenarios.ts";
import type { Session } from "../session.ts";

const DEADLINE_MS = 20_000;
const TITLE_WIDTH = 44;
const LARGE_BYTES_MIN = 1000;

interface Shown {
  readonly ms: number | undefined;
  readonly wireBytes: number;
  readonly isRight: boolean;
}

export const demo: CommandHandler = async (session, _, { large = "200" }) => {
  const largeBytes = Math.round(Number(large) * 1e6);
  if (!(largeBytes >= LARGE_BYTES_MIN))
    throw new SyncError("E_USAGE", `--large takes a number of megabytes, not ${String(large)}`, {
      hint: "for instance: syncline demo --large 200",
    });
  const base = mkdtempSync(join(tmpdir(), "syncline-demo-"));
  const nodes = new AsyncDisposableStack();
  nodes.defer(() => rmSync(base, { recursive: true, force: true }));
  try {
    const desk = nodes.use(new LocalNode(base, "desk"));
    const lap = nodes.use(new LocalNode(base, "lap"));
    return await play(session, { desk, lap }, largeBytes);
  } finally {
    await nodes.disposeAsync();
  }
};

/** Returns the exit code. */
async function play(session: Session, pair: Pair, largeBytes: number): Promise<number> {
  const startedMs = performance.now();
  await pairUp(session, pair);
  const failed = await showAll(session, pair, largeBytes);
  const durationMs = Math.round(performance.now() - startedMs);
  if (session.globals.json) session.json({ type: "summary", isComplete: failed.length === 0, failed, durationMs });
  else if (failed.length === 0) session.say(`\n✓ all arrived, byte for byte  (${(durationMs / 1000).toFixed(0)} s)`);
  else session.print(`\n✗ did not arrive as it should: ${failed.join("; ")}`);
  return failed.length === 0 ? 0 : 1;
}

async function pairUp(session: Session, { desk, lap }: Pair): Promise<void> {
  session.say("Two nodes on this machine, in temporary directories.\n");
  const { listen } = await desk.up();
  session.signal.throwIfAborted();
  session.say(`desk$ syncline up ${short(desk)}`);
  const { code } = await desk.invite();
  const at = listen[0] ?? "";
  session.say(`lap$  syncline join ${code} ${short(lap)} --at ${at}`);
  const { peer, words } = await lap.join(code, at);
  session.say(`      ✓ paired with ${peer.name} (${words.join("-")})\n`);
  session.say(session.style("dim", `${"".padEnd(TITLE_WIDTH)}  visible after     on the wire`));
}

function short(node: LocalNode): string {
  return `…/${node.name}`;
}

/** Returns the titles of what failed. What stands on a change that did not arrive is not tried. */
async function showAll(session: Session, pair: Pair, largeBytes: number): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const scenario of scenarios(largeBytes)) {
    await inSync([pair.desk, pair.lap], DEADLINE_MS, session.signal);
    const shown = await show(pair, scenario, session.signal);
    tell(session, scenario, shown);
    if (shown.ms === undefined || !shown.isRight) failed.push(scenario.title);
    if (shown.ms === undefined) break;
  }
  return failed;
}

function tell(session: Session, scenario: Scenario, { ms, wireBytes, isRight }: Shown): void {
  const { title, fileBytes = null } = scenario;
  if (session.globals.json) {
    session.json({ title, visibleAfterMs: ms === undefined ? null : Math.round(ms), fileBytes, wireBytes, isRight });
    return;
  }
  if (ms === undefined) session.print(`${title.padEnd(TITLE_WIDTH)}  ✗ did not arrive`);
  else if (!isRight) session.print(`${title.padEnd(TITLE_WIDTH)}  ✗ arrived with other content`);
  else {
    const saved = session.style("dim", savedText(scenario, wireBytes));
    session.print(
      `${title.padEnd(TITLE_WIDTH)}  ${timeText(ms).padStart(13)}  ${bytesText(wireBytes).padStart(14)}${saved}`,
    );
  }
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
  return percent < 1 ? "" : `  ${percent} % saved`;
}
