/** What runs and what is over: listed, cancelled, and run again by the command line and by the dashboard. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import type { TransferLine, TransferView } from "../../../src/shared/api-transfers.ts";
import { pairedNodes, type TestNode, until } from "../../support/nodes.ts";
import { signIn } from "../../support/sign-in.ts";

const LAUNCHER = resolve(import.meta.dirname, "../../../bin/syncline");
const BYTES = 3_000_000;

async function transfers(node: TestNode): Promise<readonly TransferView[]> {
  const { stdout } = await node.run("--json", "transfers", "list");
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TransferView & { type: string })
    .filter(({ type }) => type === "transfer");
}

test("what failed, was cancelled or came through a pipe: each is listed as that, and run again where it can be", {
  timeout: 300_000,
}, async () => {
  const [anna, bert] = await pairedNodes();
  const bytes = randomBytes(BYTES);
  await writeFile(join(anna.directory, "big.bin"), bytes);
  await anna.wait();
  const target = join(bert.home, "..", "big.bin");

  // Failed: the name is taken. Once it is free, the same transfer runs again.
  await writeFile(target, "in the way");
  const refused = await bert.run("--json", "download", "anna:anna-files/big.bin", "-o", target);
  expect([refused.code, JSON.parse(refused.stderr)]).toMatchObject([8, { code: "E_EXISTS" }]);
  const [failed] = await transfers(bert);
  expect(failed).toMatchObject({ state: "failed", code: "E_EXISTS", canRetry: true, progress: null });
  const again = await bert.run("transfers", "retry", String(failed?.id));
  expect([again.code, again.stderr]).toMatchObject([8, expect.stringContaining("exists")]);
  await rm(target);
  expect(await bert.json("transfers", "retry", String(failed?.id))).toMatchObject({ files: [{ outcome: "stored" }] });
  expect(await readFile(target)).toEqual(bytes);
  await rm(target);

  // Cancelled by another terminal; run again by the dashboard, which does not stay to watch.
  const child = spawn(
    LAUNCHER,
    ["--home", bert.home, "download", "anna:anna-files/big.bin", "-o", target, "--limit", "1M", "--no-reuse"],
    { stdio: "ignore" },
  );
  const ended = once(child, "exit").then(([code]) => Number(code));
  const running = async (): Promise<TransferView | undefined> =>
    (await transfers(bert)).find(({ state }) => state === "running");
  await until(async () => ((await running())?.progress?.doneBytes ?? 0) > BYTES / 6, "some of the file");
  const cut = await running();
  expect(cut).toMatchObject({ canRetry: false });
  expect(await bert.json("transfers", "cancel", String(cut?.id))).toMatchObject({ id: cut?.id });
  expect(await ended).toBe(130);
  const stateOf = async (id: number | undefined): Promise<string | undefined> =>
    (await transfers(bert)).find((one) => one.id === id)?.state;
  expect(await stateOf(cut?.id)).toBe("cancelled");
  await bert.json("config", "set", "dashboard", "127.0.0.1:0");
  const session = await signIn(bert);
  const begun = await session.post<TransferLine>(`/transfers/${cut?.id}/retry`, { unattended: true });
  expect(begun).toMatchObject({ type: "started", path: "big.bin" });
  const retried = begun.type === "started" ? begun.id : undefined;
  await until(async () => (await stateOf(retried)) === "done", "the transfer that nobody reads along");
  expect(await readFile(target)).toEqual(bytes);

  // Through a pipe: the copy that was sent is gone.
  const piped = await bert.type("a line", "upload", "-", "anna:anna-files/piped.txt");
  expect(piped.code).toBe(0);
  const last = (await transfers(bert)).at(-1);
  expect(last).toMatchObject({ kind: "upload", state: "done", canRetry: false });
  const refusal = await bert.run("--json", "transfers", "retry", String(last?.id));
  expect([refusal.code, JSON.parse(refusal.stderr)]).toMatchObject([8, { code: "E_TRANSFER_OVER" }]);
  expect((await session.ask("POST", `/transfers/${last?.id}/retry`, {})).status).toBe(409);
});

test("a transfer that nobody reads along ends with the node, and its row says so", { timeout: 300_000 }, async () => {
  const [anna, bert] = await pairedNodes();
  await writeFile(join(anna.directory, "big.bin"), randomBytes(BYTES));
  await anna.wait();
  const target = join(bert.home, "..", "big.bin");
  await writeFile(target, "in the way");
  const flags = ["--limit", "100k", "--no-reuse"];
  await bert.run("download", "anna:anna-files/big.bin", "-o", target, ...flags);
  await rm(target);
  await bert.json("config", "set", "dashboard", "127.0.0.1:0");
  const session = await signIn(bert);
  const [failed] = await transfers(bert);
  const begun = await session.post<{ readonly id: number }>(`/transfers/${failed?.id}/retry`, { unattended: true });
  expect((await bert.run("down")).code).toBe(0);
  await bert.start();
  expect((await transfers(bert)).find(({ id }) => id === begun.id)).toMatchObject({ state: "interrupted" });
});
