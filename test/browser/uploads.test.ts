/** Files and directories that a person brings to a page: dropped, pasted, picked, held up, and taken back. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { type TestNode, until } from "../support/nodes.ts";
import { goTo, stage } from "../support/scene.ts";

const MIB = 1024 * 1024;

let anna: TestNode;
let annas: Page;
/** Where a person has files that are not synced. */
let desktop: string;

stage(async (scene) => {
  ({ anna } = scene);
  annas = await scene.signedIn(anna);
  desktop = join(anna.directory, "../desktop");
  await mkdir(join(desktop, "trip/day one"), { recursive: true });
  for (const name of ["trip/nobody", "void"]) await mkdir(join(desktop, name));
  await writeFile(join(desktop, "trip/plan.txt"), "plan\n");
  await writeFile(join(desktop, "trip/day one/photo.bin"), randomBytes(50_000));
  await goTo(annas, "files");
  await annas.getByRole("link", { name: "anna-files" }).click();
  await annas.locator(".drop-area").waitFor();
});

/** The upload that began last. */
function upload(): Locator {
  return annas.locator(".card", { hasText: "Upload to" }).last();
}

async function isDone(): Promise<void> {
  await upload().getByText("done", { exact: true }).waitFor();
}

async function putAway(): Promise<void> {
  await upload().getByRole("button", { name: "Put away" }).click();
  await annas.getByText("Upload to").waitFor({ state: "detached" });
}

/** As the file manager of a desktop drops what lies there. */
async function dropFromDesktop(...names: readonly string[]): Promise<void> {
  const { x, y, width, height } = (await annas.locator(".drop-area").boundingBox()) ?? {
    x: 0,
    y: 0,
    width: 0,
    height: 0,
  };
  const cdp = await annas.context().newCDPSession(annas);
  const data = { items: [], files: names.map((name) => join(desktop, name)), dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await cdp.send("Input.dispatchDragEvent", { type, x: x + width / 2, y: y + Math.min(height, 600) / 2, data });
  await cdp.detach();
}

test("a directory is dropped with everything in it, and one with nothing in it", async () => {
  await dropFromDesktop("trip", "void");
  await isDone();
  for (const name of ["trip/nobody", "void"]) expect(await readdir(join(anna.directory, name))).toEqual([]);
  expect(await readFile(join(anna.directory, "trip/plan.txt"), "utf8")).toBe("plan\n");
  const [there, here] = [join(desktop, "trip/day one/photo.bin"), join(anna.directory, "trip/day one/photo.bin")];
  expect(await readFile(here)).toEqual(await readFile(there));
  await putAway();
});

test("a picture is pasted", async () => {
  await annas.evaluate(`(() => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([new Uint8Array([1, 2, 3])], "pasted.png", { type: "image/png" }));
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  })()`);
  await isDone();
  expect([...(await readFile(join(anna.directory, "pasted.png")))]).toEqual([1, 2, 3]);
  await putAway();
});

test("a directory is picked; what exists gets a new name, and all of it is taken back at once", async () => {
  const before = await readdir(join(anna.directory, "trip"));
  await annas.getByLabel("When a name exists").selectOption("rename");
  const [chooser] = await Promise.all([
    annas.waitForEvent("filechooser"),
    annas.getByRole("button", { name: "Upload a directory" }).click(),
  ]);
  await chooser.setFiles(join(desktop, "trip"));
  await isDone();
  expect((await readdir(join(anna.directory, "trip"))).sort()).toEqual([
    "day one",
    "nobody",
    "plan.txt",
    "plan_v2.txt",
  ]);
  await upload().getByRole("button", { name: "Undo" }).click();
  await annas.getByText("Undone: what was new is in the trash").waitFor();
  const names = async (): Promise<readonly string[]> => (await readdir(join(anna.directory, "trip"))).sort();
  await until(async () => (await names()).length === before.length, "the second names to be gone");
  expect(await names()).toEqual(before.sort());
  await annas.getByText("Upload to").waitFor({ state: "detached" });
});

test("what exists is left alone, replaced, or refused, as is chosen; what is replaced is a version", async () => {
  const plan = join(anna.directory, "trip/plan.txt");
  await writeFile(join(desktop, "trip/plan.txt"), "another plan\n");
  for (const [policy, text, said] of [
    ["skip", "plan\n", "done"],
    ["fail", "plan\n", "failed"],
    ["version", "another plan\n", "done"],
  ] as const) {
    await annas.getByLabel("When a name exists").selectOption(policy);
    await dropFromDesktop("trip");
    await upload().locator(".state").getByText(said, { exact: true }).waitFor();
    expect(await readFile(plan, "utf8")).toBe(text);
    await putAway();
  }
  const { versions } = await anna.json<{ versions: readonly object[] }>("versions", plan);
  expect(versions.length).toBeGreaterThan(1);
});

test("an upload is paused and goes on, and tells how far it is, in each file and in all", async () => {
  await writeFile(join(desktop, "big.bin"), randomBytes(9 * MIB));
  let pieces = 0;
  // Only the first piece arrives.
  await annas.route("**/file?*", async (route) => {
    if (route.request().method() !== "PUT" || ++pieces < 2) await route.continue();
  });
  await dropFromDesktop("big.bin");
  await upload().getByRole("progressbar", { name: "big.bin" }).waitFor();
  await upload()
    .getByText(/^[1-9][\d.]* MB of 9\.4 MB sent/)
    .waitFor();
  await upload().getByRole("button", { name: "Pause" }).click();
  await upload().getByText("paused", { exact: true }).waitFor();
  await annas.unroute("**/file?*");
  await upload().getByRole("button", { name: "Go on" }).click();
  await isDone();
  expect(await readFile(join(anna.directory, "big.bin"))).toEqual(await readFile(join(desktop, "big.bin")));
});
