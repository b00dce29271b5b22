/** Daemons that are killed, again and again, in the middle of a transfer. */
import { open, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { realClock } from "../peer/real-clock.ts";
import { sharedPair, type TestNode, until } from "../support/nodes.ts";
import { seeded } from "../support/seeded.ts";

const pair = sharedPair();
const MIB = 1024 * 1024;
const KILLS = 5;

/** Content in which no two chunks are equal. It is there at once, so that no half of it is staged. */
async function writeLarge(directory: string, bytes: number): Promise<void> {
  const draft = `${directory}-draft`;
  const file = await open(draft, "w");
  const block = Buffer.alloc(MIB);
  for (let at = 0; at < bytes; at += MIB) {
    for (let part = 0; part < MIB; part += 65_536) crypto.getRandomValues(block.subarray(part, part + 65_536));
    await file.write(block);
  }
  await file.close();
  await rename(draft, join(directory, "large.bin"));
}

async function sizeBelow(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  const sizes = await Promise.all(
    entries.map((entry) =>
      entry.isFile()
        ? stat(join(entry.parentPath, entry.name)).then(
            ({ size }) => size,
            () => 0,
          )
        : 0,
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function isSame(a: TestNode, b: TestNode, name: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map((node) => readFile(join(node.directory, name))));
  return left !== undefined && right !== undefined && left.equals(right);
}

async function hasBegun(node: TestNode): Promise<void> {
  const stage = join(node.directory, ".syncline/stage");
  await until(async () => (await readdir(stage)).some((name) => /^[0-9a-f]{64}$/.test(name)), "the transfer to begin");
}

test("receiver and sender killed at random moments: the transfer makes progress, staging stays bounded, ends are equal", async ({
  onTestFailed,
}) => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  onTestFailed(() => void process.stdout.write(`seed ${seed}\n`));
  const random = seeded(seed);
  const [a, b] = await pair();
  const size = 300 * MIB;
  await writeLarge(a.directory, size);
  await hasBegun(b);
  const area = join(b.directory, ".syncline");
  for (let kills = 1; kills <= KILLS; kills++) {
    const victim = kills % 3 === 0 ? a : b;
    await victim.kill();
    expect(await sizeBelow(area), `after ${kills} kills`).toBeLessThan(1.2 * size);
    expect((await readdir(b.directory)).filter((name) => name !== ".syncline" && name !== "large.bin")).toEqual([]);
    await victim.start();
    const pause = 50 + random() * 450;
    await realClock.sleep(pause);
  }
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect(await isSame(a, b, "large.bin")).toBe(true);
  expect(await readdir(join(area, "stage"))).toEqual([]);
  expect((await readdir(a.directory)).sort()).toEqual([".syncline", "large.bin"]);
}, 120_000);

test("a stop in the middle of a transfer takes less than 5 s and leaves nothing at a user path", async () => {
  const [a, b] = await pair();
  await writeLarge(a.directory, 300 * MIB);
  await hasBegun(b);
  for (const node of [b, a]) {
    const pid = await node.pid();
    const started = performance.now();
    process.kill(pid, "SIGTERM");
    await until(() => !isAlive(pid), `${node.name} to end`);
    expect(performance.now() - started, node.name).toBeLessThan(5000);
  }
  const left = await readdir(b.directory);
  expect(left.filter((name) => name !== ".syncline" && name !== "large.bin")).toEqual([]);
  if (left.includes("large.bin")) expect(await isSame(a, b, "large.bin")).toBe(true);
  expect((await readdir(b.home)).filter((name) => name.endsWith("-wal"))).toEqual([]);
  await a.start();
  await b.start();
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect(await isSame(a, b, "large.bin")).toBe(true);
}, 120_000);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
