/** Files over the dashboard's HTTP interface: down from this node and from a peer, and up to both. */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Batch, SettledFile } from "../../src/shared/api-browser.ts";
import type { StatsHistory } from "../../src/shared/api-transfers.ts";
import { sharedPair, until } from "../support/nodes.ts";
import { signIn, type TestSession } from "../support/sign-in.ts";

interface Ticket {
  readonly url: string;
}

const pair = sharedPair();
const MIB = 1024 * 1024;
/** Room for a machine that is busy with other tests. */
const TEST_MS = 300_000;
const PIECE = 4 * MIB;

function noise(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let at = 0; at < size; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, Math.min(at, size - 4));
  }
  return bytes;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Sends a file to a batch as the page does. */
async function send(session: TestSession, id: string, name: string, bytes: Buffer): Promise<unknown> {
  const facts = new URLSearchParams({ name, size: String(bytes.length), mtimeMs: "1780000000000" });
  let state: unknown;
  for (let start = 0; start === 0 || start < bytes.length; start += PIECE) {
    const piece = bytes.subarray(start, start + PIECE);
    const digest = createHash("sha256").update(piece).digest("base64");
    const response = await session.put(`/batches/${id}/file?${facts}`, piece, {
      "Content-Digest": `sha-256=:${digest}:`,
      "Content-Range": `bytes ${start}-${start + piece.length - 1}/${bytes.length}`,
    });
    state = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(state));
  }
  return state;
}

async function settled(session: TestSession, id: string): Promise<readonly SettledFile[]> {
  await session.post(`/batches/${id}/seal`, {});
  let batch: (Batch & { readonly files: readonly SettledFile[] }) | undefined;
  await until(async () => {
    batch = (await (await session.ask("GET", `/batches/${id}`)).json()) as typeof batch;
    return batch?.state === "done" || batch?.state === "held";
  }, "the upload to be over");
  expect(batch).toMatchObject({ state: "done", message: null, failed: 0, waitingFiles: 0 });
  return [...(batch?.files ?? [])].sort((a, b) => a.name.localeCompare(b.name));
}

test(
  "files come from this node and a peer whole, in parts and as archives, and go to both in pieces",
  async () => {
    const [anna, bert, folder] = await pair();
    const big = noise(9 * MIB + 123, 1);
    await mkdir(join(bert.directory, "trip/day"), { recursive: true });
    await writeFile(join(bert.directory, "trip/big.bin"), big);
    await writeFile(join(bert.directory, "trip/day/note.txt"), "a note\n");
    await writeFile(join(bert.directory, "trip/empty"), "");
    await bert.wait();
    await anna.json("config", "set", "dashboard", "127.0.0.1:0");
    const session = await signIn(anna);

    for (const peer of ["self", "bert"]) {
      const ticket = await session.post<Ticket>("/tickets", { peer, folder, path: "trip/big.bin" });
      expect(ticket).toMatchObject({ name: "big.bin", type: "file", size: big.length });
      const first = await session.get(ticket.url, { Range: "bytes=0-3145727" });
      expect([first.status, first.headers.get("content-range")]).toEqual([206, `bytes 0-3145727/${big.length}`]);
      const begun = Buffer.from(await first.arrayBuffer());
      const tag = first.headers.get("etag") ?? "";
      expect((await session.get(ticket.url)).status).toBe(401);
      const second = await session.get(ticket.url, { Range: `bytes=${begun.length}-`, "If-Range": tag });
      expect(second.status).toBe(206);
      expect(sha256(Buffer.concat([begun, Buffer.from(await second.arrayBuffer())]))).toBe(sha256(big));

      const whole = await session.post<Ticket>("/tickets", { peer, folder, path: "trip/big.bin" });
      expect(sha256(Buffer.from(await (await session.get(whole.url)).arrayBuffer()))).toBe(sha256(big));

      const archive = await session.post<Ticket>("/tickets", { peer, folder, path: "trip" });
      expect(archive).toMatchObject({ type: "archive", size: null });
      const zip = Buffer.from(await (await session.get(archive.url)).arrayBuffer());
      expect(zip.subarray(-22).readUInt16LE(10)).toBe(4);
      for (const name of ["trip/big.bin", "trip/day/", "trip/day/note.txt", "trip/empty"])
        expect(zip.includes(name)).toBe(true);
      expect(zip.includes(big.subarray(5 * MIB, 5 * MIB + 4096))).toBe(true);

      const preview = await session.post<Ticket>("/tickets", {
        peer,
        folder,
        path: "trip/day/note.txt",
        use: "preview",
      });
      const shown = await session.get(preview.url);
      expect([shown.headers.get("content-type"), await shown.text()]).toEqual([
        "text/plain; charset=utf-8",
        "a note\n",
      ]);
    }
    const missing = await session.ask("POST", "/tickets", { folder, path: "nothing" });
    expect([missing.status, ((await missing.json()) as { code: string }).code]).toEqual([404, "E_PATH_NOT_FOUND"]);

    const { totals } = await anna.json<{ totals: { transfers: number; files: number; fileBytes: number } }>("stats");
    expect(totals.fileBytes).toBeGreaterThanOrEqual(big.length * 6);
    // Bert's people are told of what left their machine by hand.
    const { notices } = await bert.json<{ notices: { path: string; message: string }[] }>("notices");
    expect(notices.map(({ path }) => path)).toEqual(expect.arrayContaining(["trip/big.bin", "trip/day/note.txt"]));

    // Up: to a peer and to this node, by the same engine and the same policies.
    const note = Buffer.from("another note\n");
    for (const [peer, node] of [
      ["bert", bert],
      ["self", anna],
    ] as const) {
      const open = async (onDuplicate: string): Promise<string> =>
        (await session.post<Batch>("/batches", { peer, folder, path: `from-${peer}`, onDuplicate })).id;
      const id = await open("version");
      expect(await send(session, id, "deep/up.bin", big)).toMatchObject({ state: "whole", received: big.length });
      await send(session, id, "note.txt", note);
      expect(await settled(session, id)).toMatchObject([
        { name: "deep/up.bin", storedAs: `from-${peer}/deep/up.bin`, outcome: "stored", hash: `sha256:${sha256(big)}` },
        { name: "note.txt", storedAs: `from-${peer}/note.txt`, outcome: "stored" },
      ]);
      expect(sha256(await readFile(join(node.directory, `from-${peer}/deep/up.bin`)))).toBe(sha256(big));
      const renamed = await open("rename");
      await send(session, renamed, "note.txt", note);
      expect(await settled(session, renamed)).toMatchObject([
        { name: "note.txt", storedAs: `from-${peer}/note_v2.txt` },
      ]);
    }
    // What moved is told after a restart, too: by sync and by hand.
    await anna.down();
    await anna.start();
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const history = (await (await session.ask("GET", `/stats/history?from=${from}`)).json()) as StatsHistory;
    expect(history.totals.received).toBeGreaterThan(big.length * 4);
    expect(history.totals.sent).toBeGreaterThan(0);
    expect(history.totals.fileBytes).toBeGreaterThan(big.length * 6);
    expect(history.peers.map(({ name }) => name)).toEqual(["bert"]);
    expect(history.points.reduce((sum, { received }) => sum + received, 0)).toBe(history.totals.received);

    const outside = await session.post<Batch>("/batches", { folder, path: "" });
    await expect(send(session, outside.id, "../out.txt", note)).rejects.toThrow("E_BAD_PATH");
    const nowhere = await session.ask("POST", "/batches", { folder: "nothing-here", path: "" });
    expect(nowhere.status).toBe(404);
  },
  TEST_MS,
);

test("a list is looked at in windows, here and on a peer, and a bad pattern is told by its character", async () => {
  const [a, b, folder] = await pair();
  await mkdir(join(a.directory, "z"));
  for (const [name, size] of [
    ["b10.txt", 3],
    ["b9.txt", 2],
    ["a.txt", 1],
  ] as const)
    await writeFile(join(a.directory, name), "x".repeat(size));
  await a.wait();
  await a.json("config", "set", "dashboard", "127.0.0.1:0");
  const session = await signIn(a);
  const window = async (at: string, more: Record<string, string>): Promise<readonly string[]> => {
    const query = new URLSearchParams({ folder, offset: "0", limit: "2", sort: "natural", ...more });
    const text = await (await session.ask("GET", `${at}/list?${query}`)).text();
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { path?: string; total?: number; index?: number; code?: string })
      .map(({ path, total, code, index }) => path ?? (code === undefined ? `of ${total}` : `${code} at ${index}`));
  };
  for (const at of ["", "/at/bert"]) {
    expect(await window(at, { directoriesFirst: "true" })).toEqual(["z", "a.txt", "of 4"]);
    expect(await window(at, { directoriesFirst: "true", offset: "2" })).toEqual(["b9.txt", "b10.txt", "of 4"]);
    expect(await window(at, { offset: "9" })).toEqual(["of 4"]);
    expect(await window(at, { contains: "B", sort: "size" })).toEqual(["b10.txt", "b9.txt", "of 2"]);
    expect(await window(at, { regex: "^b\\d\\." })).toEqual(["b9.txt", "of 1"]);
    expect(await window(at, { regex: "b(" })).toEqual(["E_USAGE at 2"]);
  }
  await writeFile(join(a.directory, "b9.txt"), "longer than before");
  await a.wait();
  for (const at of ["", "/at/bert"]) expect(await window(at, { sort: "size" })).toEqual(["b9.txt", "b10.txt", "of 4"]);
  expect((await b.run("list", "--regex", "b(", `anna:${folder}`)).code).toBe(2);
});
