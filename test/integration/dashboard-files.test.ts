/** Files over the dashboard's HTTP interface: down from this node and from a peer, and up to both. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pairedNodes, type TestNode } from "../support/nodes.ts";
import { signIn } from "../support/sign-in.ts";

interface Ticket {
  readonly url: string;
}

const MIB = 1024 * 1024;
/** Room for a machine that is busy with other tests. */
const TEST_MS = 300_000;

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

async function folderOf(node: TestNode): Promise<string> {
  return (await node.json<{ folders: [{ id: string }] }>("folder", "list")).folders[0].id;
}

test(
  "files of this node and of a peer come by ticket: whole, in parts, taken up again, and as an archive",
  async () => {
    const [anna, bert] = await pairedNodes();
    const big = noise(9 * MIB + 123, 1);
    await mkdir(join(bert.directory, "trip/day"), { recursive: true });
    await writeFile(join(bert.directory, "trip/big.bin"), big);
    await writeFile(join(bert.directory, "trip/day/note.txt"), "a note\n");
    await writeFile(join(bert.directory, "trip/empty"), "");
    await bert.wait();
    await anna.json("config", "set", "dashboard", "127.0.0.1:0");
    const folder = await folderOf(anna);
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
  },
  TEST_MS,
);
