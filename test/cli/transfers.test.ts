import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { NodeService } from "../../src/daemon/api/node-service.ts";
import type { FileResult } from "../../src/shared/api-transfers.ts";
import { SyncError } from "../../src/shared/errors.ts";
import { startTestNode, type TestNode } from "../support/command-line.ts";
import { type FakeService, fakeService } from "../support/fake-node-service.ts";
import { fakeFile, fakeLines, fakeTransfer } from "../support/fake-transfers.ts";

type Input<R extends "download" | "upload"> = Parameters<NodeService[R]>[0];

async function node(changes: Partial<FakeService> = {}): Promise<TestNode> {
  return await startTestNode(fakeService(changes));
}

/** A node that keeps what downloads and uploads it was asked for. */
async function askedNode(
  ...files: readonly FileResult[]
): Promise<TestNode & { readonly downloads: Input<"download">[]; readonly uploads: Input<"upload">[] }> {
  const downloads: Input<"download">[] = [];
  const uploads: Input<"upload">[] = [];
  const answer = files.length === 0 ? [fakeFile()] : files;
  const daemon = await node({
    download: (request) => {
      downloads.push(request);
      return fakeLines(...answer);
    },
    upload: (request) => {
      uploads.push(request);
      return fakeLines(...answer);
    },
  });
  return Object.assign(daemon, { downloads, uploads });
}

describe("download", () => {
  test("ends with file bytes, wire bytes, what was saved, and the way taken", async () => {
    await using daemon = await askedNode();
    const { exit, out, err } = await daemon.run(["download", "desk:docs/big.iso"], { cwd: "/home/ann" });
    expect(exit).toBe(0);
    expect(out).toBe(`big.iso → /home/ann/big.iso  sha256:${"ab".repeat(32)}\n`);
    expect(err).toBe(
      "1 file  1.0 MB in 1.5 s (666.7 kB/s)  wire 5.0 kB  bandwidth saved 99.5%  tcp: tcp is the connection that stands\n",
    );
    expect(daemon.downloads).toMatchObject([
      { peer: "desk", folder: "docs", path: "big.iso", output: "/home/ann", isDirectory: true, onDuplicate: "fail" },
    ]);
  });

  test("hands its flags on", async () => {
    await using daemon = await askedNode();
    const flags = ["--limit", "20M", "--transport", "tcp", "--delta", "off", "--compression", "on", "--no-resume"];
    await daemon.run(["get", "desk:docs/a", "-o", "x/", "--no-reuse", "--on-duplicate", "rename", ...flags], {
      cwd: "/w",
    });
    expect(daemon.downloads).toMatchObject([
      { output: "/w/x", isDirectory: true, reuse: false, onDuplicate: "rename", limit: 20_000_000, transport: "tcp" },
    ]);
    expect(daemon.downloads).toMatchObject([{ delta: "off", compression: "on", resume: false }]);
  });

  test("gives one document with --json, and the failure of the only file as its own", async () => {
    const failed = fakeFile({ outcome: "exists", code: "E_EXISTS", message: "/x exists", storedAs: null, hash: null });
    await using daemon = await node({
      async *download() {
        yield* fakeLines(failed);
        throw new SyncError("E_EXISTS", "/x exists");
      },
    });
    const { exit, out, err } = await daemon.run(["--json", "download", "desk:docs/big.iso"]);
    expect(exit).toBe(8);
    expect(JSON.parse(out)).toMatchObject({ v: 1, files: [{ path: "big.iso", outcome: "exists" }], failed: 1 });
    expect(JSON.parse(err)).toMatchObject({ code: "E_EXISTS", exit: 8 });
  });

  test("of several, some failed: each is named and the exit code says so", async () => {
    await using daemon = await node({
      async *download({ path }) {
        yield* fakeLines(fakeFile({ path }));
        if (path === "b") throw new SyncError("E_DISK_FULL", "no space left for b");
      },
    });
    const { exit, err } = await daemon.run(["download", "desk:docs/a", "desk:docs/b"]);
    expect(exit).toBe(3);
    expect(err).toContain("no space left for b");
    expect(err).toContain("2 files  2.0 MB");
  });

  test.each([
    [["download", "local.txt"], "is a local path"],
    [["download", "desk:"], "names no folder"],
    [["download", "desk:docs/a", "--limit", "x"], "is not a rate"],
    [["download", "desk:docs/a", "--on-duplicate", "ask"], "needs a terminal"],
    [["download", "desk:docs/a", "--transport", "pigeon"], "none of auto, tcp, udp"],
    [["--json", "download", "desk:docs/a", "-o", "-"], "both want standard output"],
    [["download", "desk:docs/a", "desk:docs/b", "-o", "-"], "takes one file"],
    [["transfers", "pause", "x"], "is not the number of a transfer"],
    [["stats", "--csv", "--json"], "exclude each other"],
    [["upload", "desk:docs/"], "what to send and where to"],
    [["upload", "lap:docs/a", "desk:docs/"], "lies on another device"],
    [["upload", "-", "a", "desk:docs/"], "by itself"],
    [["upload", "-", "desk:docs/"], "has no name"],
  ])("%j is a mistake of usage", async (argv, message) => {
    await using daemon = await node();
    const { exit, err } = await daemon.run(argv);
    expect(exit).toBe(2);
    expect(err).toContain(message);
  });

  test("asks what is to become of a name that exists, and runs again with the answer", async () => {
    const policies: string[] = [];
    await using daemon = await node({
      async *download({ onDuplicate }) {
        policies.push(onDuplicate);
        if (onDuplicate !== "fail") {
          yield* fakeLines(fakeFile());
          return;
        }
        yield* fakeLines(fakeFile({ outcome: "exists", code: "E_EXISTS", message: "it exists" }));
        throw new SyncError("E_EXISTS", "it exists");
      },
    });
    const asking = { isTerminal: true, answers: ["r"] };
    const { exit, err } = await daemon.run(["download", "desk:docs/big.iso", "--on-duplicate", "ask"], asking);
    expect(exit).toBe(0);
    expect(err).toContain("desk:docs/big.iso exists: overwrite, rename, skip, fail?");
    expect(policies).toEqual(["fail", "rename"]);
  });

  test("draws progress on a terminal, and takes it away", async () => {
    await using daemon = await node({
      async *download() {
        const progress = { id: 7, path: "big.iso", doneFiles: 0, files: 1, bytes: 1_000_000, transport: "tcp" };
        yield { type: "progress", ...progress, state: "running", doneBytes: 500_000, wireBytes: 2000 };
        yield { type: "progress", ...progress, state: "paused", doneBytes: 500_000, wireBytes: 2000 };
        yield { type: "progress", ...progress, state: "waiting", doneBytes: 500_000, wireBytes: 2000 };
        yield* fakeLines(fakeFile());
      },
    });
    const { out } = await daemon.run(["download", "desk:docs/big.iso", "--no-color"], { isTerminal: true });
    expect(out).toContain("━━━━━━━━━━            50%  500.0 kB/1.0 MB");
    expect(out).toContain("paused at 500.0 kB");
    expect(out).toContain("waiting for the other device to come back");
  });
});

describe("upload", () => {
  test("sends absolute paths; a slash at the end means a directory", async () => {
    await using daemon = await askedNode(fakeFile({ storedAs: "in/a_v2", outcome: "stored" }));
    const { exit } = await daemon.run(["put", "a b", "../c", "--", "desk:docs/in/"], { cwd: "/home/ann" });
    expect(exit).toBe(0);
    expect(daemon.uploads).toMatchObject([
      {
        peer: "desk",
        folder: "docs",
        path: "in",
        isDirectory: true,
        sources: [{ path: "/home/ann/a b" }, { path: "/home/c" }],
        onDuplicate: "version",
        isTemporary: false,
      },
    ]);
  });

  test("standard input goes through a copy that does not stay", async () => {
    await using daemon = await askedNode();
    const { exit } = await daemon.run(["upload", "-", "desk:docs/notes.txt"], { answers: ["one\n", "two\n"] });
    expect(exit).toBe(0);
    expect(daemon.uploads).toMatchObject([
      { isTemporary: true, path: "notes.txt", isDirectory: false, sources: [{ name: "notes.txt" }] },
    ]);
    expect(await readdir(join(daemon.home, "outgoing"))).toEqual([]);
  });

  test("tells what was there already", async () => {
    await using daemon = await askedNode(
      fakeFile({ path: "same", outcome: "unchanged", storedAs: null }),
      fakeFile({ path: "kept", outcome: "skipped", storedAs: null }),
      fakeFile({ path: "esc\u001B[2J", outcome: "failed", code: "E_CHANGING", message: "it changes" }),
    );
    const { out, err } = await daemon.run(["upload", "x", "desk:docs/"]);
    expect(out).toBe("same is there already, with the same content: nothing was changed\nkept exists: skipped\n");
    expect(err).toContain(String.raw`esc\x1b[2J: it changes (E_CHANGING)`);
    expect(err).toContain("0 files, 1 unchanged, 1 skipped, 1 failed");
  });
});

describe("transfers, stats and notices", () => {
  test("transfers are listed, paused, resumed, cancelled and run again", async () => {
    await using daemon = await node();
    expect((await daemon.run(["transfers", "list"])).out).toBe(
      "ID  STATE  WHAT        DEVICE  PATH           BYTES\n 7  done   ↓ download  desk    docs/big.iso  1.0 MB  bandwidth saved 99.5%\n",
    );
    expect((await daemon.run(["transfers", "pause", "7"])).out).toBe(
      "paused transfer 7: ↓ download  desk  docs/big.iso\n",
    );
    expect((await daemon.run(["transfers", "resume", "7"])).out).toContain("resumed transfer 7");
    expect((await daemon.run(["transfers", "cancel", "7"])).out).toContain("cancelled transfer 7");
    expect((await daemon.run(["transfers", "retry", "7"])).out).toContain("big.iso → ");
  });

  test("stats sum up, and are CSV with fields that hold anything", async () => {
    const odd = fakeTransfer({ path: 'a,"b"\nc', direction: "out", user: "bob" });
    await using daemon = await node({
      stats: async ({ direction }) => ({
        from: null,
        to: "2026-07-01T16:00:00.000Z",
        transfers: direction === "out" ? [odd] : [],
        totals: {
          ...{ transfers: 1, files: 1, fileBytes: 1000, wireBytes: 1100, durationMs: 3 },
          saved: { delta: 0, reuse: 0, compression: -100 },
        },
      }),
    });
    const human = await daemon.run(["stats"]);
    expect(human.err).toBe(
      "1 transfer, 1 file  1.0 kB  wire 1.1 kB  cost 10% more  (delta 0 B, reuse 0 B, compression -100 B)\n",
    );
    const { out } = await daemon.run(["stats", "--csv", "--direction", "out"]);
    const [head, row] = out.split("\r\n");
    expect(head).toMatch(/^id,kind,side,direction,device,user,folder,path,state,files,fileBytes,wireBytes,/);
    expect(row).toContain('7,download,asked,out,desk,bob,docs,"a,""b""\nc",done,1,1000000,5000,995000,0,0,1500,');
  });

  test("stats read times as people write them", async () => {
    const asked: unknown[] = [];
    await using daemon = await node({
      stats: async (request) => {
        asked.push(request);
        const saved = { delta: 0, reuse: 0, compression: 0 };
        const totals = { transfers: 0, files: 0, fileBytes: 0, wireBytes: 0, saved, durationMs: 0 };
        return { from: null, to: "2026-07-01T16:00:00.000Z", transfers: [], totals };
      },
    });
    await daemon.run(["stats", "--since", "2h", "--until", "2026-07-01T15:00:00Z", "--peer", "desk", "--limit", "5"]);
    expect(asked).toEqual([
      { from: "2026-07-01T14:00:00.000Z", to: "2026-07-01T15:00:00.000Z", peer: "desk", limit: 5 },
    ]);
  });

  test("notices name who, when and how often, and move no cursor", async () => {
    await using daemon = await node();
    const { out } = await daemon.run(["notices"]);
    expect(out).toMatch(/^\* 2026-07-01 .*photo\\x1b\[2J\.jpg was downloaded by desk \(bob\) 2 times\n$/);
    expect(JSON.parse((await daemon.run(["--json", "notices"])).out)).toMatchObject({
      unread: 1,
      notices: [{ count: 2 }],
    });
  });
});

test("a download to standard output prints the content and nothing else, and leaves no copy", async () => {
  await using daemon = await node({
    async *download({ output }) {
      await writeFile(output, "content\n");
      yield* fakeLines(fakeFile({ storedAs: output }));
    },
  });
  const { exit, out } = await daemon.run(["download", "desk:docs/a.txt", "-o", "-"]);
  expect([exit, out]).toEqual([0, "content\n"]);
  expect(await readdir(join(daemon.home, "incoming"))).toEqual([]);
});
