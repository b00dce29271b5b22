/** Every page of the dashboard while the daemon is slow, fails or is gone: for admins and users. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { Boundary, FAILURE_WORDS, fits, inspect, type Scene, says, stage } from "../support/scene.ts";
import { type Everything, everything } from "./everything.ts";
import { SAID, type Said } from "./said.ts";

const ALL = Object.entries(SAID);
/** The page whose waiting is examined for all of them: each waits in the same way. */
const EXAMINED = "peers";

let scene: Scene;
let pages: Everything["pages"];
let go: Everything["go"];

stage(async (set) => {
  scene = set;
  ({ pages, go } = await everything(set));
});

async function saysNot(on: Page, at: string, words: readonly string[]): Promise<void> {
  const said = (await on.locator("main").textContent()) ?? "";
  expect({ at, said: words.filter((text) => said.includes(text)) }).toEqual({ at, said: [] });
}

test.each(["link", "bob"] as const)(
  "while an answer is on its way each page says so, and a failure with its cure: %s",
  async (who) => {
    const own = pages[who];
    const isAdmin = who === "link";
    const asked = ALL.filter(([, { isForAdmins }]) => isAdmin || isForAdmins !== true);
    const boundary = new Boundary();
    await boundary.stand(own);

    boundary.set("hold", /\/session$/);
    await own.reload();
    for (const [at, { loading, empty }] of asked.filter(([, said]) => said.loading.length > 0)) {
      await go(own, at);
      await says(own, loading);
      await (isAdmin && at === EXAMINED ? inspect : fits)(own, `${at}, loading`);
      await says(own, loading);
      await saysNot(own, at, [...empty, ...FAILURE_WORDS]);
      expect(await own.evaluate("document.getAnimations().length")).toBe(0);
    }
    boundary.set("fail", /\/(session|watch.*)$/);
    await boundary.drop();
    await own.reload();
    for (const [at, said] of asked.filter(([, { loading, isTold }]) => loading.length > 0 && isTold !== true)) {
      await go(own, at);
      await says(own, FAILURE_WORDS);
      await saysNot(own, at, [...said.empty, ...said.loading]);
      if (isAdmin) await inspect(own, `${at}, failed`);
    }
    boundary.set("pass", /./);
    await own.getByRole("button", { name: "Try again" }).first().click();
    await own.locator("main [role=alert]").first().waitFor({ state: "detached" });

    // What the node tells by itself cannot be told.
    boundary.set("fail", /\/session$/);
    await own.reload();
    for (const [at, { loading }] of asked.filter(([, { isTold }]) => isTold)) {
      await go(own, at);
      await says(own, [...FAILURE_WORDS, ...loading]);
      await inspect(own, `${at}, not told`, "body");
    }
    boundary.set("pass", /./);
    await own.evaluate("dispatchEvent(new Event('online'))");
    await own.getByRole("alert").waitFor({ state: "detached" });
    await own.unroute("**/api/v1/**");
  },
);

test("notices are asked for, fail, and are told by the bell", async () => {
  const own = pages.link;
  await go(own, "home");
  const boundary = new Boundary();
  await boundary.stand(own);
  const bell = own.getByRole("button", { name: /^Notices/ });
  const dialog = own.getByRole("dialog", { name: "Notices" });
  boundary.set("hold", /\/(session|watch.*)$/);
  await bell.click();
  await dialog.getByText("Asking for the notices…").waitFor();
  await inspect(own, "notices, loading", "body");
  await own.keyboard.press("Escape");
  boundary.set("fail", /\/(session|watch.*)$/);
  await boundary.drop();
  await bell.click();
  await dialog.getByText(FAILURE_WORDS[0] ?? "").waitFor();
  await inspect(own, "notices, failed", "body");
  boundary.set("pass", /./);
  await dialog.getByRole("button", { name: "Try again" }).click();
  await dialog.getByText("Nothing yet").waitFor();
  await inspect(own, "notices, empty", "body");
  await own.keyboard.press("Escape");
  await own.unroute("**/api/v1/**");
  await scene.bert.json("download", "anna:anna-files/both.txt", "-o", scene.bert.home);
  await own.getByRole("button", { name: "Notices, 1 new" }).click();
  await dialog.getByText("both.txt was downloaded by bert").waitFor();
  await inspect(own, "notices, filled", "body");
  await own.keyboard.press("Escape");
});

test("a tab that nobody looks at lets go of its connection, and is current when it is looked at again", async () => {
  const own = pages.root;
  await go(own, "home");
  const isLetGo = own.waitForEvent("requestfailed", (request) => request.url().includes("/watch"));
  await hide(own, true);
  await isLetGo;
  await own.getByText("In sync").first().waitFor();
  await scene.anna.json("folder", "pause", "anna-files");
  await hide(own, false);
  await own.locator("header").getByText("Paused").waitFor();
  await scene.anna.json("folder", "resume", "anna-files");
  await own.locator("header").getByText("Paused").waitFor({ state: "detached" });
});

/** Headless Chromium shows every tab: what it would tell of a hidden one is said by the test. */
async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`Object.defineProperty(document, "hidden", { configurable: true, value: ${isHidden} })`);
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
}

test("where the daemon is gone, each page says so, keeps what it knows, and goes on by itself", async () => {
  const own = pages.link;
  await go(own, "home");
  await says(own, SAID["home"]?.filled ?? []);
  await scene.anna.kill();
  await own.getByRole("alert").getByText("Syncline does not answer").waitFor();
  for (const [at, said] of ALL) {
    await go(own, at);
    await says(own, ["Syncline does not answer.", "syncline up", ...lost(said)]);
    await saysNot(own, at, ["Try again"]);
    await (said.isTold === true || at === EXAMINED ? inspect : fits)(own, `${at}, lost`);
  }
  await scene.anna.start();
  await own.evaluate("dispatchEvent(new Event('online'))");
  await own.getByRole("alert").waitFor({ state: "detached" });
  await says(own, ["Name of this device"]);
});

/** What was told before stays; what would be asked for waits. */
function lost({ loading, filled, isTold }: Said): readonly string[] {
  return isTold === true || loading.length === 0 ? filled : ["Waiting for Syncline…"];
}
