/**
 * `npm run screenshots`: takes the pictures of docs/dashboard.md from a running
 * pair of nodes, whose folder has something of everything: files, a conflict,
 * deleted files, a change under way.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { inSync, LocalNode } from "../src/cli/demo/local-node.ts";
import { NO_BROWSER, openBrowser } from "../test/support/browser.ts";

const PICTURES = join(import.meta.dirname, "../docs/pictures");
const SYNC_MS = 60_000;
const SETTINGS = ["--listen", "127.0.0.1:0", "--no-discovery", "--dashboard", "127.0.0.1:0"];
const WIDE = { width: 1200, height: 800 };
const NARROW = { width: 360, height: 740 };
const PHOTO_BYTES = 2_400_000;

const browser = await openBrowser();
if (browser === undefined) {
  process.stderr.write(`${NO_BROWSER}\n`);
  process.exitCode = 1;
} else await takeAll(browser);

async function takeAll(opened: Browser): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), "syncline-"));
  mkdirSync(PICTURES, { recursive: true });
  try {
    await using desk = new LocalNode(base, "desk", { settings: SETTINGS });
    await using lap = new LocalNode(base, "lap", { settings: SETTINGS });
    await live(desk, lap);
    const context = await opened.newContext({ viewport: WIDE, reducedMotion: "reduce" });
    const page = await context.newPage();
    const { link } = await desk.ask<{ link: string }>(["open", "--print"]);
    await page.goto(link);
    await take(page, "home", "home-light", "light");
    await take(page, "home", "home-dark", "dark");
    await goTo(page, "conflicts");
    await page.emulateMedia({ colorScheme: "light" });
    await page.getByRole("button", { name: "Show what differs" }).click();
    await page.getByLabel("What differs").waitFor();
    await shoot(page, "conflicts");
    await goTo(page, "files");
    await page.getByRole("link", { name: "desk" }).last().click();
    await page.getByRole("button", { name: "recipes.md" }).click();
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByLabel("The text of recipes.md").waitFor();
    await shoot(page, "files");
    await page.keyboard.press("Escape");
    // The one that got the change tells what it was spared.
    const there = await context.newPage();
    const { link: lapsLink } = await lap.ask<{ link: string }>(["open", "--print"]);
    await there.emulateMedia({ colorScheme: "dark" });
    await there.goto(lapsLink);
    await there.locator(".headline").waitFor();
    await goTo(there, "statistics");
    await there.getByLabel("Time").selectOption({ index: 0 });
    await there.locator(".throughput.history").waitFor();
    await shoot(there, "statistics");
    await there.close();
    await page.bringToFront();
    await take(page, "history/trash", "history", "dark");
    await page.setViewportSize(NARROW);
    await take(page, "home", "home-narrow", "dark");
    await page.setViewportSize(WIDE);
    await goTo(page, "peers");
    await page.getByRole("button", { name: "Pair a machine" }).click();
    await page.getByRole("button", { name: "Make a code" }).click();
    await page.getByTestId("code").waitFor();
    await shoot(page, "pair");
  } finally {
    await opened.close();
    rmSync(base, { recursive: true, force: true });
  }
}

/** What two people do in a day. */
async function live(desk: LocalNode, lap: LocalNode): Promise<void> {
  mkdirSync(join(desk.folder, "photos"), { recursive: true });
  writeFileSync(join(desk.folder, "photos/lake.jpg"), Buffer.alloc(PHOTO_BYTES, "lake"));
  for (const name of ["budget.csv", "letter.odt", "old-notes.txt", "recipes.md"])
    writeFileSync(join(desk.folder, name), `${name}\n`.repeat(400));
  await desk.up();
  const { code } = await desk.invite();
  await lap.join(code, (await desk.status()).listen[0] ?? "");
  const both = [desk, lap];
  const settle = (): Promise<void> => inSync(both, SYNC_MS, AbortSignal.timeout(SYNC_MS));
  await settle();
  rmSync(join(lap.folder, "old-notes.txt"));
  appendFileSync(join(desk.folder, "photos/lake.jpg"), "one more line of pixels");
  await settle();
  const [folder] = (await desk.status()).folders;
  await lap.run(["folder", "pause", folder?.id ?? ""]);
  writeFileSync(join(desk.folder, "letter.odt"), "Dear Ann,\nwe come on Friday.\n");
  writeFileSync(join(lap.folder, "letter.odt"), "Dear Ann,\nwe come on Saturday.\n");
  await lap.run(["folder", "resume", folder?.id ?? ""]);
  await lap.run(["wait"]);
}

async function goTo(page: Page, name: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/#/${name}`);
  await page.locator("main h1").waitFor();
  await page.locator("main .loading").waitFor({ state: "detached" });
}

async function take(page: Page, name: string, file: string, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await goTo(page, name);
  await shoot(page, file);
}

async function shoot(page: Page, file: string): Promise<void> {
  await page.screenshot({ path: join(PICTURES, `${file}.png`) });
  console.log(`docs/pictures/${file}.png`);
}
