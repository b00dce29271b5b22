/** Two nodes on a cable of their own: found by mDNS alone, moved to another address, cut off, reset. */
import { spawnSync } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { attempt, type Cable, inNamespace, layCable, must, need } from "../support/lab.ts";
import { type TestNode, testNodes, until } from "../support/nodes.ts";
import { readTree, tree } from "../support/tree.ts";

const MIB = 1024 * 1024;

interface Status {
  readonly peers: readonly { readonly state: string; readonly address: string | null }[];
}

/** Paired over mDNS alone: neither side names an address. */
async function pairedByCable(context: TestContext): Promise<readonly [TestNode, TestNode, Cable]> {
  // Before the nodes, because it goes after them: whoever ends them has to get in.
  const cable = layCable(context);
  const [a, b] = await testNodes("anna", "bert");
  a.daemonVia = inNamespace(cable.left);
  b.daemonVia = inNamespace(cable.right);
  await mkdir(a.directory);
  await mkdir(b.directory);
  await a.json("up", a.directory, "--name", "anna", "--dashboard", "off");
  const { code } = await a.json<{ code: string }>("peer", "invite");
  await b.json("join", code, b.directory, "--name", "bert", "--dashboard", "off");
  return [a, b, cable];
}

async function peer(node: TestNode): Promise<Status["peers"][number] | undefined> {
  return (await node.json<Status>("status")).peers[0];
}

test("found by mDNS alone: joined without an address, synced; found again at another address", async (context) => {
  const [a, b, cable] = await pairedByCable(context);
  await tree(a.directory, { "one.txt": "1", sub: { "two.bin": "2".repeat(200_000) } });
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
  expect((await peer(a))?.address).toContain("10.77.0.");

  await b.down();
  must("ip", "-n", cable.right, "addr", "flush", "dev", cable.rightEnd);
  must("ip", "-n", cable.right, "addr", "add", "10.77.0.9/24", "dev", cable.rightEnd);
  await writeFile(join(b.directory, "three.txt"), "3");
  await b.start();
  await a.wait("--peer", "bert", "--peer-grace", "20s");
  expect((await peer(a))?.address).toContain("10.77.0.9");
  expect(await readTree(a.directory)).toEqual(await readTree(b.directory));

  // The one that stays up is the one that moves.
  must("ip", "-n", cable.left, "addr", "flush", "dev", cable.leftEnd);
  must("ip", "-n", cable.left, "addr", "add", "10.77.0.7/24", "dev", cable.leftEnd);
  await writeFile(join(b.directory, "four.txt"), "4");
  await until(
    async () => (await peer(b))?.state === "connected" && (await peer(b))?.address?.includes("10.77.0.7") === true,
    "bert to find anna at her new address",
    50_000,
  );
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect(await readTree(a.directory)).toEqual(await readTree(b.directory));
}, 120_000);

/** Filters what leaves the right namespace for, or from, Syncline's port; given back by `clear`. */
function filter(context: TestContext, cable: Cable, ...rules: readonly string[]): { clear(): void } {
  const nft = (...words: readonly string[]): readonly [string, ...string[]] => [
    "ip",
    "netns",
    "exec",
    cable.right,
    "nft",
    ...words,
  ];
  need(
    context,
    nft("add table inet t"),
    nft("add chain inet t out { type filter hook output priority 0; }"),
    nft("add chain inet t in { type filter hook input priority 0; }"),
    ...rules.map((rule) => nft(`add rule inet t ${rule}`)),
  );
  return { clear: () => must(...nft("delete table inet t")) };
}

async function sameFile(a: TestNode, b: TestNode, name: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map((node) => readFile(join(node.directory, name))));
  return left !== undefined && right !== undefined && left.equals(right);
}

/** Bytes of the file that wait to be installed at `node`. */
async function stagedBytes(node: TestNode): Promise<number> {
  const { stdout } = spawnSync("du", ["-sB1", join(node.directory, ".syncline/stage")], { encoding: "utf8" });
  return Number.parseInt(stdout, 10);
}

test("a cable that swallows everything in mid-transfer is noticed within 30 s, and the transfer goes on where it was", async (context) => {
  const [a, b, cable] = await pairedByCable(context);
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  // Slow enough to be cut in the middle.
  need(context, [
    "ip",
    "netns",
    "exec",
    cable.left,
    "tc",
    "qdisc",
    "add",
    "dev",
    cable.leftEnd,
    "root",
    "tbf",
    "rate",
    "80mbit",
    "burst",
    "64kb",
    "latency",
    "50ms",
  ]);
  await writeFile(join(a.directory, "large.bin"), crypto.getRandomValues(Buffer.alloc(64 * 1024)));
  const block = Buffer.alloc(24 * MIB);
  for (let at = 0; at < block.length; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));
  await writeFile(join(a.directory, "large.bin"), block);
  await until(async () => (await stagedBytes(b)) > 2 * MIB, "some of the file to arrive");
  const cut = filter(context, cable, "out drop", "in drop");
  const started = performance.now();
  await until(async () => (await peer(b))?.state !== "connected", "bert to notice", 40_000);
  expect(performance.now() - started).toBeLessThan(31_000);
  cut.clear();
  await b.wait("--peer", "anna", "--peer-grace", "40s");
  expect(await sameFile(a, b, "large.bin")).toBe(true);
  const { traffic } = await b.json<{ traffic: { wireBytesReceived: number } }>("status");
  expect(traffic.wireBytesReceived).toBeLessThan(1.35 * block.length);
}, 120_000);

test("a connection that is reset again and again still brings everything across", async (context) => {
  const [a, b, cable] = await pairedByCable(context);
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  const block = Buffer.alloc(3 * MIB);
  for (let at = 0; at < block.length; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));
  const resets = filter(
    context,
    cable,
    "in tcp dport 4777 ct bytes > 700000 reject with tcp reset",
    "in tcp sport 4777 ct bytes > 700000 reject with tcp reset",
  );
  await writeFile(join(a.directory, "large.bin"), block);
  await tree(
    a.directory,
    Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`small-${i}`, `content ${i}`.repeat(500)])),
  );
  await until(
    async () => (await stat(join(b.directory, "large.bin")).catch(() => undefined)) !== undefined,
    "the file to arrive",
    40_000,
  );
  resets.clear();
  await b.wait("--peer", "anna", "--peer-grace", "30s");
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
  expect(attempt("sh", "-c", `ls ${b.directory} | grep conflict`)).toBeDefined();
}, 150_000);
