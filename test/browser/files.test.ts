/** Files of both machines in the dashboard: looked at, found, changed, proven, uploaded. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type TestNode, until } from "../support/nodes.ts";
import { examine, goTo, stage } from "../support/scene.ts";

let anna: TestNode;
let bert: TestNode;
let annas: Page;

stage(async (scene) => {
  ({ anna, bert } = scene);
  await scene.pair();
  annas = await scene.signedIn(anna);
});

test("files are browsed here and on the other machine", async () => {
  await mkdir(join(anna.directory, "deep/er"), { recursive: true });
  await writeFile(join(anna.directory, "deep/er/a.txt"), "a\n");
  await anna.wait();
  await goTo(annas, "files");
  await annas.getByRole("link", { name: "anna-files" }).click();
  const tree = annas.getByRole("navigation", { name: "Directories" });
  await tree.getByRole("button", { name: "Directories in deep" }).click();
  await tree.getByRole("link", { name: "er", exact: true }).waitFor();
  await tree.getByRole("link", { name: "deep" }).click();
  await annas.locator(".entries").getByRole("link", { name: "er", exact: true }).click();
  await annas.getByRole("button", { name: "a.txt" }).click();
  const details = annas.getByRole("dialog", { name: "a.txt" });
  await details.getByText("deep/er/a.txt").waitFor();
  await details.getByRole("button", { name: "Preview" }).click();
  const text = details.getByLabel("The text of a.txt");
  await text.waitFor();
  expect(await text.inputValue()).toBe("a\n");
  const [file] = await Promise.all([
    annas.waitForEvent("download"),
    details.getByRole("button", { name: "Download", exact: true }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("a.txt");
  expect(await readFile(await file.path(), "utf8")).toBe("a\n");
  await annas.keyboard.press("Escape");

  await annas.getByLabel("On", { exact: true }).selectOption({ label: "bert" });
  await annas.getByRole("link", { name: "anna-files" }).click();
  await annas.getByLabel("All below").check();
  await annas.getByRole("button", { name: "deep/er/a.txt" }).waitFor();
  const [archive] = await Promise.all([
    annas.waitForEvent("download"),
    annas.getByRole("button", { name: "Download all as an archive" }).click(),
  ]);
  expect(archive.suggestedFilename()).toBe("anna-files.zip");
  expect((await readFile(await archive.path())).includes("deep/er/a.txt")).toBe(true);
});

test("a hundred thousand files are a list of some rows on the page, asked for as they come in sight", async () => {
  const total = 100_000;
  const asked: number[] = [];
  const facts = { type: "file", mtime: null, mode: "0644", owner: "anna", device: "anna" };
  const unknown = { contentId: null, hash: null, version: null, deleted: false };
  await annas.route("**/api/v1/at/bert/list?folder=*", async (route) => {
    const { searchParams } = new URL(route.request().url());
    const [offset, limit] = ["offset", "limit"].map((name) => Number(searchParams.get(name))) as [number, number];
    const rows = Array.from({ length: Math.min(limit, total - offset) }, (_, index) => {
      const path = `f${String(offset + index).padStart(6, "0")}.txt`;
      return { v: 1, path, size: offset + index, ...facts, ...unknown };
    });
    asked.push(rows.length);
    const summary = { v: 1, type: "summary", entries: rows.length, bytes: 0, next: null, total };
    const body = [...rows, summary].map((line) => `${JSON.stringify(line)}\n`).join("");
    await route.fulfill({ contentType: "application/x-ndjson", body });
  });
  await goTo(annas, "files/bert/many");
  await annas.getByText("100,000 entries").waitFor();
  await annas.getByText("f000000.txt").waitFor();
  expect(await annas.locator(".entries > li").count()).toBeLessThan(100);
  await annas.evaluate(`(async () => {
    const list = document.querySelector(".entries.long");
    for (let step = 0; step < 60; step++) {
      list.scrollTop += 2500;
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    list.scrollTop = list.scrollHeight;
  })()`);
  await annas.getByText("f099999.txt").waitFor();
  expect(await annas.locator(".entries > li").count()).toBeLessThan(100);
  expect(asked.reduce((sum, rows) => sum + rows, 0)).toBeLessThan(total / 4);
  await annas.evaluate(`document.querySelector(".entries.long").scrollTop = 2_200_000`);
  await annas.getByText("f050000.txt").waitFor();
  // Keys lead through the rows, also to those that are not on the page yet.
  await annas.getByRole("button", { name: "f050000.txt" }).focus();
  for (const [key, name] of [
    ["ArrowDown", "f050001.txt"],
    ["ArrowUp", "f050000.txt"],
    ["End", "f099999.txt"],
    ["ArrowDown", "f099999.txt"],
    ["Home", "f000000.txt"],
  ] as const) {
    await annas.keyboard.press(key);
    await annas.locator("button:focus", { hasText: name }).waitFor();
    await annas.getByRole("button", { name, exact: true }).waitFor();
  }
  await annas.keyboard.press("PageDown");
  await annas.locator("button:focus", { hasText: /^f0000[1-4]\d\.txt$/ }).waitFor();
  await annas.unroute("**/api/v1/at/bert/list?folder=*");
  await goTo(annas, "files");
  await annas.getByLabel("On", { exact: true }).selectOption({ label: "bert" });
  await annas.getByRole("link", { name: "anna-files" }).click();
});

test("a search that takes long is stopped, and a pattern that is none is told by its character", async () => {
  let isLetGo = false;
  await annas.route("**/api/v1/at/*/list?*regex*", async (route) => {
    if (isLetGo) await route.continue();
  });
  await annas.getByRole("button", { name: "More ways to find" }).click();
  await annas.getByLabel("Find by").selectOption("regex");
  await annas.getByLabel("Find", { exact: true }).fill("^hello");
  await annas.getByText("Searching…").waitFor();
  await annas.getByRole("button", { name: "Stop", exact: true }).click();
  await annas.getByText("The search was stopped").waitFor();
  isLetGo = true;
  await annas.getByRole("button", { name: "Search again" }).click();
  await annas.getByRole("button", { name: "hello.txt", exact: true }).waitFor();
  await annas.getByLabel("Find", { exact: true }).fill("^hello(");
  const fault = annas.locator(".pattern-fault");
  await fault.getByText("Unterminated group").waitFor();
  expect(await fault.locator("code").textContent()).toBe("^hello( ");
  expect(await annas.getByLabel("Find", { exact: true }).getAttribute("aria-invalid")).toBe("true");
  await annas.getByLabel("Find", { exact: true }).fill("^(h+)+x");
  await annas.getByText("Nothing here is like that").waitFor();
  await annas.unroute("**/api/v1/at/*/list?*regex*");
});

test("files are found by pattern, renamed, deleted and brought back, and directories made", async () => {
  await goTo(annas, "files");
  await annas.getByRole("link", { name: "anna-files" }).click();
  await annas.getByLabel("All below").check();
  await annas.getByLabel("Find by").selectOption("glob");
  await annas.getByLabel("Find", { exact: true }).fill("**/a.*");
  await annas.getByText("1 entry", { exact: true }).waitFor();
  await annas.getByRole("button", { name: "deep/er/a.txt" }).click();
  await annas.getByRole("dialog").getByRole("button", { name: "Rename or move" }).click();
  await annas.getByLabel("New name, with its directory").fill("deep/renamed.txt");
  await annas.getByRole("button", { name: "Move", exact: true }).click();
  await annas.getByText("Moved to deep/renamed.txt").waitFor();
  expect(await readFile(join(anna.directory, "deep/renamed.txt"), "utf8")).toBe("a\n");

  await annas.getByLabel("Find", { exact: true }).fill("*renamed*");
  await annas.getByRole("button", { name: "deep/renamed.txt" }).click();
  await annas.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await annas
    .getByRole("dialog", { name: "Delete deep/renamed.txt?" })
    .getByRole("button", { name: "Delete", exact: true })
    .click();
  await annas.getByText("1 entry deleted").waitFor();
  await annas.locator(".toast", { hasText: "1 entry deleted" }).getByRole("button", { name: "Undo" }).click();
  const isBack = async (): Promise<boolean> =>
    (await stat(join(anna.directory, "deep/renamed.txt")).catch(() => undefined)) !== undefined;
  await until(isBack, "the deleted file to be back");

  await annas.getByRole("button", { name: "New directory" }).click();
  await annas.getByLabel("Name", { exact: true }).fill("made here");
  await annas.getByRole("button", { name: "Make", exact: true }).click();
  await until(async () => (await stat(join(anna.directory, "made here")).catch(() => undefined)) !== undefined, "it");
});

test("the details of a file prove it, and its versions are compared, saved and restored, here and on the other machine", async () => {
  const [path, there] = [anna, bert].map(({ directory }) => join(directory, "drawer.txt")) as [string, string];
  // More than a preview shows of a text.
  const rest = "and so on\n".repeat(150_000);
  const words = (number: number): string => `line one\nversion ${number}\nline three\n${rest}`;
  // In place at once: what is half written would be a version, too.
  const put = async (to: string, text: string): Promise<void> => {
    await writeFile(join(anna.home, "..", "drawer"), text);
    await rename(join(anna.home, "..", "drawer"), to);
  };
  // Each machine keeps what the other one replaced.
  await put(path, words(1));
  await anna.wait();
  await put(there, words(2));
  await bert.wait();
  await put(path, words(3));
  await anna.wait();
  const hash = createHash("sha256").update(words(3)).digest("hex");
  for (const [device, kept] of [
    ["anna (this device)", 1],
    ["bert", 2],
  ] as const) {
    await goTo(annas, "files");
    await annas.getByLabel("On", { exact: true }).selectOption({ label: device });
    await annas.getByRole("link", { name: "anna-files" }).click();
    await annas.getByRole("button", { name: "drawer.txt" }).click();
    const drawer = annas.getByRole("dialog", { name: "drawer.txt" });
    await drawer.getByRole("button", { name: "Read" }).click();
    await drawer.getByText("read from the disk just now").waitFor();
    await drawer.getByText(hash).waitFor();
    await drawer.getByRole("button", { name: "Verify" }).click();
    await drawer.getByText("The same here and on bert, both read from the disk").waitFor();
    await drawer.getByRole("button", { name: /^What differs between version/ }).click();
    await drawer.getByLabel("What differs", { exact: true }).getByText(`− version ${kept}`).waitFor();
    const [file] = await Promise.all([
      annas.waitForEvent("download"),
      drawer
        .getByRole("button", { name: /^Download version/ })
        .last()
        .click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^drawer\.v\d\.txt$/);
    expect(await readFile(await file.path(), "utf8")).toBe(words(kept));
    expect(await examine(annas)).toEqual([]);
    if (device === "bert") {
      await drawer.getByRole("button", { name: /^Restore version/ }).click();
      await until(async () => (await readFile(path, "utf8")) === words(kept), "that version everywhere");
      // What is said of it stands in front of the drawer, where it can be pressed.
      await drawer.locator(".toast").first().getByRole("button", { name: "Put away" }).click();
    }
    await annas.keyboard.press("Escape");
  }
});

/** Drops a made-up file on the list of files; its bytes are told by its size alone. */
async function drop(page: Page, name: string, size: number): Promise<void> {
  const made = `(() => {
    const data = new DataTransfer();
    const bytes = new Uint8Array(${size});
    for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31 + (at >> 12)) & 0xff;
    data.items.add(new File([bytes], ${JSON.stringify(name)}, { lastModified: 1780000000000 }));
    return data;
  })()`;
  const dataTransfer = await page.evaluateHandle(made);
  await page.dispatchEvent(".drop-area", "drop", { dataTransfer });
}

test("a file is dropped on the other machine's folder, the page loaded anew in the middle, and the upload goes on", async () => {
  const size = 6 * 1024 * 1024;
  let pieces = 0;
  let stopped = (): void => {};
  const isStopped = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  // The second piece never arrives.
  await annas.route("**/file?*", async (route) => {
    if (route.request().method() !== "PUT" || ++pieces < 2) await route.continue();
    else stopped();
  });
  await drop(annas, "<b>dropped</b>.bin", size);
  await isStopped;
  await annas.reload();
  await annas.getByText("needs its files again").waitFor();
  // Only now: what is held back is let go by it, and a page that was still there would have finished.
  await annas.unroute("**/file?*");
  let sent = 0;
  annas.on("request", (request) => {
    if (request.method() === "PUT") sent += request.postDataBuffer()?.length ?? 0;
  });
  await annas.locator(".drop-area").waitFor();
  await drop(annas, "<b>dropped</b>.bin", size);
  await annas.locator(".card", { hasText: "Upload to" }).getByText("done", { exact: true }).waitFor();
  expect(sent).toBeLessThan(size);
  const { size: there } = await stat(join(bert.directory, "<b>dropped</b>.bin"));
  expect(there).toBe(size);
  await annas.locator(".card", { hasText: "Upload to" }).getByRole("button", { name: "Undo" }).click();
  await annas.getByText("Undone: what was new is in the trash").waitFor();
  await until(async () => !(await readdir(bert.directory)).includes("<b>dropped</b>.bin"), "the upload to be undone");
  await annas.getByText("Upload to").waitFor({ state: "detached" });
});
