/** What the dashboard says where there is nothing yet, and to somebody who is not signed in. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { TestNode } from "../support/nodes.ts";
import {
  Boundary,
  FAILURE_WORDS,
  fits,
  goTo,
  inspect,
  type Scene,
  says,
  signInByPassword,
  stage,
} from "../support/scene.ts";
import { USERS, type Who } from "./everything.ts";
import { NO_RIGHT, SAID } from "./said.ts";

const BOBS = USERS[1].password;

let scene: Scene;
let bert: TestNode;
let berts: Page;

stage(async (set) => {
  scene = set;
  ({ bert } = set);
  berts = await set.signedIn(bert);
});

async function seeAll(page: Page, who: Who): Promise<void> {
  for (const [at, { empty, isForAdmins }] of Object.entries(SAID)) {
    if (empty.length === 0) continue;
    await goTo(page, at);
    // An account was made meanwhile.
    if (who !== "link" && at === "users") continue;
    const isRefused = isForAdmins === true && who === "bob";
    await says(page, isRefused ? [NO_RIGHT] : empty);
    // Those with a password are shown a part of it, or that they may not see it.
    await (who === "link" || isRefused ? inspect : fits)(page, `${at}, empty, ${who}`);
  }
}

test("every page says that there is nothing yet: link", async () => {
  await seeAll(berts, "link");
});

test("every page says that there is nothing yet: admin and user by their passwords", async () => {
  for (const { name, role, password } of USERS) {
    await bert.type(password, "user", "add", name, "--role", role);
    await seeAll(await signInByPassword(scene, bert, name, password), name);
  }
});

test("what is filtered away, is said to be so", async () => {
  await goTo(berts, "logs");
  await berts.getByLabel("Contains").fill("nothing is called so");
  await says(berts, ["No line of this kind"]);
  await inspect(berts, "logs, empty");
  await goTo(berts, "activity");
  await berts.getByLabel("Show").selectOption("conflict");
  await says(berts, ["Nothing has happened yet"]);
  await inspect(berts, "activity, empty");
});

test("signing in says that it waits, what was wrong, and that the daemon is gone", async () => {
  const { dashboard } = await bert.json<{ dashboard: string }>("status");
  const page = await scene.window();
  const boundary = new Boundary();
  await boundary.stand(page);
  await page.goto(dashboard);
  await says(page, ["Sign in to Syncline"]);
  await inspect(page, "sign-in");
  for (const [password, words] of [
    ["a guess of words", ["Name or password is wrong"]],
    [BOBS, FAILURE_WORDS],
  ] as const) {
    await page.getByLabel("Name").fill("bob");
    await page.getByLabel("Password").fill(password);
    boundary.set(words === FAILURE_WORDS ? "fail" : "pass", /never/);
    await page.getByRole("button", { name: "Sign in" }).click();
    await says(page, words);
    await inspect(page, `sign-in, ${words[0]}`);
  }
  boundary.set("pass", /./);
  await page.getByLabel("Password").fill(BOBS);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".headline").waitFor();

  boundary.set("hold", /never/);
  await page.reload();
  await says(page, ["Opening…"]);
  await inspect(page, "opening");
  await bert.kill();
  boundary.set("pass", /./);
  await boundary.drop();
  await says(page, ["Syncline does not answer; trying again…"]);
  await inspect(page, "opening, lost");
  await bert.start();
  await page.evaluate("dispatchEvent(new Event('online'))");
  await page.locator(".headline").waitFor();
  expect(await page.title()).toBe("Home · bert · Syncline");
});
