/** Uploads from browsers: what is taken, what is kept over a lost page and a lost daemon, and what becomes of it. */
import { createHash } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BatchDirectory } from "../../../src/daemon/dashboard/batches/batch-directory.ts";
import type { UploadBatchDeps } from "../../../src/daemon/dashboard/batches/upload-batch.ts";
import { UploadBatches } from "../../../src/daemon/dashboard/batches/upload-batches.ts";
import { systemRandom } from "../../../src/daemon/system-ports.ts";
import type { BatchFile } from "../../../src/shared/api-browser.ts";
import type { FileResult, TransferLine } from "../../../src/shared/api-transfers.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import { parseRelPath } from "../../../src/shared/ids.ts";
import { ManualClock } from "../../peer/support.ts";
import { until } from "../../support/nodes.ts";
import { silentLog } from "../../support/silent-log.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { readTree, tree } from "../../support/tree.ts";

const ANN = { device: null, deviceName: "laptop", user: null, role: "admin" } as const;
const BOB = { ...ANN, user: "bob", role: "user" } as const;
const WHERE = { peer: "self", folder: "docs", path: "in", onDuplicate: "version" } as const;

/** An engine that takes what it is given, and notes it. */
class FakeEngine {
  readonly taken: Record<string, string>[] = [];
  failure: SyncError | undefined;

  readonly upload: UploadBatchDeps["upload"] = (request) => this.#take(request);

  async *#take(request: Parameters<UploadBatchDeps["upload"]>[0]): AsyncGenerator<TransferLine> {
    const [source] = request.sources;
    if (source === undefined) return;
    yield { type: "started", id: 7, device: "laptop", folder: "docs", path: "in", local: "" };
    const tree = (await readTree(join(source.path, ".."))) as Record<string, string>;
    for (const [name, text] of flat(tree)) {
      if (this.failure !== undefined) throw this.failure;
      this.taken.push({ name, text });
      yield { type: "file", ...resultOf(`${request.path}/${name}`, text.length) };
    }
    yield { type: "summary" } as TransferLine;
  }
}

function flat(tree: Record<string, unknown>, base = ""): readonly (readonly [string, string])[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === "string"
      ? [[base + name, value] as const]
      : flat(value as Record<string, unknown>, `${base}${name}/`),
  );
}

function resultOf(path: string, fileBytes: number): FileResult {
  const saved = { delta: 0, reuse: 0, compression: 0 };
  const facts = { path, storedAs: path, fileBytes, wireBytes: 0, saved, transport: null, why: null, hash: null };
  return { ...facts, durationMs: 0, outcome: "stored", code: null, message: null };
}

async function setUp(engine: FakeEngine) {
  const directory = await temporaryDirectory();
  const clock = new ManualClock();
  const deps = {
    ...{ clock, random: systemRandom, log: silentLog, deviceName: () => "laptop" },
    ...{ directory: join(directory.path, "uploads"), upload: engine.upload },
  };
  const batches = new UploadBatches(deps);
  await batches.start();
  return { directory, deps, batches, clock };
}

function fileOf(
  name: string,
  size: number,
): Omit<BatchFile, "id" | "name"> & { name: ReturnType<typeof parseRelPath> } {
  return { name: parseRelPath(name), size, mtimeMs: 1_780_000_000_000 };
}

function piece(start: number, text: string, wrong = false) {
  const bytes = Buffer.from(text);
  return {
    start,
    bytes,
    sha256: createHash("sha256")
      .update(wrong ? "other" : bytes)
      .digest(),
  };
}

test("a file comes in pieces, each proven, and goes on where it was after a crash of the daemon", async () => {
  const engine = new FakeEngine();
  const { directory, deps, batches } = await setUp(engine);
  await using _ = directory;
  const { id } = await batches.open(WHERE, ANN);
  const file = fileOf("trip/a.txt", 10);
  const batch = batches.get(id, ANN);
  expect(await batch.fileState(file)).toEqual({ state: "none", received: 0 });
  expect(await batch.put(file, piece(0, "0123"))).toEqual({ state: "partial", received: 4 });
  await expect(batch.put(file, piece(0, "0123"))).rejects.toMatchObject({ code: "E_UPLOAD_OFFSET" });
  await expect(batch.put(file, piece(4, "4567", true))).rejects.toMatchObject({ code: "E_BAD_DATA" });
  await expect(batch.put(file, piece(4, "456789too long"))).rejects.toMatchObject({ code: "E_USAGE" });
  // A crash in the middle of a piece: bytes that no note proves.
  const parts = join(deps.directory, id, "parts");
  const [part = ""] = (await readdir(parts)).filter((name) => !name.endsWith(".notes"));
  await appendFile(join(parts, part), "45\0\0");

  const again = new UploadBatches(deps);
  await again.start();
  const resumed = again.get(id, ANN);
  expect(await resumed.fileState(file)).toEqual({ state: "partial", received: 4 });
  // Another version of the file is another one.
  expect(await resumed.fileState({ ...file, mtimeMs: 1 })).toEqual({ state: "none", received: 0 });
  expect(await resumed.put(file, piece(4, "456789"))).toEqual({ state: "whole", received: 10 });
  expect(await resumed.put(fileOf("empty", 0), piece(0, ""))).toEqual({ state: "whole", received: 0 });
  expect(resumed.view).toMatchObject({ state: "open", waitingFiles: 2, waitingBytes: 10 });
  await resumed.seal();
  await until(() => resumed.view.state === "done", "the batch to be done");
  expect(engine.taken.toSorted((a, b) => (a["name"] ?? "").localeCompare(b["name"] ?? ""))).toEqual([
    { name: "empty", text: "" },
    { name: "trip/a.txt", text: "0123456789" },
  ]);
  expect(resumed.settledSince(0).map(({ name, storedAs }) => [name, storedAs])).toEqual([
    ["empty", "in/empty"],
    ["trip/a.txt", "in/trip/a.txt"],
  ]);
  expect(await resumed.fileState(file)).toMatchObject({ state: "settled" });
  await expect(resumed.put(fileOf("late", 1), piece(0, "x"))).rejects.toMatchObject({ code: "E_TRANSFER_OVER" });
});

test("what stops the engine holds the batch, over a restart too, and nothing is sent twice", async () => {
  const engine = new FakeEngine();
  const { directory, deps, batches } = await setUp(engine);
  await using _ = directory;
  const { id } = await batches.open(WHERE, ANN);
  const batch = batches.get(id, ANN);
  await batch.put(fileOf("a.txt", 1), piece(0, "a"));
  engine.failure = new SyncError("E_PEER_OFFLINE", "desk is not connected");
  await batch.seal();
  await until(() => batch.view.state === "held", "the batch to be held");
  expect(batch.view).toMatchObject({ code: "E_PEER_OFFLINE", message: "desk is not connected", waitingFiles: 1 });
  engine.failure = undefined;
  await batches[Symbol.asyncDispose]();

  const again = new UploadBatches(deps);
  await again.start();
  await until(() => again.get(id, ANN).view.state === "done", "the batch to be done");
  expect(engine.taken).toEqual([{ name: "a.txt", text: "a" }]);
});

test("what waits to be placed is known after a restart, and not sent again", async () => {
  const { directory, deps, batches } = await setUp(new FakeEngine());
  await using _ = directory;
  const { id } = await batches.open(WHERE, ANN);
  const file = fileOf("trip/a.txt", 1);
  await batches.get(id, ANN).put(file, piece(0, "a"));
  await batches[Symbol.asyncDispose]();

  const again = new UploadBatches(deps);
  await again.start();
  expect(await again.get(id, ANN).fileState(file)).toEqual({ state: "whole", received: 1 });
  expect(again.get(id, ANN).view).toMatchObject({ waitingFiles: 1, waitingBytes: 1 });
});

test("what cannot be read of a batch is left where it is, and what had not begun goes", async () => {
  const { directory, deps } = await setUp(new FakeEngine());
  await using _ = directory;
  await tree(deps.directory, {
    broken: { "batch.json": "{", tree: { "a.txt": "a" } },
    jammed: { "batch.json": {}, tree: { "b.txt": "b" } },
    begun: { parts: {} },
  });
  await new UploadBatches(deps).start();
  expect(await readTree(deps.directory)).toEqual({
    broken: { "batch.json": "{", tree: { "a.txt": "a" } },
    jammed: { "batch.json": {}, tree: { "b.txt": "b" } },
  });
});

test("a piece costs what it is, and no reading of what came before it", async () => {
  const { directory, deps, batches } = await setUp(new FakeEngine());
  await using _ = directory;
  const { id } = await batches.open(WHERE, ANN);
  const batch = batches.get(id, ANN);
  const file = fileOf("a.txt", 10);
  await batch.put(file, piece(0, "0123"));
  const parts = join(deps.directory, id, "parts");
  const [part = ""] = (await readdir(parts)).filter((name) => !name.endsWith(".notes"));
  // Whoever read it again would find that it is not what was noted.
  await writeFile(join(parts, part), "xxxx");
  expect(await batch.put(file, piece(4, "4567"))).toEqual({ state: "partial", received: 8 });
});

test("a file comes whole while a round takes away what waits", async () => {
  const { directory, deps } = await setUp(new FakeEngine());
  await using _ = directory;
  const place = new BatchDirectory(join(deps.directory, "one"));
  await mkdir(join(place.path, "parts"), { recursive: true });
  const files = Array.from({ length: 300 }, (_, count) => fileOf(`d/${count}`, 0));
  const taken = new Set<string>();
  const round = async (): Promise<void> => {
    await place.round();
    for (const { name } of await place.waiting()) taken.add(name);
    await place.removeSettled(["d"]);
  };
  for (const file of files) {
    const part = await place.part(file);
    await Promise.all([place.takeWhole(part, file), round()]);
  }
  await round();
  expect(taken.size).toBe(files.length);
});

test("a batch is its own person's, and is forgotten with everything that came", async () => {
  const { directory, deps, batches, clock } = await setUp(new FakeEngine());
  await using _ = directory;
  const { id } = await batches.open(WHERE, BOB);
  await batches.get(id, BOB).put(fileOf("a.txt", 2), piece(0, "a"));
  expect(() => batches.get(id, ANN)).toThrow("no such upload");
  expect([batches.list(ANN).length, batches.list(BOB).length]).toEqual([0, 1]);
  expect(JSON.parse(await readFile(join(deps.directory, id, "batch.json"), "utf8"))).toMatchObject({ user: "bob" });
  await clock.advance(8 * 86_400_000);
  await batches.open(WHERE, ANN);
  expect(batches.list(BOB)).toEqual([]);
  expect((await readdir(deps.directory)).length).toBe(1);
});
