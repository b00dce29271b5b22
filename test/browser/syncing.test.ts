/** What two machines do with a folder, as the dashboard tells and steers it: news, conflicts, deletions, transfers. */
import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type TestNode, until } from "../support/nodes.ts";
import { examine, goTo, stage } from "../support/scene.ts";

let anna: TestNode;
let bert: TestNode;
let annas: Page;
let berts: Page;

stage(async (scene) => {
  ({ anna, bert } = scene);
  await scene.pair();
  [annas, berts] = [await scene.signedIn(anna), await scene.signedIn(bert)];
});

test("a change shows on both pages by itself", async () => {
  await writeFile(join(anna.directory, "news.txt"), "news\n");
  await berts.locator(".feed .text", { hasText: "news.txt" }).first().waitFor();
  await berts.getByText("2 files").first().waitFor();
  await berts.reload();
  await berts.locator(".feed .text", { hasText: "news.txt" }).first().waitFor();
});

test("names are text, whatever they hold", async () => {
  const name = '<img src=x onerror="alert(1)">.txt';
  await writeFile(join(anna.directory, name), "x");
  await berts.locator(".feed .text", { hasText: name }).first().waitFor();
  await bert.json("peer", "rename", "anna", "<script>alert(2)</script>");
  await berts.locator(".feed", { hasText: "<script>alert(2)</script>" }).first().waitFor();
  await rm(join(anna.directory, name));
  await goTo(berts, "history/trash");
  await berts.locator("td", { hasText: name }).waitFor();
  expect(await berts.locator("main img, main script").count()).toBe(0);
  await bert.json("peer", "rename", "<script>alert(2)</script>", "anna");
});

test("a conflict is settled on the page, and that is taken back", async () => {
  const [{ id }] = (await bert.json<{ folders: [{ id: string }] }>("folder", "list")).folders;
  await bert.json("folder", "pause", id);
  await writeFile(join(anna.directory, "hello.txt"), "from anna\n");
  await writeFile(join(bert.directory, "hello.txt"), "from bert\n");
  await bert.json("folder", "resume", id);
  await goTo(annas, "conflicts");
  const card = annas.locator(".card", { hasText: "hello.txt" });
  await card.getByText("Changed on anna").waitFor();
  await card.getByText("Changed on bert").waitFor();
  await card.getByRole("button", { name: "Show what differs" }).click();
  await card.getByLabel("What differs").getByText("from anna").waitFor();

  await card.getByRole("button", { name: "Keep that of anna" }).click();
  const holds = (text: string) => async () => (await readFile(join(bert.directory, "hello.txt"), "utf8")) === text;
  await until(holds("from anna\n"), "anna's version everywhere");
  await annas.getByText("No conflict", { exact: true }).waitFor();

  await annas.getByRole("button", { name: "Undo" }).click();
  await card.getByText("Kept beside it").waitFor();
  await card.getByRole("button", { name: "Keep both" }).click();
  await annas.getByText("No conflict", { exact: true }).waitFor();
  const both = (await readdir(bert.directory)).filter((name) => name.startsWith("hello")).sort();
  expect(both).toEqual([expect.stringMatching(/^hello\.sync-conflict-.*\.txt$/), "hello.txt"]);
  const texts = await Promise.all(both.map((name) => readFile(join(bert.directory, name), "utf8")));
  expect(texts.sort()).toEqual(["from anna\n", "from bert\n"]);
});

test("a deleted file is looked at, saved and brought back", async () => {
  const text = await readFile(join(anna.directory, "news.txt"), "utf8");
  await rm(join(anna.directory, "news.txt"));
  await goTo(berts, "history/trash");
  await berts.getByRole("button", { name: "Look into news.txt" }).click();
  const look = berts.getByRole("dialog", { name: "news.txt" });
  expect(await look.getByLabel("The text of news.txt").inputValue()).toBe(text);
  expect(await examine(berts)).toEqual([]);
  await berts.keyboard.press("Escape");
  const [file] = await Promise.all([
    berts.waitForEvent("download"),
    berts.getByRole("button", { name: "Download news.txt" }).click(),
  ]);
  expect(await readFile(await file.path(), "utf8")).toBe(text);
  await berts.getByRole("button", { name: "Bring back news.txt" }).click();
  const isThere = async (): Promise<boolean> =>
    (await stat(join(anna.directory, "news.txt")).catch(() => undefined)) !== undefined;
  await until(isThere, "the file to be back on the other side");
});

test("transfers are listed, statistics told as picture, table and CSV, and who downloaded what is told by the bell", async () => {
  await goTo(annas, "transfers");
  const over = annas.locator(".card", { hasText: "Over" });
  await over.getByText("Nothing was uploaded or downloaded yet").waitFor();
  // One that is refused runs again from the page, once the reason is gone.
  const sent = join(anna.directory, "..", "sent.txt");
  await writeFile(sent, "sent by hand\n");
  const upload = ["upload", sent, "bert:anna-files", "--on-duplicate", "fail"] as const;
  await anna.json(...upload);
  await over.locator(".state").getByText("done", { exact: true }).first().waitFor();
  expect((await anna.run(...upload)).code).not.toBe(0);
  await rm(join(bert.directory, "sent.txt"));
  await bert.wait();
  await over.getByLabel("Find").fill("files/");
  await over.getByLabel("Kind").selectOption("upload");
  await over.getByLabel("Order").selectOption("size");
  await over.getByRole("button", { name: "Run it again" }).first().click();
  await until(async () => (await readdir(bert.directory)).includes("sent.txt"), "the upload to have run again");
  await over.getByLabel("Find").fill("nothing is called so");
  await over.getByText("No transfer is like that").waitFor();
  await goTo(annas, "statistics");
  const picture = annas.locator(".throughput.history svg");
  const before = await picture.getAttribute("aria-label");
  await writeFile(join(bert.directory, "more.bin"), randomBytes(300_000));
  await until(async () => (await picture.getAttribute("aria-label")) !== before, "the statistics to follow");
  await annas.getByText("With each device").waitFor();
  await annas.getByLabel("As a table").check();
  await annas.getByRole("columnheader", { name: "Received" }).first().waitFor();
  const [csv] = await Promise.all([
    annas.waitForEvent("download"),
    annas.getByRole("button", { name: "Save as CSV" }).click(),
  ]);
  expect(await readFile(await csv.path(), "utf8")).toMatch(/^from,received,sent,/);
  // A file that bert brought was downloaded from his machine by anna's browser.
  await goTo(berts, "home");
  await berts.getByRole("button", { name: /^Notices/ }).click();
  await berts.getByRole("dialog", { name: "Notices" }).waitFor();
  await berts.keyboard.press("Escape");
});
