/**
 * The dashboard as a person meets it: a real browser, two real daemons. The
 * tests go on from each other, as a person would.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { NO_BROWSER, openBrowser } from "../support/browser.ts";
import { TestNode, until } from "../support/nodes.ts";

/** Room for a machine that is busy with other tests: nothing here waits for time to pass. */
const SETUP_MS = 300_000;
const TEST_MS = 300_000;
const ACTION_MS = 30_000;
const PAGES = [
  ...["home", "files", "folders", "transfers", "peers", "conflicts", "history", "statistics"],
  ...["activity", "logs", "doctor", "users", "settings"],
];

let browser: Browser | undefined;
let place: string;
let anna: TestNode;
let bert: TestNode;
let annas: Page;
let berts: Page;
/** What no page may ever do: run what is in a name, break its own policy, throw. */
const faults: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
  if (browser === undefined) return;
  place = await mkdtemp(join(tmpdir(), "syncline-browser-"));
  [anna, bert] = [new TestNode(place, "anna"), new TestNode(place, "bert")];
  await mkdir(anna.directory);
  await writeFile(join(anna.directory, "hello.txt"), "hello\n");
  await Promise.all([anna, bert].map((node) => start(node)));
  [annas, berts] = [await openPage(await openWindow()), await openPage(await openWindow())];
}, SETUP_MS);

vi.setConfig({ testTimeout: TEST_MS });

beforeEach(({ skip }) => {
  skip(browser === undefined, NO_BROWSER);
});

afterAll(async () => {
  await browser?.close();
  if (place === undefined) return;
  await Promise.all([anna.down(), bert.down()]);
  await rm(place, { recursive: true, force: true });
});

async function start(node: TestNode): Promise<void> {
  const directory = node === anna ? [node.directory] : [];
  const flags = ["--name", node.name, "--listen", "127.0.0.1:0", "--no-discovery", "--dashboard", "127.0.0.1:0"];
  await node.json("up", ...directory, ...flags);
}

/** Each person has a window of their own: Chromium draws a tab that another one covers once a second, and clicks wait for that. */
async function openWindow(): Promise<BrowserContext> {
  const context = await (browser as Browser).newContext({ viewport: { width: 1200, height: 900 } });
  context.setDefaultTimeout(ACTION_MS);
  return context;
}

async function openPage(of: BrowserContext = annas.context()): Promise<Page> {
  const page = await of.newPage();
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("dialog", (dialog) => {
    // A page that is left in the middle of an upload asks.
    if (dialog.type() === "beforeunload") return void dialog.accept();
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/i.test(message.text())) faults.push(message.text());
  });
  return page;
}

async function goTo(page: Page, name: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/#/${name}`);
}

async function signIn(page: Page, node: TestNode): Promise<void> {
  const { link } = await node.json<{ link: string }>("open", "--print");
  await page.goto(link);
}

async function headline(page: Page, text: string): Promise<void> {
  await page.locator(".headline h1", { hasText: text }).waitFor();
}

test("a link signs in, is gone from the address, and holds for other tabs", async () => {
  await signIn(annas, anna);
  await headline(annas, "no other machine is paired yet");
  expect(annas.url()).toMatch(/\/#\/home$/);
  await annas.reload();
  await headline(annas, "no other machine is paired yet");
  const second = await openPage();
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

test("a change shows on both pages by itself", async () => {
  await writeFile(join(anna.directory, "news.txt"), "news\n");
  await berts.locator(".feed .text", { hasText: "news.txt" }).first().waitFor();
  await berts.getByText("2 files").first().waitFor();
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

test("a deleted file is brought back", async () => {
  await rm(join(anna.directory, "news.txt"));
  await goTo(berts, "history/trash");
  await berts.getByRole("button", { name: "Bring back news.txt" }).click();
  const isThere = async (): Promise<boolean> =>
    (await stat(join(anna.directory, "news.txt")).catch(() => undefined)) !== undefined;
  await until(isThere, "the file to be back on the other side");
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
  const words = (number: number): string => `line one\nversion ${number}\nline three\n`;
  // Each machine keeps what the other one replaced.
  await writeFile(path, words(1));
  await anna.wait();
  await writeFile(there, words(2));
  await bert.wait();
  await writeFile(path, words(3));
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
    }
    await annas.keyboard.press("Escape");
  }
});

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
  await annas.unroute("**/file?*");
  await annas.reload();
  await annas.getByText("needs its files again").waitFor();
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

test("transfers are listed, statistics told as picture, table and CSV, and who downloaded what is told by the bell", async () => {
  await goTo(annas, "transfers");
  const over = annas.locator(".card", { hasText: "Over" });
  await over.getByText("a.txt").first().waitFor();
  await over.locator(".state").getByText("done", { exact: true }).first().waitFor();
  // One that is refused runs again from the page, once the reason is gone.
  const sent = join(anna.directory, "..", "sent.txt");
  await writeFile(sent, "sent by hand\n");
  const upload = ["upload", sent, "bert:anna-files/deep/", "--on-duplicate", "fail"] as const;
  await anna.json(...upload);
  expect((await anna.run(...upload)).code).not.toBe(0);
  await rm(join(bert.directory, "deep/sent.txt"));
  await bert.wait();
  await over.getByLabel("Find").fill("files/");
  await over.getByLabel("Kind").selectOption("upload");
  await over.getByLabel("Order").selectOption("size");
  await over.getByRole("button", { name: "Run it again" }).first().click();
  await until(
    async () => (await readdir(join(bert.directory, "deep"))).includes("sent.txt"),
    "the upload to have run again",
  );
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

test("a lost daemon is said, and what happened meanwhile is there when it is back", async () => {
  await goTo(annas, "home");
  await anna.kill();
  await annas.getByRole("alert").getByText("Syncline does not answer").waitFor();
  await anna.start();
  await annas.getByRole("alert").waitFor({ state: "detached", timeout: SETUP_MS / 3 });
  await writeFile(join(bert.directory, "later.txt"), "later\n");
  await annas.locator(".feed .text", { hasText: "later.txt" }).first().waitFor();
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

  await using other = await openWindow();
  const page = await openPage(other);
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

/** What axe finds that is serious. */
async function examine(page: Page): Promise<readonly string[]> {
  await page.evaluate(`globalThis.axe === undefined && (() => { ${axe.source} })()`);
  return await page.evaluate(async () => {
    interface Result {
      readonly id: string;
      readonly impact: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
    }
    const { axe: loaded } = globalThis as unknown as { axe: { run(): Promise<{ violations: readonly Result[] }> } };
    const { violations } = await loaded.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
  });
}

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

test("signing out ends the session in every tab", async () => {
  const second = await openPage();
  await second.goto(annas.url());
  await second.locator(".headline").waitFor();
  await annas.bringToFront();
  await annas.getByRole("button", { name: "Sign out" }).click();
  for (const page of [annas, second]) await page.getByRole("heading", { name: "Sign in to Syncline" }).waitFor();
});

test("no page threw, broke its policy or ran what was in a name", () => {
  expect(faults).toEqual([]);
});
