import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadUdx } from "../../../src/peer/transport/udx.ts";
import type { FileResult } from "../../../src/shared/api-transfers.ts";
import { freePort } from "../../support/free-port.ts";
import { startLossyProxy } from "../../support/lossy-proxy.ts";
import { testNodes, until } from "../../support/nodes.ts";

interface Document {
  readonly files: readonly FileResult[];
  readonly transport: string;
  readonly why: string;
}

const BYTES = 6_000_000;
/** Enough for `auto` to measure. */
const MEASURED_BYTES = 70 * 1024 * 1024;

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

test("a file crosses UDP that loses and reorders packets, both ways; auto measures; blocked UDP is said so", {
  timeout: 300_000,
}, async ({ skip }) => {
  skip(loadUdx() === undefined, "udx-native is not installed: there are no transfers over UDP");
  const [a, b] = await testNodes("anna", "bert");
  await a.up();
  const port = Number((await a.address()).split(":").at(-1));
  const proxy = await startLossyProxy({ port, loss: 0.05, reorder: 0.05, tcpBytesPerMs: 10_000, seed: 7 });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const { code } = await a.json<{ code: string }>("peer", "invite");
  const flags = ["--name", "bert", "--listen", "127.0.0.1:0", "--no-discovery", "--dashboard", "off"];
  await b.json("join", code, b.directory, "--at", proxy.address, ...flags);
  await until(async () => {
    const { address } = await b.json<{ address: string | null }>("peer", "show", "anna");
    if (address === proxy.address) return true;
    // Both dial at first, and anna knows a way around: bert goes where anna does not find it, and dials where it came in.
    await b.down();
    await b.json("up", "--listen", `127.0.0.1:${await freePort()}`);
    await b.wait();
    return false;
  }, "a connection through the proxy");
  const place = join(a.home, "..");
  const directory = join(place, "docs");
  await mkdir(directory);
  await a.json("folder", "add", directory, "--folder-id", "docs");
  await a.json("folder", "share", "docs", "--to", "bert", "--rights", "write");

  const bytes = randomBytes(BYTES);
  await writeFile(join(directory, "big.bin"), bytes);
  await a.json("folder", "rescan", "docs");
  const got = join(place, "got.bin");
  const down = await b.json<Document>("download", "anna:docs/big.bin", "-o", got, "--transport", "udp", "--no-reuse");
  expect(down.files).toMatchObject([{ transport: "udp", why: "asked for", hash: sha256(bytes), outcome: "stored" }]);
  expect(down.files[0]?.wireBytes).toBeGreaterThan(BYTES);
  expect(sha256(await readFile(got))).toBe(sha256(bytes));
  expect(proxy.packets.dropped).toBeGreaterThan(10);
  expect(proxy.packets.reordered).toBeGreaterThan(10);

  const up = await b.json<Document>("upload", got, "anna:docs/back.bin", "--transport", "udp");
  expect(up.files).toMatchObject([{ transport: "udp", why: "asked for", hash: sha256(bytes), outcome: "stored" }]);
  expect(sha256(await readFile(join(directory, "back.bin")))).toBe(sha256(bytes));
  // The other end may open it as well: it waits for the first packet of the end that dialled.
  await writeFile(join(b.directory, "own.bin"), bytes.subarray(0, 1_000_000));
  await b.json(
    "folder",
    "rescan",
    (await b.json<{ folders: { id: string }[] }>("folder", "list")).folders[0]?.id ?? "",
  );
  const folder = (await a.json<{ folders: { id: string; path: string }[] }>("folder", "list")).folders.find(
    ({ path }) => path === a.directory,
  );
  const other = join(place, "other.bin");
  const from = `bert:${folder?.id}/own.bin`;
  const reverse = await a.json<Document>("download", from, "-o", other, "--transport", "udp", "--no-reuse");
  expect(reverse.files).toMatchObject([{ transport: "udp", outcome: "stored" }]);

  const large = randomBytes(MEASURED_BYTES);
  await writeFile(join(directory, "large.bin"), large);
  await a.json("folder", "rescan", "docs");
  expect(await b.json("peer", "show", "anna")).toMatchObject({ address: proxy.address });
  const measured = await b.json<Document>("download", "anna:docs/large.bin", "-o", join(place, "large.bin"));
  expect(measured.files).toMatchObject([{ hash: sha256(large), outcome: "stored" }]);
  expect(measured.why).toMatch(/^measured: [\d.]+ MB\/s over TCP, [\d.]+ MB\/s over UDP$/);

  // From here on nothing gets through.
  proxy.block();
  const blocked = await b.run("--json", "download", "anna:docs/big.bin", "-o", `${got}2`, "--transport", "udp");
  expect(blocked.code).toBe(6);
  expect(JSON.parse(blocked.stderr)).toMatchObject({
    code: "E_NO_TRANSPORT",
    message: expect.stringContaining("UDP does not get through to anna"),
    hint: expect.stringMatching(/UDP port \d+ through the firewall/),
  });
  const upload = ["upload", join(place, "large.bin"), "anna:docs/large2.bin"] as const;
  const auto = await b.json<Document>(...upload);
  expect(auto.files).toMatchObject([{ transport: "tcp", outcome: "stored" }]);
  expect(auto.why).toContain("UDP does not get through");
});
