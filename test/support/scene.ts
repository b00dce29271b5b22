/** Two nodes before a real browser: the stage on which the tests of the dashboard's page play. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, BrowserContext, Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from "vitest";
import { NO_BROWSER, openBrowser } from "./browser.ts";
import { TestNode } from "./nodes.ts";

/** Room for a machine that is busy with other tests: nothing here waits for time to pass. */
export const SETUP_MS = 300_000;
const TEST_MS = 300_000;
const ACTION_MS = 30_000;
const WIDE = { width: 1200, height: 900 };
const NARROW = { width: 360, height: 740 };
/** What axe can say of colours: the only thing that differs between the schemes. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];
const FLAGS = ["--listen", "127.0.0.1:0", "--no-discovery", "--dashboard", "127.0.0.1:0"];

/** Anna's node, which shares a directory with one file, and Bert's, which has nothing yet. */
export class Scene {
  readonly anna: TestNode;
  readonly bert: TestNode;
  /** What no page may ever do: run what is in a name, break its own policy, throw. */
  readonly faults: string[] = [];
  readonly #browser: Browser;
  readonly #place: string;

  private constructor(browser: Browser, place: string) {
    this.#browser = browser;
    this.#place = place;
    [this.anna, this.bert] = [new TestNode(place, "anna"), new TestNode(place, "bert")];
  }

  /** Undefined where there is no browser. */
  static async open(): Promise<Scene | undefined> {
    const browser = await openBrowser();
    if (browser === undefined) return undefined;
    const scene = new Scene(browser, await mkdtemp(join(tmpdir(), "syncline-browser-")));
    const { anna, bert } = scene;
    await mkdir(anna.directory);
    await writeFile(join(anna.directory, "hello.txt"), "hello\n");
    await Promise.all([
      anna.json("up", anna.directory, "--name", anna.name, ...FLAGS),
      bert.json("up", "--name", bert.name, ...FLAGS),
    ]);
    return scene;
  }

  /** Bert's node joins Anna's folder. */
  async pair(): Promise<void> {
    const { code } = await this.anna.json<{ code: string }>("peer", "invite");
    await this.bert.json("join", code, this.bert.directory, "--at", await this.anna.address());
    await this.bert.wait();
  }

  /** Each person has a window of their own: Chromium draws a tab that another one covers once a second, and clicks wait for that. */
  async window(): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: WIDE, reducedMotion: "reduce" });
    context.setDefaultTimeout(ACTION_MS);
    return await this.tab(context);
  }

  /** A window in which who runs the node is signed in. */
  async signedIn(node: TestNode): Promise<Page> {
    const page = await this.window();
    await signIn(page, node);
    await page.locator(".headline").waitFor();
    return page;
  }

  async tab(of: BrowserContext): Promise<Page> {
    const page = await of.newPage();
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("dialog", (dialog) => {
      // A page that is left in the middle of an upload asks.
      if (dialog.type() === "beforeunload") return void dialog.accept();
      this.faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) this.faults.push(message.text());
    });
    return page;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await Promise.all([this.anna.down(), this.bert.down()]);
    await rm(this.#place, { recursive: true, force: true });
  }
}

/** Sets the scene of a file's tests, which go on from each other, as a person would; in each of them no page may misbehave. */
export function stage(prepare: (scene: Scene) => Promise<void>): void {
  let scene: Scene | undefined;
  vi.setConfig({ testTimeout: TEST_MS });
  beforeAll(async () => {
    scene = await Scene.open();
    if (scene !== undefined) await prepare(scene);
  }, SETUP_MS);
  beforeEach(({ skip }) => {
    skip(scene === undefined, NO_BROWSER);
  });
  afterEach(() => {
    expect(scene?.faults.splice(0) ?? []).toEqual([]);
  });
  afterAll(async () => {
    await scene?.close();
  }, SETUP_MS);
}

export async function signIn(page: Page, node: TestNode): Promise<void> {
  const { link } = await node.json<{ link: string }>("open", "--print");
  await page.goto(link);
}

export async function goTo(page: Page, name: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/#/${name}`);
}

export async function headline(page: Page, text: string): Promise<void> {
  await page.locator(".headline h1", { hasText: text }).waitFor();
}

export async function signInByPassword(scene: Scene, node: TestNode, name: string, password: string): Promise<Page> {
  const { dashboard } = await node.json<{ dashboard: string }>("status");
  const page = await scene.window();
  await page.goto(dashboard);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".headline").waitFor();
  return page;
}

/** Waits until the page says all of it, where a person sees it. */
export async function says(on: Page, words: readonly string[]): Promise<void> {
  const main = on.locator("main");
  for (const text of words) await main.getByText(text).filter({ visible: true }).first().waitFor();
}

/** What the daemon answers at the network's boundary, where it is to fail. */
const FAILURE = { code: "E_INTERNAL", message: "the index cannot be read", hint: "see `syncline logs`" };
export const FAILURE_WORDS = ["The index cannot be read.", "syncline logs"];
/** The daemon as the browser sees it: its answers are held back, or are failures. */
export class Boundary {
  /** What is done with requests for addresses like these; the others pass. */
  #what: "pass" | "hold" | "fail" = "pass";
  readonly #held: Route[] = [];
  #unheld: RegExp = /./;

  async stand(before: Page): Promise<void> {
    await before.route("**/api/v1/**", (route) => this.#answer(route));
  }

  set(what: "pass" | "hold" | "fail", except: RegExp): void {
    [this.#what, this.#unheld] = [what, except];
  }

  /** What was held back goes nowhere. What the page asks anew meanwhile would be held back for good, unless `set` says otherwise first. */
  async drop(): Promise<void> {
    for (const route of this.#held.splice(0)) await route.abort().catch(() => {});
  }

  async #answer(route: Route): Promise<void> {
    if (this.#what === "pass" || this.#unheld.test(route.request().url())) await route.continue();
    else if (this.#what === "hold") this.#held.push(route);
    else await route.fulfill({ status: 500, json: { v: 1, type: "error", ...FAILURE } });
  }
}

/** A page as it is now must be accessible in both schemes, and fit on a phone: all of it, or the part that differs from the page before. */
export async function inspect(page: Page, what: string, within: "body" | "main" = "main"): Promise<void> {
  await page.emulateMedia({ colorScheme: "light" });
  const light = await examine(page, { within });
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await examine(page, { within, rules: COLOUR_RULES });
  expect.soft({ what, light, dark }).toEqual({ what, light: [], dark: [] });
  await fits(page, what);
}

/** A page as it is now must fit on a phone. */
export async function fits(page: Page, what: string): Promise<void> {
  await page.setViewportSize(NARROW);
  const tooWide = await sideways(page);
  await page.setViewportSize(WIDE);
  expect.soft({ what, tooWide }).toEqual({ what, tooWide: 0 });
}

/** By how many pixels a page scrolls sideways. */
export async function sideways(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - innerWidth");
}

/** What axe finds that is serious, in all of the page or a part, by all of its rules or some. */
export async function examine(
  page: Page,
  options: { readonly within?: string; readonly rules?: readonly string[] } = {},
): Promise<readonly string[]> {
  await page.evaluate(`globalThis.axe === undefined && (() => { ${axe.source} })()`);
  return await page.evaluate(async ({ within = "body", rules }) => {
    interface Result {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
    }
    type Run = (within: string, options: object) => Promise<{ violations: readonly Result[] }>;
    const { axe: loaded } = globalThis as unknown as { axe: { run: Run } };
    const { violations } = await loaded.run(within, {
      resultTypes: ["violations"],
      ...(rules === undefined ? {} : { runOnly: rules }),
    });
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
  }, options);
}
