/** Every page of the dashboard where there is something of everything, and where something of it is gone: for whoever may be signed in. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fits, inspect, type Scene, says, stage } from "../support/scene.ts";
import { type Everything, everything, type Who } from "./everything.ts";
import { FOLDER, NO_RIGHT, PEER, SAID } from "./said.ts";

const ALL = Object.entries(SAID);

let scene: Scene;
let pages: Everything["pages"];
let go: Everything["go"];

stage(async (set) => {
  scene = set;
  ({ pages, go } = await everything(set));
});

function menuOf(who: Who): Promise<readonly string[]> {
  return pages[who]
    .getByRole("navigation", { name: "Pages" })
    .getByRole("link")
    .evaluateAll((links) => links.map((link) => (link.getAttribute("href") ?? "").replace("#/", "")));
}

test("every page of the menu tells its states below, and a user's menu has no page for admins", async () => {
  const told = ALL.filter(([at]) => /^\w+$/.test(at));
  expect(await menuOf("link")).toEqual(told.map(([at]) => at));
  expect(await menuOf("root")).toEqual(await menuOf("link"));
  expect(await menuOf("bob")).toEqual(told.filter(([, { isForAdmins }]) => isForAdmins !== true).map(([at]) => at));
});

test.each(["link", "root", "bob"] as const)("every page shows what is there: %s", async (who) => {
  const isAdmin = who !== "bob";
  const own = pages[who];
  for (const [at, { filled, isForAdmins, admins = [] }] of ALL) {
    await go(own, at);
    const isRefused = isForAdmins === true && !isAdmin;
    await says(own, isRefused ? [NO_RIGHT] : filled);
    for (const name of admins) {
      const button = own.locator("main").locator("button, a.button", { hasText: name }).or(own.getByLabel(name));
      expect({ at, name, isOffered: (await button.count()) > 0 }).toEqual({ at, name, isOffered: isAdmin });
    }
    // Both admins are shown the same: it is said alike, and has to fit beside the name that one may sign out.
    await (who === "root" ? fits : inspect)(own, `${at}, filled, ${who}`, at === "home" ? "body" : "main");
  }
});

test("Home tells how far a transfer is though nothing else happens, also where the first answer failed", async () => {
  const own = pages.link;
  const { transfers } = await scene.anna.json<{ transfers: { id: number; state: string }[] }>("stats");
  const running = String(transfers.find(({ state }) => state === "running")?.id);
  await scene.anna.json("transfers", "pause", running);
  let asked = 0;
  await own.route("**/api/v1/transfers?*", async (route) => {
    if (++asked === 1) return await route.abort();
    const response = await route.fetch();
    const body = (await response.text()).replaceAll(/"doneBytes":\d+/g, `"doneBytes":${asked}000`);
    return await route.fulfill({ response, body });
  });
  await go(own, "folders");
  await go(own, "home");
  await says(own, ["2.0 kB of 1.0 MB"]);
  await says(own, ["5.0 kB of 1.0 MB"]);
  await own.unroute("**/api/v1/transfers?*");
  await scene.anna.json("transfers", "resume", running);
});

test.each([
  ["folders/none", ["no folder"]],
  ["files/here/none", ["no folder"]],
  [`files/here/${FOLDER}/nowhere`, ["nowhere"]],
  ["files/nobody", ["nobody"]],
  [`history/versions?folder=${FOLDER}&path=nowhere.txt`, ["nowhere.txt"]],
  ["nothing", ["There is nothing at this address"]],
])("what is not there is called so: %s", async (at, words) => {
  await go(pages.link, at);
  await says(pages.link, words);
  await inspect(pages.link, at);
});

test("where a peer is gone, the pages about it say so", async () => {
  const own = pages.link;
  await scene.bert.down();
  for (const [at, words] of [
    ["home", ["no other machine is connected", "offline", "last seen"]],
    ["peers", ["offline", "last seen"]],
    [`files/${PEER}`, ["bert"]],
    [`files/${PEER}/${FOLDER}/deep`, ["bert"]],
    [`folders/${FOLDER}`, ["bert"]],
  ] as const) {
    await go(own, at);
    await says(own, words);
    await inspect(own, `${at}, peer gone`);
  }
  await go(own, `files/${PEER}/${FOLDER}/deep`);
  await says(own, ["Try again"]);
  await scene.bert.start();
  await says(own, ["inside.txt"]);
});

test("where a folder's directory is gone, Home and the folder say so, with the cure", async () => {
  const own = pages.link;
  await rm(join(scene.anna.directory, ".syncline"), { recursive: true });
  await go(own, "home");
  await says(own, ["Halted"]);
  await inspect(own, "home, halted");
  await go(own, `folders/${FOLDER}`);
  await says(own, ["What is not in sync, and why", "To do:"]);
  await inspect(own, "folder, halted");
});
