import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { FileResult, TransferView } from "../../../src/shared/api-transfers.ts";
import { pairedNodes, type TestNode, until } from "../../support/nodes.ts";

const LAUNCHER = resolve(import.meta.dirname, "../../../bin/syncline");
const BYTES = 12_000_000;

interface Document {
  readonly files: readonly FileResult[];
  readonly wireBytes: number;
}

/** Runs a command beside the test; gives how it ended. */
function beside(
  node: TestNode,
  ...args: readonly string[]
): { readonly interrupt: () => void; readonly code: Promise<number> } {
  const child = spawn(LAUNCHER, ["--home", node.home, ...args], { stdio: "ignore" });
  return { interrupt: () => void child.kill("SIGINT"), code: once(child, "exit").then(([code]) => Number(code)) };
}

async function transfers(node: TestNode): Promise<readonly TransferView[]> {
  const { stdout } = await node.run("--json", "transfers", "list");
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TransferView & { type: string })
    .filter(({ type }) => type === "transfer");
}

async function doneBytes(node: TestNode): Promise<number> {
  const running = (await transfers(node)).find(({ state }) => state === "running");
  return running?.progress?.doneBytes ?? 0;
}

test("a download that was killed in the middle goes on there: what was verified is not sent again", {
  timeout: 300_000,
}, async () => {
  const [a, b] = await pairedNodes();
  const bytes = randomBytes(BYTES);
  const docs = `${a.directory}-docs`;
  await mkdir(docs);
  await writeFile(join(docs, "big.bin"), bytes);
  await a.json("folder", "add", docs, "--folder-id", "docs");
  await a.json("folder", "share", "docs", "--to", "bert", "--rights", "write");
  const place = join(b.home, "..", "place");
  await mkdir(place);
  const target = join(place, "big.bin");

  const limited = beside(b, "download", "anna:docs/big.bin", "-o", target, "--limit", "2M");
  await until(async () => (await doneBytes(b)) > BYTES / 3, "a third of the file", 120_000);
  await b.kill();
  expect(await limited.code).not.toBe(0);
  expect((await readdir(place)).every((name) => name.startsWith(".syncline-"))).toBe(true);
  await b.start();
  expect((await transfers(b)).map(({ state }) => state)).toEqual(["interrupted"]);
  await until(async () => (await b.run("list", "anna:docs")).code === 0, "the peer");
  const rest = await b.json<Document>("download", "anna:docs/big.bin", "-o", target);
  expect(await readFile(target)).toEqual(bytes);
  expect(rest.wireBytes).toBeLessThan(BYTES * 0.75);
  expect(await readdir(place)).toEqual(["big.bin"]);

  const upload = beside(b, "upload", target, "anna:docs/copy/up.bin", "--limit", "2M", "--no-resume");
  await until(
    async () =>
      (await transfers(b)).some(({ kind, state }) => kind === "upload" && state !== "running") ||
      (await doneBytes(b)) > 0,
    "the upload",
    60_000,
  );
  expect(await upload.code).toBe(0);
  expect(await readFile(join(docs, "copy", "up.bin"))).toEqual(bytes);
});

test("a transfer is paused and resumed from another terminal; Ctrl-C ends it at once and a retry completes it", {
  timeout: 300_000,
}, async () => {
  const [a, b] = await pairedNodes();
  const bytes = randomBytes(BYTES);
  await writeFile(join(a.directory, "big.bin"), bytes);
  await a.wait();
  await b.json("folder", "remove", "anna-files", "-y");
  const target = join(b.home, "..", "big.bin");
  const first = beside(b, "download", "anna:anna-files/big.bin", "-o", target, "--limit", "3M");
  await until(async () => (await doneBytes(b)) > 1_000_000, "some of the file", 60_000);
  const [running] = await transfers(b);
  expect(running).toMatchObject({ state: "running", kind: "download" });
  expect(await b.json("transfers", "pause", String(running?.id))).toMatchObject({ state: "paused" });
  const paused = (await transfers(b))[0];
  expect(paused?.state).toBe("paused");
  expect(await b.json("transfers", "resume", String(running?.id))).toMatchObject({ state: "running" });
  await until(async () => (await doneBytes(b)) > 6_000_000, "more of the file", 60_000);
  const before = performance.now();
  first.interrupt();
  expect(await first.code).toBe(130);
  expect(performance.now() - before).toBeLessThan(5000);
  await until(async () => (await transfers(b))[0]?.state === "interrupted", "the row to say so");
  const wrong = await b.run("--json", "transfers", "pause", String(running?.id));
  expect([wrong.code, JSON.parse(wrong.stderr)]).toMatchObject([8, { code: "E_TRANSFER_OVER" }]);
  const retried = await b.json<Document>("transfers", "retry", String(running?.id));
  expect(await readFile(target)).toEqual(bytes);
  expect(retried.wireBytes).toBeLessThan(BYTES);
  expect((await b.run("transfers", "cancel", "999")).code).toBe(4);
});
