import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { addFolder, pairedNodes, sharedPair, testNodes, until } from "../support/nodes.ts";

interface EventLine {
  readonly type: string;
  readonly path: string | null;
  readonly device: string | null;
}

const pair = sharedPair();

test("waiting leaves a paused peer out by name, and fails when it was asked for; events name whole device ids", async () => {
  const [a, b] = await pair();
  await writeFile(join(b.directory, "from-bert"), "x");
  await b.wait();
  await a.json("peer", "pause", "bert");
  expect(await a.json("wait")).toMatchObject({ inSync: true, skipped: [{ name: "bert", state: "paused" }] });
  const asked = await a.launch("--json", "wait", "--peer", "bert");
  expect(asked.code).toBe(6);
  expect(JSON.parse(asked.stderr)).toMatchObject({ code: "E_PEER_OFFLINE", hint: "syncline peer resume bert" });
  const ping = await a.launch("--json", "peer", "ping", "bert");
  expect(JSON.parse(ping.stderr)).toMatchObject({ exit: 6, hint: "syncline peer resume bert" });
  await a.json("peer", "resume", "bert");
  expect((await a.launch("wait", "--peer", "bert")).code).toBe(0);

  await addFolder(a, `${a.directory}-2`, "other");
  const notShared = await a.launch("--json", "wait", "--folder", "other", "--peer", "bert");
  expect(JSON.parse(notShared.stderr)).toMatchObject({ code: "E_FOLDER_NOT_FOUND" });

  const { device } = await b.json<{ device: { id: string } }>("status");
  const { stdout } = await a.launch("--json", "events");
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as EventLine);
  expect(events.find(({ path }) => path === "from-bert")).toMatchObject({ type: "file.changed", device: device.id });
  for (const event of events) expect(event.device ?? device.id).toHaveLength(device.id.length);
});

test("join takes only the folder that --folder-id names; a bad directory does not use up the code", async () => {
  const [a, b] = await testNodes("anna", "bert");
  await a.up();
  await mkdir(`${a.directory}-2`);
  const { folder } = await a.json<{ folder: { id: string } }>("folder", "add", `${a.directory}-2`);
  const invite = ["peer", "invite", "--folder", "anna-files", "--folder", folder.id] as const;
  const { code } = await a.json<{ code: string }>(...invite);
  const flags = ["--at", await a.address(), "--listen", "127.0.0.1:0", "--no-discovery"];
  const broad = await b.launch("--json", "join", code, "/", ...flags);
  expect(JSON.parse(broad.stderr.trim().split("\n").at(-1) ?? "")).toMatchObject({ code: "E_DIR_TOO_BROAD" });
  const home = await b.launch("--json", "join", code, join(b.home, "files"), ...flags);
  expect(home.code).toBe(8);
  const joined = await b.json("join", code, b.directory, "--folder-id", folder.id, ...flags);
  expect(joined).toMatchObject({ folders: [{ id: folder.id, path: b.directory }] });
  expect((await b.json<{ folders: unknown[] }>("folder", "list")).folders).toHaveLength(1);
});

test("a changed listening address counts at once and reaches the peers", async () => {
  const [a, b] = await pairedNodes();
  const now = `127.0.0.1:${await freePort()}`;
  await a.json("config", "set", "listen", now);
  await until(async () => (await a.address()) === now, "the other port");
  await until(
    async () => (await b.json<{ addresses: string[] }>("peer", "show", "anna")).addresses.includes(now),
    "the peer to hear of it",
  );
  const taken = await b.address();
  await a.launch("config", "set", "listen", taken);
  await until(async () => (await a.run("logs")).stdout.includes("Cannot listen"), "the refusal");
  expect(await a.address()).toBe(now);
});

test("a name that is not UTF-8 is reported for as long as it is there", async () => {
  const [a, , folder] = await pair();
  const path = Buffer.concat([Buffer.from(`${a.directory}/`), Buffer.from([0xff, 0x62])]);
  await writeFile(path, "x");
  await until(async () => (await a.run("wait")).code === 3, "the name to be seen");
  await a.json("folder", "rescan", folder);
  const { problems } = await a.json<{ problems: unknown[] }>("folder", "show", folder);
  expect(problems).toMatchObject([{ code: "E_NAME_NOT_UTF8" }]);
  const status = await a.launch("status");
  expect(status.stdout).toContain("In sync with bert, but for 1 problem");
  await rm(path);
  await until(async () => (await a.run("wait")).code === 0, "the problem to go");
  expect(await readFile(join(a.home, "config.json"), "utf8")).toContain(a.directory);
});
