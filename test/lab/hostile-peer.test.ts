/** A paired peer that lies, written with the daemon's own net client: nothing outside is touched, and the daemon lives on. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseHostPort } from "../../src/shared/host-port.ts";
import { type ContentId, type DeviceId, type FolderId, type RelPath, shortId } from "../../src/shared/ids.ts";
import type { IndexRecord } from "../../src/shared/messages.ts";
import { COUNTER_MAX } from "../../src/shared/version-vector.ts";
import { createHasher } from "../../src/sync/hash/blake3.ts";
import { TestNode as NetNode } from "../daemon/net/nodes.ts";
import { content, head } from "../peer/wire/samples.ts";
import { type TestNode, testNodes, until } from "../support/nodes.ts";
import { readTree, tree } from "../support/tree.ts";

interface Hostile extends AsyncDisposable {
  readonly net: NetNode;
  readonly folder: FolderId;
  /** Announces records after what was announced before. */
  announce(records: readonly Omit<IndexRecord, "sequence">[]): void;
  /** Connects anew after a connection that was closed. */
  again(): Promise<void>;
  /** Answers the next opening of the daemon. */
  answer(): Promise<void>;
}

const EPOCH = "hostile";

async function pairHostile(a: TestNode): Promise<Hostile> {
  const net = await NetNode.start();
  const { code } = await a.json<{ code: string }>("peer", "invite");
  const at = parseHostPort(await a.address()) ?? null;
  const { offer, device } = await net.net.join({ code, at }, AbortSignal.timeout(20_000));
  const folder = offer.folders[0]?.id as FolderId;
  await net.net.setShares(new Map([[device, offer.folders]]));
  const trust = {
    id: device,
    addresses: at === null ? [] : [{ address: at, origin: "static" as const, seenAt: 0 }],
    isPaused: false,
  };
  await net.net.setTrust([trust]);
  await net.seen("connected");
  let [sequence, answered] = [0, 0];
  const answer = async (): Promise<void> => {
    const opening = (): number =>
      net.messages.flatMap((one) => (one.type === "folder-state" && one.opening !== 0 ? [one.opening] : [])).at(-1) ??
      0;
    await until(async () => opening() !== answered, "the daemon to open");
    answered = opening();
    net.peer.send({
      type: "folder-state",
      folder,
      epoch: EPOCH,
      sequence,
      heldEpoch: "",
      heldSequence: 0,
      opening: 0,
      answers: answered,
    });
  };
  await answer();
  return {
    net,
    folder,
    announce: (records) => {
      const afterSequence = sequence;
      sequence += records.length;
      net.peer.send({
        type: "index-update",
        folder,
        epoch: EPOCH,
        afterSequence,
        lastSequence: sequence,
        records: records.map((record, position) => ({ ...record, sequence: afterSequence + position + 1 })),
        moves: [],
      });
    },
    again: async () => {
      const times = net.log.filter((line) => line.startsWith("connected")).length;
      const isConnected = (): boolean => net.net.peers.length > 0;
      if (isConnected()) return;
      await net.net.setTrust([]);
      await net.net.setTrust([trust]);
      await net.seen("connected", times + 1);
      await answer();
    },
    answer,
    [Symbol.asyncDispose]: () => net[Symbol.asyncDispose](),
  };
}

function record(path: string, fields: Parameters<typeof head>[0] = {}): Omit<IndexRecord, "sequence"> {
  return { info: { path: path as RelPath, heads: [head(fields)] }, chunkList: new Uint8Array(0) };
}

async function isAlive(a: TestNode, before: number): Promise<void> {
  expect(await a.pid()).toBe(before);
  await writeFile(join(a.directory, "alive.txt"), String(performance.now()));
  const { folders } = await a.json<{ folders: { state: string }[] }>("status");
  expect(["in-sync", "syncing", "scanning"]).toContain(folders[0]?.state);
}

test("forged paths and impossible numbers: the connection ends with a reason, nothing outside is touched", async () => {
  const [a] = await testNodes("anna");
  await tree(a.directory, { "keep.txt": "keep" });
  await a.up();
  const pid = await a.pid();
  await using hostile = await pairHostile(a);
  const place = join(a.directory, "..");
  const before = (await readdir(place)).sort();
  const self = shortId(hostile.net.identity.deviceId as DeviceId);
  const forged = [
    record("../evil.txt"),
    record("/etc/evil.txt"),
    record("a/../../evil.txt"),
    record(".syncline/marker.json"),
    record(".Syncline/store/x"),
    record("a\0b"),
    record("x".repeat(256)),
    record("huge.txt", { version: [[self, COUNTER_MAX]] }),
    record("huge.txt", { version: [[self, 2 ** 53 + 2]] }),
    record("huge.bin", { size: 2 ** 60 }),
  ];
  for (const [position, lie] of forged.entries()) {
    await hostile.again();
    const lost = hostile.net.log.filter((line) => line.startsWith("lost")).length;
    let isEncoded = true;
    try {
      hostile.announce([lie]);
    } catch {
      // Our own encoder refuses to say it at all.
      isEncoded = false;
    }
    if (isEncoded) await hostile.net.seen("lost", lost + 1);
    expect(
      hostile.net.log.filter((line) => line.startsWith("lost")).at(-1) ?? "lost x E_PROTOCOL",
      `lie ${position}`,
    ).toContain("E_PROTOCOL");
  }
  expect((await readdir(place)).sort()).toEqual(before);
  expect(await readTree(a.directory)).toEqual({ "keep.txt": "keep" });
  await isAlive(a, pid);
});

test("asking for what is not shared, ignored, deleted, private or outside gets one and the same answer", async () => {
  const [a] = await testNodes("anna");
  await tree(a.directory, {
    "keep.txt": "keep",
    "gone.txt": "gone",
    "secret.txt": "secret",
    ".synclineignore": "secret.txt\n",
  });
  const other = `${a.directory}-other`;
  await tree(other, { "private.txt": "private" });
  await a.up();
  const { folder: added } = await a.json<{ folder: { id: FolderId } }>("folder", "add", other);
  await a.wait();
  await rm(join(a.directory, "gone.txt"));
  await a.wait();
  // The version store goes too: what is kept there of a shared path may be served.
  await a.json("trash", "empty", "-y");
  const pid = await a.pid();
  const { code } = await a.json<{ code: string }>(
    "peer",
    "invite",
    "--folder",
    (await a.json<{ folders: { id: string }[] }>("status")).folders[0]?.id ?? "",
  );
  await using net = await NetNode.start();
  const at = parseHostPort(await a.address()) ?? null;
  const { offer, device } = await net.net.join({ code, at }, AbortSignal.timeout(20_000));
  await net.net.setShares(new Map([[device, offer.folders]]));
  await net.net.setTrust([
    { id: device, addresses: at === null ? [] : [{ address: at, origin: "static", seenAt: 0 }], isPaused: false },
  ]);
  await net.seen("connected");
  const folder = offer.folders[0]?.id as FolderId;
  const hasher = createHasher();
  const idOf = (text: string): ContentId =>
    Buffer.from(hasher.chunk(new TextEncoder().encode(text))).toString("hex") as ContentId;
  const ask = async (id: FolderId, path: string, contentId: ContentId, size: number, offset = 0): Promise<unknown> => {
    try {
      const { answer } = await net.peer.fetchChunks(
        id,
        [{ path: path as RelPath, contentId, offset, size }],
        AbortSignal.timeout(10_000),
      );
      return answer[0];
    } catch (error) {
      return String(error);
    }
  };
  expect(Buffer.from((await ask(folder, "keep.txt", idOf("keep"), 4)) as Uint8Array).toString()).toBe("keep");
  for (const [id, path, text, offset] of [
    [folder, "gone.txt", "gone", 0],
    [folder, "secret.txt", "secret", 0],
    [folder, "nowhere.txt", "nowhere", 0],
    [folder, "private.txt", "private", 0],
    [folder, "keep.txt", "keep", 4],
    [added.id, "private.txt", "private", 0],
    ["unheard-of" as FolderId, "private.txt", "private", 0],
  ] as const)
    expect(await ask(id, path, idOf(text), text.length, offset), path).toBeUndefined();
  for (const path of ["../anna-home/key.pem", "/etc/passwd", ".syncline/marker.json"]) {
    if (net.net.peers.length === 0)
      await net.seen("connected", net.log.filter((line) => line.startsWith("connected")).length + 1);
    expect(await ask(folder, path, content("b"), 5), path).not.toBeInstanceOf(Uint8Array);
  }
  await isAlive(a, pid);
});

test("wrong bytes are never installed, and a peer that may only read changes nothing", async () => {
  const [a] = await testNodes("anna");
  await tree(a.directory, { "keep.txt": "keep" });
  await a.up();
  const pid = await a.pid();
  await using hostile = await pairHostile(a);
  const self = shortId(hostile.net.identity.deviceId as DeviceId);
  const root = join(hostile.net.home, "folder");
  await mkdir(root, { recursive: true });
  await writeFile(join(root, "lie.txt"), "lies!");
  await hostile.net.index.write.openFolder(hostile.folder, EPOCH);
  await hostile.net.net.setFolders([{ id: hostile.folder, root }]);
  hostile.announce([record("lie.txt", { version: [[self, 5]], contentId: content("c") })]);
  await until(
    async () => (await a.run("why", join(a.directory, "lie.txt"))).stdout.includes("E_"),
    "the lie to be named",
  );
  expect(await readTree(a.directory)).toEqual({ "keep.txt": "keep" });

  await a.json("folder", "share", hostile.folder, "--to", "joiner", "--rights", "read");
  await hostile.answer();
  const future = BigInt(Date.now() + 86_400_000) * 1_000_000n;
  hostile.announce([
    record("keep.txt", { version: [[self, 2_000_000_000]], deleted: true, contentId: null, size: 0, mtimeNs: future }),
    record("dir", {
      version: [[self, 2_000_000_000]],
      type: "directory",
      contentId: null,
      size: 0,
      mtimeNs: 0n,
      mode: 0o755,
    }),
  ]);
  await until(async () => (await a.run("logs")).stdout.includes("may only read"), "the attempt to be logged");
  expect(await readTree(a.directory)).toEqual({ "keep.txt": "keep" });
  await isAlive(a, pid);
});

test("a flood of index updates does not stop the daemon from answering", async () => {
  const [a] = await testNodes("anna");
  await tree(a.directory, { "keep.txt": "keep" });
  await a.up();
  const pid = await a.pid();
  await using hostile = await pairHostile(a);
  const self = shortId(hostile.net.identity.deviceId as DeviceId);
  for (let round = 0; round < 12; round++)
    hostile.announce(
      Array.from({ length: 500 }, (_, i) =>
        record(`flood-${i}.txt`, { version: [[self, round + 1]], contentId: content("d") }),
      ),
    );
  const started = performance.now();
  await a.json("status");
  expect(performance.now() - started).toBeLessThan(5000);
  await isAlive(a, pid);
  const { folders } = await a.json<{ folders: { problems: unknown[] }[] }>("status");
  expect(folders[0]?.problems.length).toBeLessThanOrEqual(100);
  expect((await readTree(a.directory))["keep.txt"]).toBe("keep");
});
