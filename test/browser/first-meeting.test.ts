/** Signing in, pairing, users, a lost daemon: the dashboard as people meet it first. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { TestNode } from "../support/nodes.ts";
import { goTo, headline, type Scene, SETUP_MS, signIn, stage } from "../support/scene.ts";

let anna: TestNode;
let bert: TestNode;
let annas: Page;
let berts: Page;

let scene: Scene;

stage(async (set) => {
  scene = set;
  ({ anna, bert } = set);
  [annas, berts] = [await set.window(), await set.window()];
});

test("a link signs in, is gone from the address, and holds for other tabs", async () => {
  await signIn(annas, anna);
  await headline(annas, "no other machine is paired yet");
  expect(annas.url()).toMatch(/\/#\/home$/);
  await annas.reload();
  await headline(annas, "no other machine is paired yet");
  const second = await scene.tab(annas.context());
  await second.goto(annas.url());
  await headline(second, "no other machine is paired yet");
  await second.close();
  await annas.bringToFront();
});

test("without a session the page holds nothing and says how to sign in", async () => {
  await berts.goto((await bert.json<{ dashboard: string }>("status")).dashboard);
  await berts.getByRole("heading", { name: "Sign in to Syncline" }).waitFor();
  expect(await berts.locator("body").textContent()).not.toContain("bert");
  await signIn(berts, bert);
  await headline(berts, "No folder yet");
});

test("two machines are paired by a code, from page to page, and show the same three words", async () => {
  await goTo(annas, "peers");
  await annas.getByRole("button", { name: "Pair a machine" }).first().click();
  await annas.getByRole("button", { name: "Make a code" }).click();
  const code = ((await annas.getByTestId("code").textContent()) ?? "").trim();
  await annas.getByRole("img", { name: "The link as a QR code" }).waitFor();

  await goTo(berts, "peers");
  await berts.getByRole("button", { name: "Join with a code" }).click();
  await berts.getByLabel("Code or link").fill(code);
  await berts.getByLabel("Directory for its folder").fill(bert.directory);
  await berts.getByLabel("Where the other machine is").fill(await anna.address());
  await berts.getByRole("button", { name: "Join", exact: true }).click();

  const [ours, theirs] = [annas, berts].map((page) => page.getByRole("dialog", { name: "Paired" }).locator(".words"));
  const words = await ours?.textContent();
  expect(words).toMatch(/^\w+ \w+ \w+$/);
  expect(await theirs?.textContent()).toBe(words);
  for (const page of [annas, berts]) {
    await page.getByRole("button", { name: "Done" }).click();
    await goTo(page, "home");
  }
  await headline(annas, "Everything is in sync with bert");
  await headline(berts, "Everything is in sync with anna");
  expect(await readFile(join(bert.directory, "hello.txt"), "utf8")).toBe("hello\n");
});

test("users are made on the page, sign in by name and password, and are stopped where their rights end", async () => {
  const [roots, bobs] = ["roots own words", "bobs own words"];
  const add = async (name: string, role: string, password: string): Promise<void> => {
    await annas.getByRole("button", { name: "Add a user" }).click();
    const dialog = annas.getByRole("dialog", { name: "Add a user" });
    await dialog.getByLabel("Name").fill(name);
    await dialog.getByLabel("Role").selectOption(role);
    await dialog.getByLabel("Password").fill("short");
    await dialog.getByText("too short").waitFor();
    await dialog.getByLabel("Password").fill(password);
    await dialog.getByLabel("The same again").fill(password);
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await annas.getByRole("heading", { name }).waitFor();
  };
  await goTo(annas, "users");
  await annas.getByText("Nobody has an account yet").waitFor();
  await add("root", "admin", roots);
  await add("bob", "user", bobs);
  await annas.getByLabel("Role of root").selectOption("user");
  await annas.locator(".toast", { hasText: "last admin" }).waitFor();

  const page = await scene.window();
  await page.goto(new URL(annas.url()).origin);
  await page.getByLabel("Name").fill("bob");
  await page.getByLabel("Password").fill("a guess of words");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Name or password is wrong").waitFor();
  await page.getByLabel("Password").fill(bobs);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(".headline").waitFor();

  const menu = await page.getByRole("navigation", { name: "Pages" }).textContent();
  for (const name of ["users", "settings", "logs", "activity", "doctor"]) {
    expect(menu?.toLowerCase()).not.toContain(name);
    await goTo(page, name);
    await page.getByText("Only an admin may see this").waitFor();
  }
  await goTo(page, "peers");
  await page.getByRole("heading", { name: "bert" }).waitFor();
  expect(await page.getByRole("button", { name: "Remove" }).count()).toBe(0);
  const raw = (method: string, path: string, body?: object): Promise<number> =>
    page.evaluate(
      async ([to, how, what]) => {
        const headers = { "X-Syncline-Token": localStorage.getItem("syncline-token") ?? "" };
        const given = what === undefined ? {} : { body: JSON.stringify(what) };
        return (await fetch(`/api/v1${to}`, { method: how, headers, ...given })).status;
      },
      [path, method, body] as const,
    );
  expect([await raw("GET", "/status"), await raw("GET", "/users"), await raw("GET", "/logs")]).toEqual([200, 403, 403]);
  expect(await raw("POST", "/users/bob/role", { role: "admin" })).toBe(403);
  expect(await raw("POST", "/users", { name: "eve", role: "admin", password: bobs })).toBe(403);

  await page.getByRole("button", { name: "Change the password of bob" }).click();
  const dialog = page.getByRole("dialog", { name: "Change your password" });
  for (const [label, text] of [
    ["Present password", bobs],
    ["Password", "bobs other words"],
    ["The same again", "bobs other words"],
  ] as const)
    await dialog.getByLabel(label, { exact: true }).fill(text);
  await dialog.getByRole("button", { name: "Change", exact: true }).click();
  await page.locator(".toast", { hasText: "Your password is changed" }).waitFor();
  expect(await raw("POST", "/session/password", { current: bobs, password: "bobs third words" })).toBe(403);

  await annas.getByRole("button", { name: "Sign out bob everywhere" }).click();
  await page.getByRole("heading", { name: "Sign in to Syncline" }).waitFor();
  expect(await raw("GET", "/status")).toBe(401);
  await annas.getByRole("button", { name: "Remove bob" }).click();
  await annas.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await annas.getByRole("heading", { name: "bob" }).waitFor({ state: "detached" });
});

test("a lost daemon is said, and what happened meanwhile is there when it is back", async () => {
  await goTo(annas, "home");
  await anna.kill();
  await annas.getByRole("alert").getByText("Syncline does not answer").waitFor();
  await anna.start();
  await annas.getByRole("alert").waitFor({ state: "detached", timeout: SETUP_MS / 3 });
  await writeFile(join(bert.directory, "later.txt"), "later\n");
  await annas.locator(".feed .text", { hasText: "later.txt" }).first().waitFor();
});

test("signing out ends the session in every tab", async () => {
  const second = await scene.tab(annas.context());
  await second.goto(annas.url());
  await second.locator(".headline").waitFor();
  await annas.bringToFront();
  await annas.getByRole("button", { name: "Sign out" }).click();
  for (const page of [annas, second]) await page.getByRole("heading", { name: "Sign in to Syncline" }).waitFor();
});
