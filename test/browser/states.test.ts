/** Every page of the dashboard: accessible in both schemes, and as narrow as a phone. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { examine, goTo, stage } from "../support/scene.ts";

let annas: Page;

const PAGES = [
  ...["home", "files", "folders", "transfers", "peers", "conflicts", "history", "statistics"],
  ...["activity", "logs", "doctor", "users", "settings"],
];

stage(async (scene) => {
  await scene.pair();
  annas = await scene.signedIn(scene.anna);
});

test.each(["light", "dark"] as const)("every page is accessible, %s", async (colorScheme) => {
  await annas.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  for (const name of PAGES) {
    await goTo(annas, name);
    await annas.locator("main .loading").waitFor({ state: "detached" });
    expect({ name, found: await examine(annas) }).toEqual({ name, found: [] });
  }
  await goTo(annas, "peers");
  await annas.getByRole("button", { name: "Pair a machine" }).click();
  expect(await examine(annas)).toEqual([]);
  await annas.keyboard.press("Escape");
  await annas.getByRole("dialog").waitFor({ state: "detached" });
});

test("at 360 pixels nothing scrolls sideways, and the pages are one button away", async () => {
  await annas.setViewportSize({ width: 360, height: 740 });
  for (const name of PAGES) {
    await goTo(annas, name);
    await annas.locator("main .loading").waitFor({ state: "detached" });
    const tooWide = await annas.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect({ name, tooWide }).toEqual({ name, tooWide: 0 });
  }
  await annas.getByRole("button", { name: "Pages" }).click();
  await annas.getByRole("link", { name: "Home" }).last().click();
  await annas.locator(".headline").waitFor();
});
