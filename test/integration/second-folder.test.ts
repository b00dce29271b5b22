import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Status } from "../../src/shared/api-node.ts";
import type { Peer } from "../../src/shared/api-peers.ts";
import { pairedNodes, type TestNode, testNodes, until } from "../support/nodes.ts";

test("a second folder is shared from both ends, kept from changes by rights, paused and unshared", async () => {
  const [a, b] = await pairedNodes();
  const [here, there] = [`${a.directory}-2`, `${b.directory}-2`];
  await mkdir(here);
  await writeFile(join(here, "from-anna"), "1");
  const { folder } = await a.json<{ folder: { id: string } }>("folder", "add", here);
  await a.json("folder", "share", folder.id, "--to", "bert", "--rights", "read");
  const offered = async (): Promise<Peer["offers"]> => (await b.json<Peer>("peer", "show", "anna")).offers;
  await until(async () => (await offered()).length > 0, "bert to hear of the folder");
  expect(await offered()).toEqual([{ id: folder.id, label: "anna-files-2", isHere: false }]);
  expect((await b.run("status")).stdout).toContain(
    `next: syncline folder add DIR --from anna --folder-id ${folder.id}`,
  );
  expect((await b.run("folder", "add", there, "--from", "anna", "--folder-id", "none-such")).code).toBe(4);
  await b.json("folder", "add", there, "--from", "anna");
  await b.json("folder", "add", there, "--from", "anna", "--folder-id", folder.id);
  expect((await b.run("folder", "add", there, "--from", "anna")).code).toBe(4);
  await a.wait();
  expect(await readFile(join(there, "from-anna"), "utf8")).toBe("1");

  await writeFile(join(there, "from-bert"), "2");
  const refused = await b.run("--json", "wait", "--timeout", "10s");
  expect(refused.code, refused.stdout).toBe(3);
  expect(JSON.parse(refused.stdout)).toMatchObject({ problems: [{ folder: folder.id, device: "anna" }] });
  const status = await b.run("status");
  expect(status.stdout).toContain("Not everything is in sync: 1 problem");
  expect(status.stdout).toContain("from-bert: anna: this device may only read");
  await expect(readFile(join(here, "from-bert"), "utf8")).rejects.toThrow("ENOENT");

  await a.json("folder", "share", folder.id, "--to", "bert", "--rights", "write");
  await b.wait();
  expect(await readFile(join(here, "from-bert"), "utf8")).toBe("2");

  await a.json("folder", "pause", folder.id);
  await writeFile(join(there, "from-bert"), "3");
  expect((await a.run("wait")).code).toBe(3);
  expect((await b.run("wait", "--timeout", "10s")).code).toBe(3);
  await a.json("folder", "resume", folder.id);
  await b.wait();
  expect(await readFile(join(here, "from-bert"), "utf8")).toBe("3");

  // What lies in the other folder that both share is not sent again: whole, and in pieces.
  const [large, small] = [randomBytes(900_000), randomBytes(20_000)];
  await writeFile(join(a.directory, "large"), large);
  await writeFile(join(a.directory, "small"), small);
  await a.wait();
  const before = await wireBytes(b);
  await rename(join(a.directory, "large"), join(here, "moved"));
  await writeFile(join(here, "copied"), small);
  // In one step: half a file would be a version of its own.
  await writeFile(`${here}-draft`, Buffer.concat([small, large.subarray(100_000, 800_000)]));
  await rename(`${here}-draft`, join(here, "mixed"));
  await a.wait();
  expect(await readFile(join(there, "moved"))).toEqual(large);
  expect(await readFile(join(there, "mixed"))).toEqual(Buffer.concat([small, large.subarray(100_000, 800_000)]));
  expect((await wireBytes(b)) - before).toBeLessThan(250_000);

  // Nor is the list of its chunks, where a byte of a copy is another: it follows from the original's.
  const original = randomBytes(8_000_000);
  await writeFile(join(a.directory, "original"), original);
  await a.wait();
  const beforeCopy = await wireBytes(b);
  original.writeUInt8(original.readUInt8(3_000_000) ^ 1, 3_000_000);
  await writeFile(`${here}-draft`, original);
  await rename(`${here}-draft`, join(here, "near copy"));
  await a.wait();
  expect((await readFile(join(there, "near copy"))).equals(original)).toBe(true);
  expect((await wireBytes(b)) - beforeCopy).toBeLessThan(3000);

  expect(await b.json("folder", "fetch", folder.id)).toMatchObject({ delta: "auto", compression: "auto" });
  expect((await b.run("folder", "fetch", folder.id, "--compression", "off")).stdout).toContain(
    "delta auto, compression off",
  );
  await writeFile(join(here, "text"), randomBytes(300_000).toString("hex"));
  await a.wait();
  expect((await wireBytes(b)) - before).toBeGreaterThan(600_000);
  expect(await b.json("folder", "show", folder.id)).toMatchObject({ delta: "auto", compression: "off" });

  const log = await a.run("logs");
  expect(log.stdout).not.toContain("does not continue");
}, 180_000);

async function wireBytes(node: TestNode): Promise<number> {
  const { traffic } = await node.json<Status>("status");
  return traffic.wireBytesReceived + traffic.wireBytesSent;
}

test("what cannot sync is named once in the log, however often it is looked at", async () => {
  const [a] = await testNodes("anna");
  await a.up();
  await mkdir(`${a.directory}/${"x".repeat(10)}`);
  const { execFileSync } = await import("node:child_process");
  execFileSync("mkfifo", [join(a.directory, "pipe")]);
  await until(async () => (await a.run("wait")).code === 3, "the pipe to be seen");
  await a.json("folder", "rescan", "anna-files");
  await a.json("folder", "rescan", "anna-files");
  const { stdout } = await a.run("logs");
  expect(stdout.match(/E_SPECIAL_FILE/g)).toHaveLength(1);
}, 180_000);
