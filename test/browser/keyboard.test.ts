/** The dashboard without a mouse, twice as large, and without motion. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { TestNode } from "../support/nodes.ts";
import { goTo, says, sideways, stage } from "../support/scene.ts";
import { FOLDER, PEER, SAID } from "./said.ts";

/** What a screen of 1280 pixels is at 200 %. */
const ZOOMED = { width: 640, height: 450 };
const TABS_MAX = 400;

let anna: TestNode;
let bert: TestNode;
let page: Page;
let addresses: readonly string[];
let at: (address: string) => string;

stage(async (scene) => {
  ({ anna, bert } = scene);
  await scene.pair();
  await mkdir(join(anna.directory, "deep"));
  for (const name of ["gone.txt", "deep/inside.txt"]) await writeFile(join(anna.directory, name), `${name}\n`);
  await anna.wait();
  await rm(join(bert.directory, "gone.txt"));
  await bert.wait();
  await anna.type("roots own words", "user", "add", "root", "--role", "admin");
  const { folders, peers } = await anna.json<{ folders: [{ id: string }]; peers: [{ id: string }] }>("status");
  at = (address) => address.replace(FOLDER, folders[0].id).replace(PEER, peers[0].id);
  addresses = Object.keys(SAID).map(at);
  page = await scene.signedIn(anna);
});

async function open(address: string): Promise<void> {
  await goTo(page, at(address));
  await page.evaluate("new Promise((done) => requestAnimationFrame(done))");
  await page.locator("main:not(:has(.loading, .waiting)) h1").waitFor();
}

/** Everything that can be used on the page as it is, each with a mark of its own; gives how many there are. */
const MARK = `(() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const usable = all.filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility({ visibilityProperty: true }));
  document.querySelectorAll("[data-mark]").forEach((one) => one.removeAttribute("data-mark"));
  usable.forEach((one, index) => one.setAttribute("data-mark", index));
  return usable.map((one) => one.outerHTML.slice(0, 120));
})()`;

/** Where the focus is: its mark, and whether a person sees it. */
const FOCUS = `(() => {
  const one = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const { top, bottom } = one.getBoundingClientRect();
  const isShown = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && bottom > 0 && top < innerHeight;
  return { mark: one.dataset.mark ?? null, isShown, html: one.outerHTML.slice(0, 120) };
})()`;

test("every page is gone through by Tab alone, and shows where one is", async () => {
  for (const address of addresses) {
    await open(address);
    const all = (await page.evaluate(MARK)) as readonly string[];
    await page.evaluate(
      "document.activeElement.blur(); getSelection().removeAllRanges(); document.querySelector('.skip').focus()",
    );
    const reached = new Set<string>();
    const unseen: string[] = [];
    for (let tabs = 0; tabs < TABS_MAX; tabs++) {
      const { mark, isShown, html } = (await page.evaluate(FOCUS)) as { mark: string; isShown: boolean; html: string };
      if (mark === null || reached.has(mark)) break;
      reached.add(mark);
      if (!isShown) unseen.push(html);
      await page.keyboard.press("Tab");
    }
    const missed = all.filter((_, index) => !reached.has(String(index)));
    expect.soft({ address, missed, unseen }).toEqual({ address, missed: [], unseen: [] });
  }
});

test.each([
  ["home", "Notices"],
  ["peers", "Pair a machine"],
  ["peers", "Join with a code"],
  ["peers", "Rename bert"],
  ["peers", "Remove"],
  ["folders", "Add a folder"],
  [`folders/${FOLDER}`, "Stop syncing this folder"],
  [`files/here/${FOLDER}`, "hello.txt"],
  [`files/here/${FOLDER}`, "Details of deep"],
  [`files/here/${FOLDER}`, "New directory"],
  ["history", "Empty the trash"],
  ["users", "Add a user"],
  ["users", "Set the password of root"],
  ["users", "Remove root"],
])("a dialog is opened and closed by keyboard, and the focus goes back: %s, %s", async (address, name) => {
  await open(address);
  const opener = page.getByRole("button", { name, exact: true });
  const dialog = page.getByRole("dialog");
  for (const way of ["Escape", "Close"]) {
    await opener.focus();
    await page.evaluate("document.activeElement.dataset.opener = 'yes'");
    await page.keyboard.press("Enter");
    await dialog.waitFor();
    expect(await page.evaluate("document.activeElement.closest('dialog') !== null")).toBe(true);
    if (way === "Close") await dialog.getByRole("button", { name: "Close", exact: true }).first().focus();
    await page.keyboard.press(way === "Close" ? "Enter" : "Escape");
    await dialog.waitFor({ state: "detached" });
    expect({ way, focus: await page.evaluate("document.activeElement.dataset.opener") }).toEqual({ way, focus: "yes" });
  }
});

test("the skip button leads past the menu, and on a narrow page the menu is opened and closed by keyboard", async () => {
  await open("peers");
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.querySelector('main').contains(document.activeElement)")).toBe(true);
  await page.setViewportSize({ width: 360, height: 740 });
  const button = page.getByRole("button", { name: "Pages" });
  await button.focus();
  await page.keyboard.press("Enter");
  const link = page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Home" });
  await link.waitFor();
  await link.focus();
  await page.keyboard.press("Escape");
  await link.waitFor({ state: "hidden" });
  expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Pages");
  await page.setViewportSize({ width: 1200, height: 900 });
});

test("twice as large, nothing scrolls sideways and every page is in reach", async () => {
  await page.setViewportSize(ZOOMED);
  for (const address of addresses) {
    await open(address);
    expect.soft({ address, tooWide: await sideways(page) }).toEqual({ address, tooWide: 0 });
  }
  await page.getByRole("button", { name: "Pages" }).click();
  await page.getByRole("link", { name: "Settings" }).click();
  await says(page, ["Name of this device"]);
  await page.setViewportSize({ width: 1200, height: 900 });
});

test("nothing moves for those who want no motion", async () => {
  await page.route("**/api/v1/peers", () => {});
  for (const [reducedMotion, moves] of [
    ["no-preference", true],
    ["reduce", false],
  ] as const) {
    await page.emulateMedia({ reducedMotion });
    await goTo(page, "home");
    await goTo(page, "peers");
    await says(page, ["Asking for the peers…"]);
    expect(await page.evaluate("document.getAnimations().length > 0")).toBe(moves);
  }
  await page.unroute("**/api/v1/peers");
});
