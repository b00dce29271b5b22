/** What the dashboard costs, and how soon it shows what is so: a pair of nodes, a browser before one of them. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, CDPSession, Page } from "playwright-core";
import { inSync, LocalNode } from "../../src/cli/demo/local-node.ts";
import { NO_BROWSER, openBrowser } from "../../test/support/browser.ts";
import { makeSmallFiles } from "./data.ts";
import { quantile } from "./latency.ts";
import { processorSeconds, sum } from "./processes.ts";
import type { Bench, Scenario } from "./scenarios.ts";

const SETTINGS = ["--listen", "127.0.0.1:0", "--no-discovery", "--dashboard", "127.0.0.1:0"];
const SYNC_MS = 300_000;
/** What comes within so long is one update. */
const TOGETHER_MS = 100;
const ROUNDS = 4;
const CHANGES = 20;
const POLL_MS = 10;
/** Seldom enough to cost nothing beside a sync. */
const SYNC_POLL_MS = 200;
const FRAMES = 300;
/** As fast as one turns the wheel, and as fast as one drags the bar: pixels a frame. */
const SCROLLS_PX = [600, 2500];
/** Of a row of the list. */
const ROW_PX = 44;
const KIB = 1024;

export const DASHBOARD_SCENARIOS: Readonly<Record<string, Scenario>> = {
  dashboard: {
    title: "the dashboard in a browser, before one of two nodes",
    target: "< 150 kB, < 1 s, agree within 500 ms, ≤ 4 updates a second, ≤ 5 % more processor time with two pages",
    run: measureDashboard,
  },
};

async function measureDashboard(bench: Bench): Promise<void> {
  const browser = await openBrowser();
  if (browser === undefined) {
    bench.report.absent("a browser", NO_BROWSER);
    return;
  }
  try {
    await using desk = new LocalNode(bench.base, "desk", { settings: SETTINGS });
    await using lap = new LocalNode(bench.base, "lap", { settings: SETTINGS });
    const { listen } = await desk.up();
    const { code } = await desk.invite();
    await lap.join(code, listen[0] ?? "");
    await new DashboardBench(bench, browser, desk, lap).run();
  } finally {
    await browser.close();
  }
}

class DashboardBench {
  readonly #bench: Bench;
  readonly #browser: Browser;
  readonly #desk: LocalNode;
  readonly #lap: LocalNode;
  #trees = 0;

  constructor(bench: Bench, browser: Browser, desk: LocalNode, lap: LocalNode) {
    this.#bench = bench;
    this.#browser = browser;
    this.#desk = desk;
    this.#lap = lap;
  }

  async run(): Promise<void> {
    await this.#firstLoad();
    await this.#agreement();
    await this.#syncing();
    await this.#scrolling();
  }

  /** A page of its own in a window of its own, signed in at `lap`. */
  async #open(place = "home"): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1200, height: 900 } });
    const page = await context.newPage();
    const { link } = await this.#lap.ask<{ link: string }>(["open", "--print"]);
    await page.goto(link);
    await page.locator(".headline").waitFor();
    if (place !== "home") await page.goto(`${new URL(link).origin}/#/${place}`);
    return page;
  }

  async #firstLoad(): Promise<void> {
    const { report } = this.#bench;
    const page = await this.#open();
    const times: number[] = [];
    let bytes = 0;
    for (let round = 0; round < ROUNDS * 2; round++) {
      const cdp = await page.context().newCDPSession(page);
      await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
      await page.reload();
      await page.locator(".headline").waitFor();
      const [ready, sizes] = (await page.evaluate(`(() => {
        const files = performance.getEntriesByType("resource").filter(({ name }) => !name.includes("/api/"));
        const all = [...performance.getEntriesByType("navigation"), ...files];
        return [performance.now(), all.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)];
      })()`)) as [number, number];
      times.push(ready);
      bytes = sizes;
    }
    report.figure({ who: "first load, compressed", value: bytes / 1000, unit: "kB" });
    report.figure({ who: "until Home is there", value: quantile(times, 0.5), unit: "ms", more: `most ${ms(times)}` });
    await page.context().close();
  }

  /** From a new file on `desk`: when both pages and the status at `lap` tell of it. */
  async #agreement(): Promise<void> {
    const pages = [await this.#open(), await this.#open()];
    const apart: number[] = [];
    let files = (await this.#lap.status()).folders[0]?.files ?? 0;
    for (let change = 0; change < CHANGES; change++) {
      files++;
      const text = `${files.toLocaleString("en")} ${files === 1 ? "file" : "files"}`;
      const seen = pages.map((page) => page.evaluate(whenShown(text)) as Promise<number>);
      writeFileSync(join(this.#desk.folder, `change-${change}.txt`), text);
      const told = this.#told(files);
      const times = await Promise.all([...seen, told]);
      apart.push(Math.max(...times) - Math.min(...times));
    }
    this.#bench.report.figure({
      ...{ who: "two tabs and the CLI apart", value: quantile(apart, 0.5), unit: "ms", more: `most ${ms(apart)}` },
    });
    for (const page of pages) await page.context().close();
  }

  async #told(files: number, pollMs: number = POLL_MS): Promise<number> {
    while ((await this.#lap.status()).folders[0]?.files !== files)
      await sleep(pollMs, undefined, { signal: this.#bench.signal });
    return Date.now();
  }

  /** The same sync with no page and with two, in turns. */
  async #syncing(): Promise<void> {
    const { report, scale } = this.#bench;
    const count = Math.max(100, Math.round(10_000 * scale));
    const folder = (await this.#lap.status()).folders[0]?.id ?? "";
    const used: Record<"none" | "two", number[]> = { none: [], two: [] };
    const updates: number[] = [];
    await this.#sync(count);
    // The folder grows from round to round: none, two, two, none, so that neither gains by it.
    for (let round = 0; round < ROUNDS; round++) {
      if (round % 2 === 0) used.none.push(await this.#sync(count));
      const pages = [await this.#open(), await this.#open(`files/here/${folder}`)];
      const counters = await Promise.all(pages.map((page) => countUpdates(page)));
      used.two.push(await this.#sync(count));
      updates.push(...counters.map((counter) => counter.mostInASecond()));
      for (const page of pages) await page.context().close();
      if (round % 2 === 1) used.none.push(await this.#sync(count));
    }
    // The mean, because only over all rounds of both kinds the growth of the folder cancels out.
    const [none, two] = [mean(used.none), mean(used.two)];
    report.figure({
      ...{ who: "processor, no page", value: none, unit: "s", more: `${count} files; ${used.none.map(rounded)}` },
    });
    report.figure({
      ...{ who: "processor, two pages", value: two, unit: "s", more: `${used.two.map(rounded)}` },
    });
    report.figure({ who: "more with two pages", value: (two / none - 1) * 100, unit: "%" });
    report.figure({ who: "updates in a second, most", value: Math.max(...updates), unit: "a page" });
  }

  /** Brings a directory of new files from `desk` to `lap`; processor seconds that `lap` used for it. */
  async #sync(count: number): Promise<number> {
    const name = `tree-${++this.#trees}`;
    const staged = join(this.#bench.base, name);
    makeSmallFiles(staged, count, 2 * KIB);
    const { process, folders } = await this.#lap.status();
    const wanted = (folders[0]?.files ?? 0) + count;
    const before = processorSeconds(process.pid);
    renameSync(staged, join(this.#desk.folder, name));
    await this.#told(wanted, SYNC_POLL_MS);
    await inSync([this.#desk, this.#lap], SYNC_MS, this.#bench.signal);
    return processorSeconds(process.pid) - before;
  }

  /** A directory of 100,000 files, scrolled through. */
  async #scrolling(): Promise<void> {
    const { report, scale } = this.#bench;
    const count = Math.max(1000, Math.round(100_000 * scale));
    const folder = (await this.#lap.status()).folders[0]?.id ?? "";
    const directory = join(this.#lap.folder, "many");
    mkdirSync(directory);
    for (let file = 0; file < count; file++) writeFileSync(join(directory, `file-${file}.txt`), "");
    await this.#lap.run(["wait", "--timeout", "280s"]).catch(() => undefined);
    const page = await this.#open(`files/here/${folder}/many`);
    const begun = performance.now();
    await page.getByText(`${count.toLocaleString("en")} entries`).waitFor();
    report.figure({ who: `${count} files listed after`, value: performance.now() - begun, unit: "ms" });
    for (const px of SCROLLS_PX) await this.#scroll(page, px);
    await page.context().close();
  }

  async #scroll(page: Page, px: number): Promise<void> {
    const { report } = this.#bench;
    const rows = `${Math.round(px / ROW_PX)} rows a frame`;
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Performance.enable");
    const workedSeconds = async (): Promise<number> =>
      (await cdp.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
    const before = await workedSeconds();
    const [frames, tasks] = (await page.evaluate(`(async () => {
      const list = document.querySelector(".entries.long");
      const frames = [], tasks = [];
      new PerformanceObserver((entries) => tasks.push(...entries.getEntries().map(({ duration }) => duration)))
        .observe({ entryTypes: ["longtask"] });
      list.scrollTop = 0;
      let last = await new Promise(requestAnimationFrame);
      for (let frame = 0; frame < ${FRAMES}; frame++) {
        list.scrollTop += ${px};
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
      }
      return [frames, tasks];
    })()`)) as [number[], number[]];
    report.figure({
      ...{ who: `a frame, ${rows}`, value: quantile(frames, 0.5), unit: "ms" },
      more: `p95 ${rounded(quantile(frames, 0.95))}, most ${ms(frames)}; ${tasks.length} tasks of more than 50 ms`,
    });
    report.figure({
      ...{ who: `work, ${rows}`, value: (((await workedSeconds()) - before) / FRAMES) * 1000, unit: "ms a frame" },
    });
  }
}

/** Run in a page: the time at which a text is on it, by the page's own watch. */
function whenShown(text: string): string {
  return `new Promise((resolve) => {
    const look = () => {
      if (!document.querySelector("main").textContent.includes(${JSON.stringify(text)})) return;
      observer.disconnect();
      resolve(Date.now());
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    look();
  })`;
}

/** Counts what the followed stream brings: pieces that come together are one update. */
async function countUpdates(page: Page): Promise<{ mostInASecond(): number }> {
  const cdp: CDPSession = await page.context().newCDPSession(page);
  const streams = new Set<string>();
  const times: number[] = [];
  cdp.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (request.url.includes("/api/v1/watch")) streams.add(requestId);
  });
  cdp.on("Network.dataReceived", ({ requestId, timestamp }) => {
    const at = timestamp * 1000;
    if (streams.has(requestId) && at - (times.at(-1) ?? Number.NEGATIVE_INFINITY) > TOGETHER_MS) times.push(at);
  });
  await cdp.send("Network.enable");
  // The stream is asked for anew, so that it is known from its beginning.
  await page.reload();
  await page.locator("main h1").waitFor();
  return {
    mostInASecond: () =>
      Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length)),
  };
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function ms(times: readonly number[]): string {
  return `${rounded(Math.max(...times))} ms`;
}

function rounded(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}
