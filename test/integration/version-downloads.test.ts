/** Versions of files as whole files: by ticket, as a browser saves them, and by command; of this node and of a peer. */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TransferView } from "../../src/shared/api-transfers.ts";
import { pairedNodes, type TestNode, until } from "../support/nodes.ts";
import { signIn, type TestSession } from "../support/sign-in.ts";

const MIB = 1024 * 1024;
const BIG = 20 * MIB;
/** More than the buffers of a system hold between a daemon and a reader who does not read. */
const HUGE = 80 * MIB;
/** Room for a machine that is busy with other tests. */
const TEST_MS = 300_000;
const NOW = "what it says now\n";

interface Wanted {
  readonly peer: string;
  readonly folder: string;
  readonly path: string;
  readonly version: number;
}

interface Ticket {
  readonly url: string;
}

interface Scene {
  readonly anna: TestNode;
  readonly bert: TestNode;
  readonly folder: string;
  /** At anna's dashboard. */
  readonly session: TestSession;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function scene(): Promise<Scene> {
  const [anna, bert] = await pairedNodes();
  const { folders } = await anna.json<{ folders: [{ id: string }] }>("folder", "list");
  await anna.json("config", "set", "dashboard", "127.0.0.1:0");
  return { anna, bert, folder: folders[0].id, session: await signIn(anna) };
}

/** Puts a whole file in place at once: what is half written would be a version, too. */
async function put(node: TestNode, path: string, bytes: Uint8Array | string): Promise<void> {
  const beside = join(node.home, "..", "being written");
  await writeFile(beside, bytes);
  await rename(beside, join(node.directory, path));
}

/** The number of the only version of a path that `peer` has kept. */
async function keptBy(session: TestSession, { peer, folder, path }: Omit<Wanted, "version">): Promise<number> {
  const at = peer === "self" ? "" : `/at/${peer}`;
  const answer = await session.ask("GET", `${at}/versions?${new URLSearchParams({ folder, path })}`);
  const { versions } = (await answer.json()) as { versions: { version: number; kept: boolean; current: boolean }[] };
  const kept = versions.filter((version) => version.kept && !version.current);
  expect(kept).toHaveLength(1);
  return kept[0]?.version ?? 0;
}

async function codeOf(response: Response): Promise<unknown> {
  return [response.status, ((await response.json()) as { code: string }).code];
}

test("a version of any size comes from this node and from a peer, whole and by ranges, and its owner hears of it", {
  timeout: TEST_MS,
}, async () => {
  const { anna, bert, folder, session } = await scene();
  const path = "docs/report.bin";
  const [bertsKept, annasKept] = [randomBytes(BIG), randomBytes(BIG)] as const;
  // Each machine keeps what the other one replaced.
  await mkdir(join(bert.directory, "docs"));
  await put(bert, path, bertsKept);
  await bert.wait();
  await put(anna, path, annasKept);
  await anna.wait();
  await put(bert, path, NOW);
  await bert.wait();

  for (const [peer, bytes] of [
    ["self", annasKept],
    ["bert", bertsKept],
  ] as const) {
    const version = await keptBy(session, { peer, folder, path });
    const wanted: Wanted = { peer, folder, path, version };
    const name = `report.v${version}.bin`;
    const ticket = await session.post<Ticket>("/tickets", wanted);
    expect(ticket).toMatchObject({ name, type: "file", size: BIG, preview: null });
    const first = await session.get(ticket.url, { Range: `bytes=0-${5 * MIB - 1}` });
    expect([first.status, first.headers.get("content-range")]).toEqual([206, `bytes 0-${5 * MIB - 1}/${BIG}`]);
    const begun = Buffer.from(await first.arrayBuffer());
    expect((await session.get(ticket.url)).status).toBe(401);
    const tag = first.headers.get("etag") ?? "";
    const second = await session.get(ticket.url, { Range: `bytes=${begun.length}-`, "If-Range": tag });
    expect(second.status).toBe(206);
    expect(sha256(Buffer.concat([begun, Buffer.from(await second.arrayBuffer())]))).toBe(sha256(bytes));

    const again = await session.get((await session.post<Ticket>("/tickets", wanted)).url);
    expect(again.headers.get("content-disposition")).toContain(`filename="${name}"`);
    expect(sha256(Buffer.from(await again.arrayBuffer()))).toBe(sha256(bytes));

    // By command, under a name of its own unless another is given.
    const place = join(anna.home, "..", peer);
    const { files } = await anna.json<{ files: object[] }>(
      "get",
      `${peer}:${folder}/${path}@${version}`,
      "-o",
      `${place}/`,
    );
    expect(files).toMatchObject([
      { path, storedAs: join(place, name), outcome: "stored", hash: `sha256:${sha256(bytes)}` },
    ]);
    expect(sha256(await readFile(join(place, name)))).toBe(sha256(bytes));
    expect((await anna.run("transfers", "list")).stdout).toContain(`${folder}/${path}@${version} `);
  }
  const { transfers } = await anna.json<{ transfers: TransferView[] }>("stats", "--kind", "download");
  // Of each two ranges, the whole, and the command.
  const ended = Object.groupBy(transfers, ({ deviceName, state }) => `${deviceName} ${state}`);
  const counts = Object.fromEntries(Object.entries(ended).map(([how, rows]) => [how, rows?.length]));
  expect(counts).toEqual({ "null done": 4, "bert done": 4 });
  const served = await bert.json<{ transfers: TransferView[] }>("stats", "--kind", "download");
  expect([...transfers, ...served.transfers].filter(({ version }) => version === null)).toEqual([]);
  const { notices } = await bert.json<{ notices: object[] }>("notices");
  expect(notices).toMatchObject([{ path, count: 3 }]);
});

test("what was deleted is looked at and saved before it is brought back, until it is emptied out of the trash", {
  timeout: TEST_MS,
}, async () => {
  const { anna, bert, folder, session } = await scene();
  const bytes = randomBytes(HUGE);
  await put(anna, "big.bin", bytes);
  await put(anna, "note.txt", NOW);
  await anna.wait();
  await anna.json("delete", `self:${folder}/big.bin`, `self:${folder}/note.txt`, "-y");
  await anna.wait();
  const ofNote = { folder, path: "note.txt", version: 1 };
  const ofBig = { folder, path: "big.bin", version: 1 };

  const sources = [
    ["self", anna],
    ["bert", bert],
  ] as const;
  for (const [peer, node] of sources) {
    const look = await session.post<Ticket>("/tickets", { ...ofNote, peer, use: "preview" });
    expect(look).toMatchObject({ name: "note.v1.txt", preview: "text" });
    expect(await (await session.get(look.url)).text()).toBe(NOW);
    const saved = await session.get((await session.post<Ticket>("/tickets", { ...ofBig, peer })).url);
    expect(sha256(Buffer.from(await saved.arrayBuffer()))).toBe(sha256(bytes));

    // Emptied between asking and fetching it is refused, and in the middle it breaks off.
    const [late, cut] = [
      await session.post<Ticket>("/tickets", { ...ofBig, peer }),
      await session.post<Ticket>("/tickets", { ...ofBig, peer }),
    ];
    const cutOff = await session.get(cut.url);
    expect(cutOff.status).toBe(200);
    const reader = cutOff.body?.getReader();
    await reader?.read();
    await node.json("trash", "empty", "-y");
    expect(await codeOf(await session.get(late.url))).toEqual([404, "E_VERSION_NOT_FOUND"]);
    const rest = async (): Promise<void> => {
      while ((await reader?.read())?.done === false);
    };
    await expect(rest()).rejects.toThrow();
    const code = peer === "self" ? null : "bert";
    const broken = async (): Promise<boolean> => {
      const { transfers } = await anna.json<{ transfers: TransferView[] }>("stats", "--kind", "download");
      return transfers.some(
        ({ deviceName, state, code: why }) => deviceName === code && state === "failed" && why === "E_NO_SOURCE",
      );
    };
    await until(broken, "the transfer to have failed");
    expect(await codeOf(await session.ask("POST", "/tickets", { ...ofBig, peer }))).toEqual([
      404,
      "E_VERSION_NOT_FOUND",
    ]);
  }
});

test("a version is refused where its folder is, and told by its number only where no name ends so", {
  timeout: TEST_MS,
}, async () => {
  const { anna, bert, folder, session } = await scene();
  const hidden = `${bert.directory}-hidden`;
  await mkdir(hidden);
  await bert.json("folder", "add", hidden, "--folder-id", "hidden");
  await writeFile(join(hidden, "secret.txt"), NOW);
  await put(bert, "a.txt", NOW);
  await put(bert, "a.txt@1", "a name that ends so\n");
  await bert.wait();
  for (const path of ["hidden/secret.txt", `${folder}/a.txt`]) await bert.json("delete", `self:${path}`, "-y");
  await bert.wait();

  const secret = { peer: "bert", folder: "hidden", path: "secret.txt", version: 1 };
  for (const use of ["download", "preview"])
    expect(await codeOf(await session.ask("POST", "/tickets", { ...secret, use }))).toEqual([
      404,
      "E_FOLDER_NOT_FOUND",
    ]);
  expect((await anna.run("get", "bert:hidden/secret.txt@1")).code).toBe(4);
  const whole = { peer: "bert", folder, path: "", version: 1 };
  expect(await codeOf(await session.ask("POST", "/tickets", whole))).toEqual([400, "E_BAD_PATH"]);
  const other = { peer: "bert", folder, path: "a.txt", version: 2 };
  expect(await codeOf(await session.ask("POST", "/tickets", other))).toEqual([404, "E_VERSION_NOT_FOUND"]);

  const place = join(anna.home, "..", "got");
  await anna.json("get", `bert:${folder}/a.txt@1`, "-o", `${place}/`);
  expect(await readdir(place)).toEqual(["a.txt@1"]);
  await bert.json("delete", `self:${folder}/a.txt@1`, "-y");
  await bert.wait();
  await anna.json("get", `bert:${folder}/a.txt@1`, `bert:${folder}/a.txt@1@1`, "-o", `${place}/`);
  expect((await readdir(place)).sort()).toEqual(["a.txt@1", "a.v1.txt", "a.v1.txt@1"]);

  // A right that is taken away after asking counts at once.
  const ticket = await session.post<Ticket>("/tickets", { ...other, version: 1 });
  await bert.json("folder", "unshare", folder, "--from", "anna");
  expect(await codeOf(await session.get(ticket.url))).toEqual([404, "E_FOLDER_NOT_FOUND"]);
});
