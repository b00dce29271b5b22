import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testNodes, until } from "../support/nodes.ts";
import { type SignedIn, signInBy } from "../support/sign-in.ts";

async function statusAt(url: string, { cookie, token }: SignedIn): Promise<Response> {
  return await fetch(`${url}/api/v1/status`, { headers: { Cookie: cookie, "X-Syncline-Token": token } });
}

test("the dashboard signs in by a link, survives a restart, and moves with its setting", async () => {
  const [node] = await testNodes("anna");
  await node.up("--dashboard", "127.0.0.1:0");
  const { dashboard: url } = await node.json<{ dashboard: string }>("status");
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);

  const { link } = await node.json<{ link: string }>("open", "--print");
  const session = await signInBy(link);
  expect((await statusAt(url, session)).status).toBe(200);
  expect((await signInBy(link)).status).toBe(403);

  await node.down();
  await node.start();
  const after = await statusAt(url, session);
  expect(await after.json()).toMatchObject({ v: 1, dashboard: url, device: { name: "anna" } });

  await node.json("config", "set", "dashboard", "off");
  await until(async () => (await node.json<{ dashboard: string | null }>("status")).dashboard === null, "it to be off");
  await expect(fetch(url)).rejects.toThrow();
  expect((await node.run("open")).code).toBe(4);
  expect((await node.run("config", "set", "dashboard", "0.0.0.0:4778")).stderr).toContain("must be on loopback");
});

test("the page that a browser is sent to is its owner's alone, and gone once used", async () => {
  const [node] = await testNodes("anna");
  await node.up("--dashboard", "127.0.0.1:0");
  const { page, link } = await node.json<{ page: string; link: null }>("open");
  expect(link).toBeNull();
  expect((await stat(page)).mode & 0o777).toBe(0o600);
  const [, hidden = ""] = /url=(http:[^"]+)"/.exec(await readFile(page, "utf8")) ?? [];
  expect((await signInBy(hidden)).status).toBe(200);
  await until(async () => (await stat(page).catch(() => undefined)) === undefined, "the page to be gone");
  const key = hidden.replace(/.*k=/, "");
  expect(await readFile(join(node.home, "sessions.json"), "utf8")).not.toContain(key);
  expect((await node.run("logs")).stdout).not.toContain(key);
});
