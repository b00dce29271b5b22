/** What every form of the index must do. Run by each form's own test file. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FolderIndex } from "../../../src/sync/index/index-port.ts";
import {
  A,
  announced,
  B,
  C,
  change,
  contentId,
  directory,
  EPOCH,
  FOLDER,
  file,
  OTHER,
  path,
  stamp,
  tombstone,
} from "./rows.ts";

export function runIndexTests(name: string, open: () => Promise<FolderIndex & AsyncDisposable>): void {
  describe(name, () => {
    let index: FolderIndex & AsyncDisposable;

    beforeAll(async () => {
      index = await open();
    });

    beforeEach(async () => {
      await index.write.forgetFolder(FOLDER);
      await index.write.forgetFolder(OTHER);
      await index.write.openFolder(FOLDER, EPOCH);
    });

    afterAll(async () => {
      await index[Symbol.asyncDispose]();
    });

    function paths(rows: readonly { readonly path: string }[]): readonly string[] {
      return rows.map((row) => row.path);
    }

    describe("folders", () => {
      test("a folder is new once", async () => {
        expect(await index.write.openFolder(FOLDER, EPOCH)).toEqual({ isNew: false });
        expect(await index.write.openFolder(OTHER, "x")).toEqual({ isNew: true });
        expect(index.read.folder(FOLDER)).toEqual({ epoch: EPOCH, sequence: 0 });
        expect(index.read.folder("nobody" as typeof FOLDER)).toBeUndefined();
      });

      test("writes to an unknown folder are refused by name", async () => {
        await expect(index.write.commitLocal(OTHER, [change("a", file({ A: 1 }))])).rejects.toMatchObject({
          code: "E_FOLDER_NOT_FOUND",
          message: expect.stringContaining(OTHER),
        });
      });

      test("another epoch starts with empty trees and keeps what people keep", async () => {
        await index.write.commitLocal(
          FOLDER,
          [change("a", file({ A: 1 })), change("b", file({ A: 1 }), { stamp: null })],
          {
            nowMs: 10,
            versions: [version("a")],
            notes: [["key", "value"]],
          },
        );
        await index.write.commitRemote(FOLDER, B, "e", 5, [announced(5, "c", file({ B: 1 }))]);
        expect(await index.write.openFolder(FOLDER, "epoch-2")).toEqual({ isNew: true });
        expect(index.read.folder(FOLDER)).toEqual({ epoch: "epoch-2", sequence: 0 });
        expect(index.read.localBelow(FOLDER, "", "", 10)).toEqual([]);
        expect(index.read.remote(FOLDER, path("c"))).toEqual([]);
        expect(index.read.remoteState(FOLDER, B)).toEqual({ epoch: "", received: 0, ackedEpoch: "", acked: 0 });
        expect(index.read.pending(FOLDER, "live", "", 10)).toEqual([]);
        expect(index.read.totals(FOLDER)).toEqual({ files: 0, directories: 0, symlinks: 0, bytes: 0 });
        expect(index.read.versions(FOLDER, path("a"))).toHaveLength(1);
        expect(index.read.note(FOLDER, "key")).toBe("value");
        expect(await index.write.commitLocal(FOLDER, [change("a", file({ A: 2 }))])).toBe(1);
      });

      test("a forgotten folder leaves nothing of its own and nothing of another's is touched", async () => {
        await index.write.openFolder(OTHER, "x");
        for (const folder of [FOLDER, OTHER]) {
          await index.write.commitLocal(folder, [change("d/a", file({ A: 1 }))], {
            nowMs: 10,
            versions: [{ ...version("d/a"), folder }],
            conflicts: [
              {
                folder,
                path: path("d/a"),
                copyPath: path("d/b"),
                loser: file({ A: 1 }),
                winner: file({ B: 1 }),
                createdAtMs: 1,
              },
            ],
            notes: [["key", folder]],
          });
          await index.write.commitRemote(folder, B, "e", 5, [announced(5, "d/c", file({ B: 1 }))]);
        }
        await index.write.forgetFolder(FOLDER);
        expect(index.read.folder(FOLDER)).toBeUndefined();
        expect(index.read.local(FOLDER, path("d/a"))).toBeUndefined();
        expect(index.read.versionsOf(FOLDER, { deletedOnly: false, below: "", after: 0, limit: 9 })).toEqual([]);
        expect(index.read.conflicts(FOLDER, false)).toEqual([]);
        expect(index.read.note(FOLDER, "key")).toBeUndefined();
        expect(index.read.local(OTHER, path("d/a"))).toBeDefined();
        expect(index.read.pending(OTHER, "live", "", 9)).toEqual(["d/c"]);
        expect(index.read.conflicts(null, true)).toHaveLength(1);
        await index.write.openFolder(FOLDER, "epoch-2");
        expect(index.read.localBelow(FOLDER, "", "", 9)).toEqual([]);
        expect(index.read.remote(FOLDER, path("d/c"))).toEqual([]);
      });
    });

    describe("local rows", () => {
      test("sequences follow the order of the array, and the highest is returned", async () => {
        const last = await index.write.commitLocal(FOLDER, [
          change("b", file({ A: 1 })),
          change("a", file({ A: 1 })),
          change("c", file({ A: 1 })),
        ]);
        expect(last).toBe(3);
        expect(paths(index.read.localSince(FOLDER, 0, 10))).toEqual(["b", "a", "c"]);
        expect(paths(index.read.localSince(FOLDER, 1, 1))).toEqual(["a"]);
      });

      test("a row that is not announced keeps its sequence and takes the new stamp", async () => {
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 })), change("b", file({ A: 1 }))]);
        const last = await index.write.commitLocal(FOLDER, [
          change("a", file({ A: 1 }), { announce: false, stamp: stamp(9n) }),
        ]);
        expect(last).toBe(2);
        expect(index.read.local(FOLDER, path("a"))).toEqual({
          path: "a",
          heads: [file({ A: 1 })],
          stamp: stamp(9n),
          sequence: 1,
          owner: A,
        });
      });

      test("a row comes back as it was written", async () => {
        const heads = [
          file({ A: 3, B: 2 }, "x", { previous: contentId("p"), owner: "bob" }),
          tombstone({ A: 2, C: 1 }),
        ];
        const link = file({ A: 1 }, "", { type: "symlink", size: 0, contentId: null, target: "../ö" });
        await index.write.commitLocal(FOLDER, [
          change("d/ä", heads),
          change("d/link", link, { stamp: null }),
          change("d", directory({ A: 1 })),
        ]);
        expect(index.read.local(FOLDER, path("d/ä"))).toEqual({
          ...{ path: "d/ä", heads, stamp: stamp(), sequence: 1 },
          owner: "bob",
        });
        expect(index.read.local(FOLDER, path("d/link"))).toEqual({
          path: "d/link",
          heads: [link],
          stamp: null,
          sequence: 2,
          owner: A,
        });
        expect(index.read.local(FOLDER, path("d"))?.heads).toEqual([directory({ A: 1 })]);
        expect(index.read.local(FOLDER, path("x"))).toBeUndefined();
        expect(index.read.local(FOLDER, path("x/y"))).toBeUndefined();
      });

      test("the owner of what lives stays, whatever later versions say; their record stays as it came", async () => {
        const owned = (counters: Parameters<typeof file>[0], owner: string) => file(counters, "x", { owner });
        const ownerOf = (at: string) => index.read.local(FOLDER, path(at))?.owner;
        await index.write.commitLocal(FOLDER, [change("a", owned({ A: 1 }, "bob"))]);
        const stolen = owned({ A: 1, B: 1 }, "mallory");
        await index.write.commitLocal(FOLDER, [change("a", stolen)]);
        expect(index.read.local(FOLDER, path("a"))).toMatchObject({ owner: "bob", heads: [stolen] });
        await index.write.commitLocal(FOLDER, [change("a", owned({ A: 1, B: 2 }, "mallory"), { announce: false })]);
        expect(ownerOf("a")).toBe("bob");
        expect(index.read.localSince(FOLDER, 0, 9).map(({ owner }) => owner)).toEqual(["bob"]);
        await index.write.commitLocal(FOLDER, [change("a", { ...tombstone({ A: 2, B: 2 }), owner: "mallory" })]);
        expect(ownerOf("a")).toBe("bob");
        await index.write.commitLocal(FOLDER, [change("a", owned({ A: 3, B: 2 }, "eve"))]);
        expect(ownerOf("a")).toBe("eve");
      });

      test("children are the direct ones; below are all, in directory order, in pages", async () => {
        const tree = ["a", "a/b", "a/b/c", "a/b.x", "a/z", "a!", "a!/q", "a0", "a0/r", "b"];
        await index.write.commitLocal(
          FOLDER,
          tree.map((at) => change(at, file({ A: 1 }))),
        );
        expect(paths(index.read.localChildren(FOLDER, ""))).toEqual(["a", "a!", "a0", "b"]);
        expect(paths(index.read.localChildren(FOLDER, path("a")))).toEqual(["a/b", "a/b.x", "a/z"]);
        expect(paths(index.read.localChildren(FOLDER, path("none")))).toEqual([]);
        const inOrder = ["a", "a!", "a0", "b", "a/b", "a/b.x", "a/z", "a!/q", "a/b/c", "a0/r"];
        expect([...paths(index.read.localBelow(FOLDER, "", "", 99))].sort()).toEqual([...inOrder].sort());
        for (const below of ["", "a"] as const) {
          const all = paths(index.read.localBelow(FOLDER, path(below), "", 99));
          if (below === "a") expect(all).toEqual(["a/b", "a/b.x", "a/z", "a/b/c"]);
          for (const size of [1, 2, 3]) {
            const paged: string[] = [];
            for (;;) {
              const page = paths(index.read.localBelow(FOLDER, path(below), paged.at(-1) ?? "", size));
              if (page.length === 0) break;
              paged.push(...page);
            }
            expect(paged).toEqual(all);
          }
        }
      });

      test("names compare as bytes, so that pages never miss one", async () => {
        const names = ["ﬀ", "😀", "Z", "a", "é", "e\u0301"];
        await index.write.commitLocal(
          FOLDER,
          names.map((at) => change(at, file({ A: 1 }))),
        );
        const expected = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(paths(index.read.localBelow(FOLDER, "", "", 99))).toEqual(expected);
      });

      test("content is found where a live file of it is on the disk, in any folder", async () => {
        await index.write.openFolder(OTHER, "x");
        await index.write.commitLocal(FOLDER, [
          change("here", file({ A: 1 }, "same")),
          change("gone", tombstone({ A: 1 })),
          change("held", file({ A: 1 }, "same"), { stamp: null }),
          change("else", file({ A: 1 }, "different")),
        ]);
        await index.write.commitLocal(OTHER, [change("there", file({ A: 1 }, "same"))]);
        const found = index.read.localByContent(contentId("same"), 10).map((hit) => `${hit.folder}:${hit.row.path}`);
        expect([...found].sort()).toEqual(["papers:there", "photos:here"]);
        expect(index.read.localByContent(contentId("same"), 1)).toHaveLength(1);
        await index.write.commitLocal(FOLDER, [change("here", tombstone({ A: 2 }))]);
        expect(index.read.localByContent(contentId("same"), 10)).toHaveLength(1);
      });

      test("totals follow every kind of change", async () => {
        await index.write.commitLocal(FOLDER, [
          change("d", directory({ A: 1 })),
          change("d/a", file({ A: 1 })),
          change("d/b", file({ A: 1 }, "b", { size: 5 })),
          change("l", file({ A: 1 }, "", { type: "symlink", contentId: null, size: 0, target: "x" })),
        ]);
        expect(index.read.totals(FOLDER)).toEqual({ files: 2, directories: 1, symlinks: 1, bytes: 15 });
        await index.write.commitLocal(FOLDER, [
          change("d/a", file({ A: 2 }, "c", { size: 100 })),
          change("d/b", tombstone({ A: 2 })),
        ]);
        expect(index.read.totals(FOLDER)).toEqual({ files: 1, directories: 1, symlinks: 1, bytes: 100 });
        await index.write.forgetPaths(FOLDER, [path("d/a"), path("no/such")]);
        expect(index.read.totals(FOLDER)).toEqual({ files: 0, directories: 1, symlinks: 1, bytes: 0 });
        expect(index.read.local(FOLDER, path("d/a"))).toBeUndefined();
      });

      test("what a peer lacks is counted from its sequence", async () => {
        await index.write.commitLocal(FOLDER, [
          change("a", file({ A: 1 })),
          change("b", file({ A: 1 })),
          change("c", tombstone({ A: 1 })),
        ]);
        expect(index.read.localTotalsSince(FOLDER, 0)).toEqual({ files: 3, bytes: 20 });
        expect(index.read.localTotalsSince(FOLDER, 1)).toEqual({ files: 2, bytes: 10 });
        expect(index.read.localTotalsSince(FOLDER, 3)).toEqual({ files: 0, bytes: 0 });
      });
    });

    describe("remote rows", () => {
      test("a row that local heads do not cover waits until they do", async () => {
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 }))]);
        await index.write.commitRemote(FOLDER, B, "e", 7, [
          announced(6, "a", file({ A: 1, B: 1 })),
          announced(7, "b", file({ B: 1 })),
        ]);
        expect(index.read.remoteState(FOLDER, B)).toEqual({ epoch: "e", received: 7, ackedEpoch: "", acked: 0 });
        expect(index.read.remoteOf(FOLDER, B, path("a"))).toEqual({
          path: "a",
          heads: [file({ A: 1, B: 1 })],
          device: B,
          sequence: 6,
        });
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["a", "b"]);
        expect(index.read.pendingTotals(FOLDER)).toEqual({ files: 2, bytes: 20 });
        expect(index.read.appliedUpTo(FOLDER, B)).toBe(5);
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1, B: 1 }))]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["b"]);
        expect(index.read.appliedUpTo(FOLDER, B)).toBe(6);
        await index.write.commitLocal(FOLDER, [change("b", file({ B: 1 }))]);
        expect(index.read.pendingTotals(FOLDER)).toEqual({ files: 0, bytes: 0 });
        expect(index.read.appliedUpTo(FOLDER, B)).toBe(7);
        expect(index.read.appliedUpTo(FOLDER, C)).toBe(0);
      });

      test("a row that is known already never waits", async () => {
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 2, B: 1 }))]);
        await index.write.commitRemote(FOLDER, B, "e", 3, [announced(1, "a", file({ A: 1, B: 1 }))]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual([]);
        expect(index.read.appliedUpTo(FOLDER, B)).toBe(3);
      });

      test("covering one of two heads is not enough", async () => {
        await index.write.commitRemote(FOLDER, B, "e", 1, [announced(1, "a", [file({ B: 1 }), file({ C: 1 })])]);
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1, B: 1 }))]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["a"]);
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 2, B: 1, C: 1 }))]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual([]);
      });

      test("the winner of all heads decides whether a path waits as live or as deleted", async () => {
        await index.write.commitLocal(FOLDER, [change("kept", file({ A: 2 })), change("goes", file({ A: 1 }))]);
        await index.write.commitRemote(FOLDER, B, "e", 3, [
          announced(1, "kept", tombstone({ A: 1, B: 1 })),
          announced(2, "goes", tombstone({ A: 1, B: 1 })),
          announced(3, "never", tombstone({ B: 1 })),
        ]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["kept"]);
        expect(index.read.pending(FOLDER, "deleted", "", 9)).toEqual(["never", "goes"]);
        await index.write.commitRemote(FOLDER, C, "e", 1, [announced(1, "goes", file({ A: 1, C: 1 }))]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["goes", "kept"]);
        expect(index.read.pending(FOLDER, "deleted", "", 9)).toEqual(["never"]);
        await index.write.resetRemote(FOLDER, C);
        expect(index.read.pending(FOLDER, "deleted", "", 9)).toEqual(["never", "goes"]);
      });

      test("live paths come directories first, deletions children first, both in pages", async () => {
        const tree = ["d", "d/e", "d/e/f", "d/g", "h"];
        await index.write.commitRemote(
          FOLDER,
          B,
          "e",
          5,
          tree.map((at, i) => announced(i + 1, at, file({ B: 1 }))),
        );
        await index.write.commitRemote(
          FOLDER,
          C,
          "e",
          5,
          tree.map((at, i) => announced(i + 1, `x/${at}`, tombstone({ C: 1 }))),
        );
        const page = (kind: "live" | "deleted", size: number) => {
          const all: string[] = [];
          for (;;) {
            const next = index.read.pending(FOLDER, kind, all.at(-1) ?? "", size);
            if (next.length === 0) return all;
            all.push(...next);
          }
        };
        expect(page("live", 2)).toEqual(["d", "h", "d/e", "d/g", "d/e/f"]);
        expect(page("deleted", 2)).toEqual(["x/d/e/f", "x/d/g", "x/d/e", "x/h", "x/d"]);
      });

      test("a live local row that the disk lacks waits, once, whoever else wants the path", async () => {
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 }), { stamp: null })]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["a"]);
        await index.write.commitRemote(FOLDER, B, "e", 1, [announced(1, "a", file({ A: 1, B: 1 }))]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["a"]);
        expect(index.read.pendingTotals(FOLDER).files).toBe(1);
        await index.write.settle(FOLDER, [{ path: path("a"), heads: [file({ A: 1, B: 1 })] }]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["a"]);
        expect(index.read.appliedUpTo(FOLDER, B)).toBe(1);
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 }), { announce: false })]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual([]);
      });

      test("settled rows wait no longer, and wait again when they are reconsidered", async () => {
        await index.write.commitRemote(FOLDER, B, "e", 2, [
          announced(1, "a", file({ B: 1 })),
          announced(2, "d/b", tombstone({ B: 1 })),
        ]);
        await index.write.commitRemote(FOLDER, C, "e", 1, [announced(1, "a", file({ C: 1 }))]);
        await index.write.settle(FOLDER, [
          { path: path("a"), heads: [file({ B: 1, C: 1 })] },
          { path: path("d/b"), heads: [tombstone({ B: 1 })] },
          { path: path("no/such"), heads: [] },
        ]);
        expect(index.read.pendingTotals(FOLDER)).toEqual({ files: 0, bytes: 0 });
        expect(index.read.appliedUpTo(FOLDER, B)).toBe(2);
        expect(index.read.remote(FOLDER, path("a"))).toHaveLength(2);
        await index.write.reconsider(FOLDER);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["a"]);
        expect(index.read.pending(FOLDER, "deleted", "", 9)).toEqual(["d/b"]);
        expect(index.read.pendingTotals(FOLDER)).toEqual({ files: 2, bytes: 10 });
      });

      test("what a peer tells while a path is settled waits", async () => {
        await index.write.commitRemote(FOLDER, B, "e", 1, [announced(1, "a", file({ B: 1 }))]);
        await index.write.commitRemote(FOLDER, B, "e", 2, [announced(2, "a", file({ B: 2 }))]);
        await index.write.settle(FOLDER, [{ path: path("a"), heads: [file({ B: 1 })] }]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["a"]);
        expect(index.read.appliedUpTo(FOLDER, B)).toBe(1);
      });

      test("forgotten paths wait no longer and are nobody's deletion", async () => {
        await index.write.commitLocal(FOLDER, [
          change("a", file({ A: 1 })),
          change("w", file({ A: 1 }), { stamp: null }),
        ]);
        await index.write.commitRemote(FOLDER, B, "e", 1, [announced(1, "a", file({ A: 1, B: 1 }))]);
        await index.write.forgetPaths(FOLDER, [path("a"), path("w")]);
        expect(index.read.pendingTotals(FOLDER)).toEqual({ files: 0, bytes: 0 });
        expect(index.read.localSince(FOLDER, 0, 9)).toEqual([]);
        expect(index.read.remoteOf(FOLDER, B, path("a"))).toBeDefined();
      });

      test("another epoch of the peer drops what was stored of the one before", async () => {
        await index.write.setAcked(FOLDER, B, EPOCH, 4);
        await index.write.commitRemote(FOLDER, B, "e1", 9, [
          announced(9, "a", file({ B: 1 })),
          announced(8, "b", file({ B: 1 })),
        ]);
        await index.write.commitRemote(FOLDER, B, "e2", 1, [announced(1, "b", file({ B: 1 }))]);
        expect(index.read.remote(FOLDER, path("a"))).toEqual([]);
        expect(index.read.pending(FOLDER, "live", "", 9)).toEqual(["b"]);
        expect(index.read.remoteState(FOLDER, B)).toEqual({ epoch: "e2", received: 1, ackedEpoch: EPOCH, acked: 4 });
        expect(index.read.appliedUpTo(FOLDER, B)).toBe(0);
      });

      test("news older than what is stored changes nothing", async () => {
        await index.write.commitRemote(FOLDER, B, "e", 9, [announced(9, "a", file({ B: 2 }))]);
        await index.write.commitRemote(FOLDER, B, "e", 3, [announced(3, "a", file({ B: 1 }))]);
        expect(index.read.remoteOf(FOLDER, B, path("a"))?.sequence).toBe(9);
        expect(index.read.remoteState(FOLDER, B).received).toBe(9);
      });

      test("an announced chunk list is there until its row is applied", async () => {
        const list = Uint8Array.of(1, 2, 3);
        await index.write.commitRemote(FOLDER, B, "e", 2, [
          announced(1, "a", file({ B: 1 }), list),
          announced(2, "b", file({ B: 1 }), list),
        ]);
        expect(index.read.announcedChunkList(FOLDER, B, path("a"))).toEqual(list);
        expect(index.read.announcedChunkList(FOLDER, C, path("a"))).toBeUndefined();
        await index.write.commitLocal(FOLDER, [change("a", file({ B: 1 }))]);
        expect(index.read.announcedChunkList(FOLDER, B, path("a"))).toBeUndefined();
        await index.write.commitRemote(FOLDER, B, "e", 3, [announced(3, "b", file({ B: 2 }))]);
        expect(index.read.announcedChunkList(FOLDER, B, path("b"))).toBeUndefined();
      });
    });

    describe("history", () => {
      const at = (below: string, ms: number) =>
        index.read.historyAt(FOLDER, below, ms, "", 99).map(
          (row) =>
            `${row.path}=${
              row.head.deleted
                ? "-"
                : Buffer.from(row.head.contentId ?? "", "hex")
                    .toString()
                    .replaceAll("\0", "")
            }@${row.fromMs}`,
        );

      test("each moment shows what stood then", async () => {
        await index.write.commitLocal(
          FOLDER,
          [change("d/a", file({ A: 1 }, "one")), change("d/b", file({ A: 1 }, "bee"))],
          { nowMs: 100 },
        );
        await index.write.commitLocal(FOLDER, [change("d/a", file({ A: 2 }, "two"))], { nowMs: 200 });
        await index.write.commitLocal(FOLDER, [change("d/a", tombstone({ A: 3 }))], { nowMs: 300 });
        expect(at("", 99)).toEqual([]);
        expect(at("", 100)).toEqual(["d/a=one@100", "d/b=bee@100"]);
        expect(at("d", 250)).toEqual(["d/a=two@200", "d/b=bee@100"]);
        expect(at("d/a", 199)).toEqual(["d/a=one@100"]);
        expect(at("d/a", 300)).toEqual(["d/a=-@300"]);
        expect(at("x", 300)).toEqual([]);
      });

      test("metadata alone is no new value, and a clock set back loses nothing", async () => {
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 }, "one"))], { nowMs: 100 });
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 2 }, "one", { mode: 0o600 }))], { nowMs: 200 });
        expect(at("", 250)).toEqual(["a=one@100"]);
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 3 }, "two"))], { nowMs: 300 });
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 4 }, "three"))], { nowMs: 50 });
        expect(at("", 299)).toEqual(["a=one@100"]);
        expect(at("", 300)).toEqual(["a=three@300"]);
      });

      test("pages hold each path once", async () => {
        const tree = ["d", "d/a", "d/b", "e/f", "d/s/x"];
        await index.write.commitLocal(
          FOLDER,
          tree.map((path) => change(path, file({ A: 1 }, "one"))),
          { nowMs: 100 },
        );
        await index.write.commitLocal(FOLDER, [change("d/a", file({ A: 2 }, "two"))], { nowMs: 200 });
        for (const below of ["", "d"]) {
          const all = paths(index.read.historyAt(FOLDER, below, 150, "", 99));
          const paged: string[] = [];
          for (;;) {
            const page = paths(index.read.historyAt(FOLDER, below, 150, paged.at(-1) ?? "", 1));
            if (page.length === 0) break;
            paged.push(...page);
          }
          expect(paged).toEqual(all);
          expect(new Set(all).size).toBe(below === "" ? 5 : 4);
        }
      });
    });

    describe("what is kept for people", () => {
      test("versions are numbered from one for each path, and never twice", async () => {
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 }))], {
          nowMs: 1,
          versions: [version("a"), version("b"), version("a", "two")],
        });
        expect(index.read.versions(FOLDER, path("a")).map((row) => row.version)).toEqual([1, 2]);
        await index.write.updateVersions(FOLDER, [{ path: path("a"), version: 2, storedAs: null }]);
        await index.write.commitLocal(FOLDER, [], { nowMs: 2, versions: [version("a", "three")] });
        expect(index.read.versions(FOLDER, path("a")).map((row) => [row.version, row.storedAs])).toEqual([
          [1, "store-one"],
          [2, null],
          [3, "store-three"],
        ]);
        expect(index.read.versions(FOLDER, path("a"))[0]).toEqual({ ...version("a"), version: 1 });
        await expect(
          index.write.updateVersions(FOLDER, [{ path: path("a"), version: 9, storedAs: null }]),
        ).rejects.toMatchObject({
          code: "E_VERSION_NOT_FOUND",
        });
      });

      test("versions given to another folder keep their numbers behind those that are there; what is not stored there stays", async () => {
        const other = "other" as typeof FOLDER;
        await index.write.openFolder(other, "epoch-other");
        await index.write.commitLocal(FOLDER, [], {
          nowMs: 1,
          versions: [version("a"), { ...version("a", "two"), storedAs: null as string | null }, version("a", "three")],
        });
        await index.write.commitLocal(other, [], { nowMs: 1, versions: [{ ...version("b", "own"), folder: other }] });
        const stored = [{ version: 1, storedAs: "store-there", stamp: stamp(77n) }];
        await index.write.giveVersions(FOLDER, other, [{ from: path("a"), to: path("b"), stored }]);
        const rows = index.read.versions(other, path("b"));
        expect(rows.map((row) => [row.version, row.storedAs, row.stamp?.ino ?? null])).toMatchObject([
          [1, "store-own", expect.anything()],
          [2, "store-there", 77n],
          [3, null, null],
        ]);
        expect(rows[1]).toMatchObject({ head: version("a").head, by: version("a").by, origin: version("a").origin });
        expect(index.read.versions(FOLDER, path("a")).map((row) => row.version)).toEqual([3]);
      });

      test("kept versions are listed newest first, in pages, by origin and place", async () => {
        await index.write.commitLocal(FOLDER, [], {
          nowMs: 1,
          versions: [
            version("d/a"),
            { ...version("d/b", "two"), origin: "deleted" },
            { ...version("e", "five"), origin: "deleted" },
            version("e", "three"),
            { ...version("d", "four"), storedAs: null as string | null },
          ],
        });
        const list = (options: {
          deletedOnly?: boolean;
          newestOnly?: boolean;
          below?: string;
          after?: number;
          limit?: number;
        }) => index.read.versionsOf(FOLDER, { deletedOnly: false, below: "", after: 0, limit: 9, ...options });
        expect(paths(list({}))).toEqual(["e", "e", "d/b", "d/a"]);
        expect(paths(list({ newestOnly: true }))).toEqual(["e", "d/b", "d/a"]);
        expect(paths(list({ deletedOnly: true }))).toEqual(["e", "d/b"]);
        expect(paths(list({ deletedOnly: true, newestOnly: true }))).toEqual(["d/b"]);
        expect(paths(list({ below: "d" }))).toEqual(["d/b", "d/a"]);
        expect(paths(list({ limit: 3 }))).toEqual(["e", "e", "d/b"]);
        expect(paths(list({ limit: 3, after: list({ limit: 3 }).at(-1)?.cursor ?? 0 }))).toEqual(["d/a"]);
        expect(index.read.isStored(FOLDER, "store-three")).toBe(true);
        expect(index.read.isStored(FOLDER, "store-four")).toBe(false);
        expect(index.read.isStored(OTHER, "store-three")).toBe(false);
        expect(index.read.versionByContent(contentId("three"))?.path).toBe("e");
        expect(index.read.versionByContent(contentId("four"))).toBeUndefined();
      });

      test("a conflict is settled, and opened again", async () => {
        const conflict = {
          folder: FOLDER,
          path: path("a"),
          copyPath: path("a.copy"),
          loser: file({ A: 1 }),
          winner: file({ B: 1 }),
          createdAtMs: 5,
        };
        await index.write.commitLocal(FOLDER, [], { nowMs: 5, conflicts: [conflict] });
        const [row] = index.read.conflicts(FOLDER, true);
        expect(row).toEqual({ ...conflict, id: row?.id, resolution: null, resolvedAtMs: null, undo: null });
        await index.write.settleConflict(row?.id ?? 0, "keep-copy", 9, '{"x":1}');
        expect(index.read.conflicts(null, true)).toEqual([]);
        expect(index.read.conflict(row?.id ?? 0)).toMatchObject({
          resolution: "keep-copy",
          resolvedAtMs: 9,
          undo: '{"x":1}',
        });
        await index.write.settleConflict(row?.id ?? 0, null, 10, null);
        expect(index.read.conflicts(OTHER, false)).toEqual([]);
        expect(index.read.conflicts(FOLDER, true)).toEqual([row]);
        await expect(index.write.settleConflict(77, "gone", 1, null)).rejects.toMatchObject({
          code: "E_CONFLICT_NOT_FOUND",
        });
      });

      test("events have rising numbers and are filtered", async () => {
        const event = {
          timeMs: 1,
          type: "file.changed",
          folder: FOLDER,
          path: "a",
          device: "laptop",
          user: null,
          data: { size: 1 },
        };
        const ids = await index.write.addEvents([
          event,
          { ...event, type: "peer.lost", folder: null },
          { ...event, folder: OTHER },
        ]);
        expect(ids).toEqual([...ids].sort((a, b) => a - b));
        const before = (ids[0] ?? 0) - 1;
        expect(index.read.events({ since: before, limit: 9 })).toHaveLength(3);
        expect(index.read.events({ since: ids[0] ?? 0, limit: 1 })).toEqual([
          { ...event, id: ids[1], type: "peer.lost", folder: null },
        ]);
        expect(index.read.events({ since: before, limit: 9, folder: OTHER }).map((row) => row.id)).toEqual([ids[2]]);
        expect(index.read.events({ since: before, limit: 9, type: "peer.lost" }).map((row) => row.id)).toEqual([
          ids[1],
        ]);
        expect(index.read.lastEvents(2).map((row) => row.id)).toEqual(ids.slice(1));
      });

      test("only the last 10,000 events are kept", async () => {
        const event = { timeMs: 1, type: "x", folder: null, path: null, device: null, user: null, data: {} };
        const ids = await index.write.addEvents(Array.from({ length: 10_003 }, () => event));
        const [first] = index.read.events({ since: 0, limit: 1 });
        expect(first?.id).toBe(ids[3]);
      });

      test("a note is set, replaced and removed", async () => {
        await index.write.setNote(FOLDER, "brake", "1");
        await index.write.setNote(FOLDER, "brake", "2");
        expect(index.read.note(FOLDER, "brake")).toBe("2");
        await index.write.commitLocal(FOLDER, [], {
          nowMs: 1,
          notes: [
            ["brake", null],
            ["other", "x"],
          ],
        });
        expect(index.read.note(FOLDER, "brake")).toBeUndefined();
        expect(index.read.note(FOLDER, "other")).toBe("x");
      });

      test("chunk lists of many chunks are stored once, in their stored form", async () => {
        const list = { sizes: Uint32Array.of(5, 6), hashes: new Uint8Array(64).fill(9) };
        const single = { sizes: Uint32Array.of(5), hashes: new Uint8Array(32) };
        await index.write.putChunkLists([
          [contentId("many"), list],
          [contentId("one"), single],
        ]);
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 }, "many"))], {
          nowMs: 1,
          chunkLists: [[contentId("many"), list]],
        });
        expect(index.read.chunkList(contentId("many"))).toHaveLength(72);
        expect(index.read.chunkList(contentId("one"))).toBeUndefined();
      });

      test("chunks are found by their keys, by what they are in, as long as their list is there", async () => {
        const of = (...bytes: readonly number[]) => ({
          sizes: new Uint32Array(bytes.length).fill(6),
          hashes: Uint8Array.from(bytes.flatMap((byte) => Array.from({ length: 32 }, () => byte))),
        });
        const key = (byte: number): number => byte * 0x010101010101;
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 }, "first"))], {
          nowMs: 1,
          chunkLists: [[contentId("first"), of(201, 202, 203, 204)]],
        });
        await index.write.putChunkLists([
          [contentId("next"), of(201, 202, 203, 205)],
          [contentId("other"), of(210, 204)],
        ]);
        const found = index.read.chunkFamilies(Float64Array.of(key(202), key(205), key(210), key(99)));
        expect([...found.values()].map((keys) => [...keys].sort())).toEqual([[key(202), key(205)], [key(210)]]);
        expect([...found.keys()].map((family) => index.read.contentsOfFamily(family))).toEqual([
          [contentId("next"), contentId("first")],
          [contentId("other")],
        ]);
        for (let look = 0; look < 2; look++) await index.write.prune(FOLDER, [], 0);
        expect(index.read.chunkFamilies(Float64Array.of(key(205), key(210)))).toEqual(new Map());
        expect(index.read.chunkFamilies(Float64Array.of(key(202), key(204))).size).toBe(1);
      });

      test("a content is looked for in the folders that are usable only", async () => {
        await index.write.openFolder(OTHER, "x");
        for (const folder of [OTHER, FOLDER]) {
          await index.write.commitLocal(folder, [change("a", file({ A: 1 }, "same"))], {
            nowMs: 1,
            versions: [{ ...version("k", "same"), folder }],
          });
        }
        const isOther = (folder: string): boolean => folder === OTHER;
        expect(index.read.localByContent(contentId("same"), 1, isOther)).toMatchObject([{ folder: OTHER }]);
        expect(index.read.localByContent(contentId("same"), 4)).toHaveLength(2);
        expect(index.read.versionByContent(contentId("same"), isOther)).toMatchObject({ folder: OTHER });
        expect(index.read.versionByContent(contentId("same"), () => false)).toBeUndefined();
      });

      test("the list of a file that is not small is stored, though it has one chunk: its content id binds the list", async () => {
        const list = { sizes: Uint32Array.of(36_000), hashes: new Uint8Array(32).fill(9) };
        await index.write.putChunkLists([[contentId("long"), list]]);
        expect(index.read.chunkList(contentId("long"))).toHaveLength(36);
      });
    });

    describe("pruning", () => {
      const OLD = 1_700_000_000_000;
      const LATER = OLD + 1000;

      async function twoTombstones(): Promise<void> {
        await index.write.commitLocal(
          FOLDER,
          [change("d/a", file({ A: 1 }, "one")), change("live", file({ A: 1 }, "live"))],
          { nowMs: OLD - 500 },
        );
        await index.write.commitLocal(FOLDER, [change("d/a", tombstone({ A: 2 }, OLD - 10))], { nowMs: OLD });
        await index.write.commitLocal(FOLDER, [change("b", tombstone({ A: 1 }, OLD - 10))], { nowMs: OLD });
      }

      test("a tombstone goes when all have acknowledged it and it is old", async () => {
        await twoTombstones();
        await index.write.setAcked(FOLDER, B, EPOCH, 4);
        await index.write.setAcked(FOLDER, C, EPOCH, 3);
        expect(await index.write.prune(FOLDER, [B, C], OLD)).toEqual({ tombstones: 0 });
        expect(await index.write.prune(FOLDER, [B, C], LATER)).toEqual({ tombstones: 1 });
        expect(index.read.local(FOLDER, path("d/a"))).toBeUndefined();
        expect(index.read.local(FOLDER, path("b"))).toBeDefined();
        expect(index.read.local(FOLDER, path("live"))).toBeDefined();
        expect(await index.write.prune(FOLDER, [B], LATER)).toEqual({ tombstones: 1 });
        expect(index.read.totals(FOLDER).files).toBe(1);
        expect(index.read.localTotalsSince(FOLDER, 0).files).toBe(1);
      });

      test("an acknowledgement of another epoch counts for nothing", async () => {
        await twoTombstones();
        await index.write.setAcked(FOLDER, B, "older", 99);
        expect(await index.write.prune(FOLDER, [B], LATER)).toEqual({ tombstones: 0 });
        expect(await index.write.prune(FOLDER, [C], LATER)).toEqual({ tombstones: 0 });
      });

      test("a tombstone stays while a peer's row for its path waits", async () => {
        await twoTombstones();
        await index.write.commitRemote(FOLDER, B, "e", 1, [announced(1, "b", file({ B: 1 }))]);
        await index.write.commitRemote(FOLDER, C, "e", 1, [announced(1, "d/a", tombstone({ A: 2 }, OLD - 10))]);
        expect(await index.write.prune(FOLDER, [], LATER)).toEqual({ tombstones: 1 });
        expect(index.read.local(FOLDER, path("b"))).toBeDefined();
        expect(index.read.remote(FOLDER, path("d/a"))).toEqual([]);
      });

      test("many tombstones go in steps", async () => {
        const gone = Array.from({ length: 1203 }, (_, i) => change(`d/${i}`, tombstone({ A: 1 }, OLD - 10)));
        await index.write.commitLocal(FOLDER, gone, { nowMs: OLD });
        expect(await index.write.prune(FOLDER, [], LATER)).toEqual({ tombstones: 1203 });
      });

      test("a chunk list goes at the second look at which nothing refers to it", async () => {
        const list = { sizes: Uint32Array.of(5, 6), hashes: new Uint8Array(64) };
        await index.write.commitLocal(FOLDER, [change("a", file({ A: 1 }, "used")), change("k", tombstone({ A: 1 }))], {
          nowMs: 1,
          chunkLists: [
            [contentId("used"), list],
            [contentId("two"), list],
          ],
          versions: [version("k", "two")],
        });
        await index.write.putChunkLists([
          [contentId("loose"), list],
          [contentId("again"), list],
        ]);
        await index.write.prune(FOLDER, [], 0);
        await index.write.putChunkLists([[contentId("again"), list]]);
        expect(index.read.chunkList(contentId("loose"))).toBeDefined();
        await index.write.prune(FOLDER, [], 0);
        expect(index.read.chunkList(contentId("loose"))).toBeUndefined();
        for (const kept of ["used", "two", "again"]) expect(index.read.chunkList(contentId(kept)), kept).toBeDefined();
        await index.write.prune(FOLDER, [], 0);
        expect(index.read.chunkList(contentId("again"))).toBeUndefined();
      });
    });

    test("writes that are called together are done in their order", async () => {
      const done: number[] = [];
      const writes = Array.from({ length: 50 }, (_, i) =>
        index.write
          .commitLocal(FOLDER, [change("same", file({ A: i + 1 }, `v${i}`))], { nowMs: i })
          .then((sequence) => done.push(sequence)),
      );
      await Promise.all(writes);
      expect(done).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      expect(index.read.local(FOLDER, path("same"))?.heads).toEqual([file({ A: 50 }, "v49")]);
    });

    test("a write that fails leaves nothing, and those around it stand", async () => {
      const results = await Promise.allSettled([
        index.write.commitLocal(FOLDER, [change("new-dir/a", file({ A: 1 }))]),
        index.write.commitLocal(FOLDER, [change("bad-dir/b", file({ A: 1 })), change("c", [])]),
        index.write.commitLocal(FOLDER, [change("bad-dir/d", file({ A: 1 }))]),
      ]);
      expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(paths(index.read.localSince(FOLDER, 0, 9))).toEqual(["new-dir/a", "bad-dir/d"]);
      expect(index.read.local(FOLDER, path("bad-dir/d"))).toBeDefined();
      expect(index.read.totals(FOLDER).files).toBe(2);
    });
  });
}

function version(at: string, content = "one") {
  return {
    folder: FOLDER,
    path: path(at),
    head: file({ A: 1 }, content),
    storedAtMs: 77,
    origin: "replaced",
    by: A,
    storedAs: `store-${content}`,
    stamp: stamp(),
  };
}
