/** What an administrator does with a real node: keeps it, brings it back, packs what others need to help. */
import { execFileSync, spawn } from "node:child_process";
import { appendFile, mkdir, readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { TestNode, testNodes } from "../support/nodes.ts";

const LAUNCHER = resolve(import.meta.dirname, "../../bin/syncline");
const PASSPHRASE = "correct horse battery";

/** Runs a command of a node with a line on its standard input. */
async function withInput(
  node: TestNode,
  line: string,
  ...args: readonly string[]
): Promise<[code: number | null, out: string]> {
  const child = spawn(LAUNCHER, ["--home", node.home, "--json", ...args], { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stdin.end(`${line}\n`);
  const { promise, resolve: done } = Promise.withResolvers<number | null>();
  child.on("close", done);
  return [await promise, output];
}

test("a backup brings the node back; a support bundle holds no secret", { timeout: 240_000 }, async () => {
  const [a] = await testNodes("anna");
  await a.up();
  const { device } = await a.json<{ device: { id: string } }>("status");
  const file = join(a.home, "..", "node.backup");
  const place = join(a.home, "..");

  const [code, created] = await withInput(a, PASSPHRASE, "backup", "create", file);
  expect([code, JSON.parse(created)]).toMatchObject([
    0,
    { v: 1, device: { id: device.id, name: "anna" }, folders: 1, users: 0, files: expect.arrayContaining(["key.pem"]) },
  ]);
  const sealed = await readFile(file, "latin1");
  expect(sealed).not.toContain("PRIVATE KEY");
  const exits: unknown[] = [];
  const b = new TestNode(place, "bert");
  await mkdir(b.home, { mode: 0o700 });
  for (const [node, line, ...args] of [
    [a, PASSPHRASE, "backup", "create", file],
    [a, "short", "backup", "create", `${file}2`],
    [a, PASSPHRASE, "backup", "restore", file],
    [b, "wrong passphrase", "backup", "restore", file],
    [b, PASSPHRASE, "backup", "restore", join(a.home, "config.json")],
    [b, PASSPHRASE, "backup", "create", `${file}2`],
    [b, PASSPHRASE, "backup", "restore", file, "-n"],
  ] as const) {
    const [exit, output] = await withInput(node, line, ...args);
    exits.push([exit, (JSON.parse(output) as { code?: string }).code]);
  }
  expect(exits).toEqual([
    [8, "E_EXISTS"],
    [2, "E_USAGE"],
    [8, "E_HOME_NOT_EMPTY"],
    [5, "E_WRONG_PASSPHRASE"],
    [1, "E_BACKUP_BROKEN"],
    [4, "E_HOME_EMPTY"],
    [0, undefined],
  ]);
  expect(await readdir(b.home)).toEqual([]);

  // Secrets where they may turn up: in the log, in the settings, in the home.
  const key = (await readFile(join(a.home, "key.pem"), "utf8")).split("\n")[1] ?? "";
  const { code: pairingCode, link } = await a.json<{ code: string; link: string }>("peer", "invite");
  const planted = [key, pairingCode, link, "hunter2-password", "tok-0123456789abcdef"];
  const [log = ""] = (await readdir(join(a.home, "logs"))).filter((name) => name.endsWith(".log"));
  const line = {
    level: "info",
    msg: `key ${key} code ${pairingCode} ${link}`,
    password: planted[3],
    apiToken: planted[4],
  };
  await appendFile(join(a.home, "logs", log), `${JSON.stringify(line)}\n`);
  const bundle = join(place, "bundle.tar.gz");
  const packed = await a.json<{ files: string[] }>("support-bundle", "-o", bundle);
  expect(packed.files).toEqual(expect.arrayContaining(["status.json", "doctor.json", "config.json", `logs/${log}`]));
  await mkdir(join(place, "unpacked"));
  execFileSync("tar", ["-xzf", bundle, "-C", join(place, "unpacked")]);
  const texts = await Promise.all(
    packed.files.map((name) => readFile(join(place, "unpacked", "syncline-support", name), "utf8")),
  );
  const all = texts.join("\n");
  for (const secret of planted) expect(all).not.toContain(secret);
  expect(all).toContain(device.id);
  expect(texts[packed.files.indexOf("doctor.json")]).toContain('"checks"');

  await a.down();
  // Without a daemon it is made all the same.
  const offline = await a.run("support-bundle", "-o", join(place, "offline.tar.gz"));
  expect(offline.code).toBe(0);
  const [restored] = await withInput(b, PASSPHRASE, "backup", "restore", file);
  expect(restored).toBe(0);
  await b.start();
  const after = await b.json<{ device: { id: string; name: string }; folders: unknown[] }>("status");
  expect(after.device).toEqual({ id: device.id, name: "anna" });
  expect(after.folders).toHaveLength(1);
  await b.down();
});
