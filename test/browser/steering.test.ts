/** A node is steered from its page: folders, devices, settings, and what was kept of files. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type TestNode, until } from "../support/nodes.ts";
import { goTo, stage } from "../support/scene.ts";

let anna: TestNode;
let bert: TestNode;
let annas: Page;
let berts: Page;
let folder: string;

stage(async (scene) => {
  ({ anna, bert } = scene);
  await scene.pair();
  [annas, berts] = [await scene.signedIn(anna), await scene.signedIn(bert)];
  [{ id: folder }] = (await anna.json<{ folders: [{ id: string }] }>("folder", "list")).folders;
});

async function toast(page: Page, text: string | RegExp): Promise<void> {
  await page.locator(".toast", { hasText: text }).first().waitFor();
}

async function textAt(...parts: readonly string[]): Promise<string | undefined> {
  return await readFile(join(...parts), "utf8").catch(() => undefined);
}

test("a folder that the other machine shares is taken up, and syncs both ways", async () => {
  const pictures = join(anna.directory, "../pictures");
  await mkdir(pictures);
  await writeFile(join(pictures, "sea.txt"), "sea\n");
  const { folder: shared } = await anna.json<{ folder: { id: string } }>("folder", "add", pictures);
  await anna.json("folder", "share", shared.id, "--to", "bert", "--rights", "write");

  for (const page of ["peers", "home"]) {
    await goTo(berts, page);
    await berts.getByText("Shares pictures, which is not here yet.").waitFor();
  }
  await berts.getByRole("link", { name: "Take it up" }).click();
  const dialog = berts.getByRole("dialog", { name: `Take up ${shared.id}` });
  const there = join(bert.directory, "../berts-pictures");
  await dialog.getByLabel("Directory", { exact: true }).fill(there);
  await dialog.getByLabel("What anna may do here").waitFor();
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await toast(berts, "The folder is added");
  await until(async () => (await textAt(there, "sea.txt")) === "sea\n", "what anna has");
  await writeFile(join(there, "back.txt"), "back\n");
  await until(async () => (await textAt(pictures, "back.txt")) === "back\n", "what bert has");

  await berts.getByRole("button", { name: "Stop syncing this folder" }).click();
  await berts.getByRole("dialog").getByRole("button", { name: "Stop syncing" }).click();
  await toast(berts, "no longer syncs here");
  expect(await textAt(there, "sea.txt")).toBe("sea\n");
  await anna.json("-y", "folder", "remove", shared.id);
});

test("a folder is paused, leaves patterns out, is looked through, and says of a file why it is not in step", async () => {
  await goTo(annas, `folders/${folder}`);
  await annas.getByRole("button", { name: "Pause" }).click();
  await toast(annas, "The folder is paused");
  await writeFile(join(bert.directory, "late.txt"), "late\n");
  await annas.getByLabel("Path in the folder").fill("late.txt");
  await annas.getByRole("button", { name: "Ask" }).click();
  await annas.getByText("is paused here").waitFor();
  await annas.getByRole("button", { name: "Resume" }).click();
  await until(async () => (await textAt(anna.directory, "late.txt")) === "late\n", "what came while it was paused");

  await annas.getByLabel("Pattern").fill("*.tmp");
  await annas.getByRole("button", { name: "Leave out" }).click();
  await annas.getByRole("button", { name: "No longer leave out *.tmp" }).waitFor();
  await writeFile(join(anna.directory, "scratch.tmp"), "x");
  await annas.getByLabel("Path in the folder").fill("scratch.tmp");
  await annas.getByRole("button", { name: "Ask" }).click();
  await annas.getByText("an ignore pattern matches it, so that it does not sync").waitFor();
  await annas.getByRole("button", { name: "No longer leave out *.tmp" }).click();
  await until(async () => (await textAt(bert.directory, "scratch.tmp")) === "x", "what is left out no more");
  await annas.getByRole("button", { name: "Look at every file now" }).click();
  await toast(annas, /Looked at \d+ files/);
  await annas.getByLabel("What bert may do").selectOption("read");
  await toast(annas, "Shared with bert");
  await annas.getByLabel("What bert may do").selectOption("write");
});

/** A picture of one pixel, which any browser shows. */
function pixel(colour: "red" | "blue"): Buffer {
  const [red, blue] = colour === "red" ? [255, 0] : [0, 255];
  const head = [0x42, 0x4d, 58, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24];
  return Buffer.from([...head, ...Array<number>(25).fill(0), blue, 0, red, 0]);
}

test("two pictures are shown side by side, and many conflicts are settled at once and opened again", async () => {
  await bert.json("folder", "pause", folder);
  for (const [node, colour] of [
    [anna, "red"],
    [bert, "blue"],
  ] as const) {
    await writeFile(join(node.directory, "picture.bmp"), pixel(colour));
    await writeFile(join(node.directory, "words.txt"), `${colour}\n`);
  }
  await bert.json("folder", "resume", folder);
  await goTo(annas, "conflicts");
  const card = annas.locator(".card", { hasText: "picture.bmp" });
  await card.getByRole("button", { name: "Show what differs" }).click();
  const images = card.locator("img.preview");
  await images.nth(1).waitFor();
  const widths = await annas.evaluate(
    `Promise.all([...document.querySelectorAll("img.preview")].map((image) => image.decode().then(() => image.naturalWidth)))`,
  );
  expect(widths).toEqual([1, 1]);

  const all = annas.locator(".card", { hasText: "All 2 open ones" });
  await all.getByRole("button", { name: "Keep the others" }).click();
  await annas.getByText("No conflict", { exact: true }).waitFor();
  const copies = async (): Promise<readonly string[]> =>
    (await readdir(bert.directory)).filter((name) => name.includes("sync-conflict"));
  await until(async () => (await copies()).length === 0, "no copy anywhere");
  await annas.locator(".toast", { hasText: "2 conflicts are settled" }).getByRole("button", { name: "Undo" }).click();
  await all.waitFor();
  await until(async () => (await copies()).length === 2, "both copies again");
  await all.getByRole("button", { name: "Keep what is at its place" }).click();
  await annas.getByText("No conflict", { exact: true }).waitFor();
});

test("a directory is brought back to a time, shown first", async () => {
  const diary = join(anna.directory, "diary");
  await mkdir(diary);
  await writeFile(join(diary, "monday.txt"), "monday\n");
  await anna.wait();
  // The field takes whole seconds, and records hold no finer time.
  const moment = Math.ceil(Date.now() / 1000) * 1000;
  await until(() => Date.now() >= moment + 1000, "the second after it");
  await writeFile(join(bert.directory, "diary/monday.txt"), "spoilt\n");
  await writeFile(join(bert.directory, "diary/tuesday.txt"), "tuesday\n");
  await bert.wait();
  // What is typed is looked for, and offered.
  await goTo(annas, "history/versions");
  await annas.getByLabel("Path in the folder").fill("TUES");
  await annas.locator(`datalist option[value="diary/tuesday.txt"]`).waitFor({ state: "attached" });
  await goTo(annas, "history/moment");
  await annas.getByLabel("Directory in it").fill("diary");
  await annas.getByLabel("As it was at").fill(inLocalZone(moment));
  await annas.getByRole("button", { name: "Show what would change" }).click();
  await annas.getByRole("row", { name: "goes to the trash diary/tuesday.txt" }).waitFor();
  await annas.getByRole("row", { name: "comes back diary/monday.txt" }).waitFor();
  expect(await textAt(diary, "tuesday.txt")).toBe("tuesday\n");
  await annas.getByRole("button", { name: "Restore it so" }).click();
  await until(async () => (await textAt(bert.directory, "diary/monday.txt")) === "monday\n", "monday everywhere");
  await annas.getByRole("button", { name: "Bring back diary/tuesday.txt" }).click();
  await until(async () => (await textAt(diary, "tuesday.txt")) === "tuesday\n", "what was taken away");
});

/** As a field for a date and a time takes it. */
function inLocalZone(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

test("a device is renamed, paused, pinged and given a role, and is not removed by mistake", async () => {
  await goTo(annas, "peers");
  await annas.getByRole("button", { name: "Rename bert" }).click();
  await annas.getByLabel("Name here").fill("berts laptop");
  await annas.getByRole("button", { name: "Rename", exact: true }).click();
  const card = annas.locator(".card", { hasText: "berts laptop" });
  await card.getByRole("button", { name: "Ping" }).click();
  await toast(annas, /berts laptop answered in [\d.]+ ms/);
  await card.getByRole("button", { name: "Pause" }).click();
  await card.locator(".state").getByText("paused").waitFor();
  await card.getByRole("button", { name: "Resume" }).click();
  await card.locator(".state").getByText("connected").waitFor();
  await card.getByLabel("Role of berts laptop").selectOption("admin");
  await toast(annas, "berts laptop is admin now");
  await card.getByLabel("Role of berts laptop").selectOption("user");
  await card.getByRole("button", { name: "Remove" }).click();
  await annas.getByRole("dialog", { name: "Remove berts laptop?" }).waitFor();
  await annas.keyboard.press("Escape");
  await annas.getByRole("dialog").waitFor({ state: "detached" });
  expect((await anna.json<{ peers: object[] }>("peer", "list")).peers.length).toBe(1);
  await anna.json("peer", "rename", "berts laptop", "bert");
});

test("settings are changed and refused in words, logs and activity are narrowed, the doctor looks again", async () => {
  const days = annas.getByRole("textbox", { name: "Days that versions are kept" });
  await goTo(annas, "settings");
  await days.fill("-1");
  await annas.getByRole("button", { name: "Save Days that versions are kept" }).click();
  await toast(annas, "keepDays");
  await days.fill("60");
  await annas.getByRole("button", { name: "Save Days that versions are kept" }).click();
  await toast(annas, "Days that versions are kept is changed");
  expect(await anna.json("config", "get", "keepDays")).toMatchObject({ settings: [{ key: "keepDays", value: 60 }] });
  await annas.getByRole("button", { name: "Take the default: Days that versions are kept" }).click();
  await until(async () => (await days.inputValue()) === "30", "the default to be back");

  await goTo(annas, "logs");
  await annas.getByLabel("Contains").fill("no line holds this");
  await annas.getByText("No line of this kind").waitFor();
  await annas.getByLabel("Contains").fill("");
  await annas.locator(".log li").first().waitFor();

  await goTo(annas, "activity");
  await annas.getByLabel("Show").selectOption("conflict");
  await annas.getByText("was changed on two machines at once").first().waitFor();
  expect(await annas.locator("main .feed").textContent()).not.toContain("late.txt");

  await goTo(annas, "doctor");
  await annas.locator(".check-row").first().waitFor();
  const again = annas.waitForResponse("**/api/v1/doctor");
  await annas.getByRole("button", { name: "Examine again" }).click();
  expect((await again).status()).toBe(200);
});

test("the bell tells who downloaded what", async () => {
  await writeFile(join(anna.directory, "photo.jpg"), "photo");
  await anna.wait();
  await goTo(annas, "home");
  await bert.json("download", `anna:${folder}/photo.jpg`, "-o", join(bert.directory, "../got.jpg"));
  await annas.getByRole("button", { name: "Notices, 1 new" }).click();
  const notices = annas.getByRole("dialog", { name: "Notices" });
  await notices.getByText("photo.jpg was downloaded by bert").waitFor();
  await annas.keyboard.press("Escape");
  await annas.getByRole("button", { name: "Notices", exact: true }).waitFor();
});
