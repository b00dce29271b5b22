import fc from "fast-check";
import type { Head } from "../../../src/shared/file-info.ts";
import type { ContentId } from "../../../src/shared/ids.ts";
import { deviceIdFromHash, parseFolderId, parseRelPath, type ShortId, shortId } from "../../../src/shared/ids.ts";
import type { FolderMessage, IndexUpdate } from "../../../src/shared/messages.ts";
import type { Step } from "../../../src/shared/reconcile-messages.ts";
import { joinHeads } from "../../../src/sync/core/heads.ts";

export const canonical = (heads: readonly Head[]): readonly Head[] => joinHeads(heads, []);
export const deviceA = deviceIdFromHash(new Uint8Array(32).fill(1));
export const deviceB = deviceIdFromHash(new Uint8Array(32).fill(2));
export const [A, B] = [shortId(deviceA), shortId(deviceB)];
export const folder = parseFolderId("shared-k3v9q");
export const path = parseRelPath;
export const content = (digit: string): ContentId => digit.repeat(64) as ContentId;

export function head(fields: Partial<Head> = {}): Head {
  return {
    version: [[A, 1_700_000_000]],
    author: A,
    type: "file",
    deleted: false,
    size: 5,
    mtimeNs: 1_700_000_000_123_456_789n,
    mode: 0o644,
    contentId: content("a"),
    target: "",
    previous: null,
    owner: A,
    ...fields,
  };
}

function step(of: Step): FolderMessage {
  return { type: "reconcile-step", folder, tag: 0xdeadbeef, step: of };
}

/** One of every message, with every field in use somewhere. */
export const messages: Readonly<Record<string, FolderMessage>> = {
  "folder-state": {
    type: "folder-state",
    folder,
    epoch: "e1",
    sequence: 2 ** 40,
    heldEpoch: "",
    heldSequence: 0,
    opening: 0,
    answers: 7,
  },
  "index-update": {
    type: "index-update",
    folder,
    epoch: "e1",
    afterSequence: 7,
    lastSequence: 20,
    records: [
      { sequence: 8, info: { path: path("a.txt"), heads: [head()] }, chunkList: new Uint8Array() },
      {
        sequence: 9,
        info: {
          path: path("süß/日本 \u{1f600}.bin"),
          heads: [
            head({
              version: [
                [A, 5],
                [B, 2 ** 52 - 1],
              ],
              size: 2 ** 43,
              mtimeNs: -1n,
              mode: 0o777,
              previous: content("b"),
              owner: "bob",
            }),
            head({ version: [[A, 6]], deleted: true, contentId: null, mtimeNs: 1n }),
          ],
        },
        chunkList: new Uint8Array(19).fill(7),
      },
      {
        sequence: 12,
        info: {
          path: path("dir"),
          heads: [head({ type: "directory", size: 0, mtimeNs: 0n, mode: 0o755, contentId: null })],
        },
        chunkList: new Uint8Array(),
      },
      {
        sequence: 13,
        info: {
          path: path("link"),
          heads: [head({ type: "symlink", size: 0, mode: 0o777, target: "../..//etc", author: B, version: [[B, 1]] })],
        },
        chunkList: new Uint8Array(),
      },
      {
        sequence: 14,
        info: { path: path("gone.txt"), heads: [head({ deleted: true, contentId: null, mtimeNs: 2n })] },
        chunkList: new Uint8Array(),
        isApproved: true,
      },
    ],
    moves: [
      {
        sequence: 20,
        from: path("old"),
        to: path("new/place"),
        author: B,
        counter: 99,
        count: 3,
        digest: "0123456789abcdef0123456789abcdef",
      },
    ],
  },
  "index-update-splice": {
    type: "index-update",
    folder,
    epoch: "e1",
    afterSequence: 20,
    lastSequence: 21,
    records: [
      {
        sequence: 21,
        info: { path: path("large.bin"), heads: [head({ size: 1_000_000, previous: content("b") })] },
        chunkList: new Uint8Array(),
        splice: Uint8Array.of(2 << 1, 0),
      },
    ],
    moves: [],
  },
  "index-update-splice-base": {
    type: "index-update",
    folder,
    epoch: "e1",
    afterSequence: 20,
    lastSequence: 21,
    records: [
      {
        sequence: 21,
        info: { path: path("copy.bin"), heads: [head({ size: 1_000_000 })] },
        chunkList: new Uint8Array(),
        splice: Uint8Array.of(2 << 1, 0),
        spliceBase: content("b"),
      },
    ],
    moves: [],
  },
  "index-update-content": {
    type: "index-update",
    folder,
    epoch: "e1",
    afterSequence: 21,
    lastSequence: 22,
    records: [
      {
        sequence: 22,
        info: { path: path("small.txt"), heads: [head({ size: 3 })] },
        chunkList: new Uint8Array(),
        content: Uint8Array.of(1, 2, 3),
      },
    ],
    moves: [],
  },
  "index-ack": {
    type: "index-ack",
    folder,
    epoch: "e1",
    received: 20,
    applied: 12,
    problems: [{ path: "a.txt", code: "E_DISK_FULL", message: "the disk is full" }],
  },
  barrier: { type: "barrier", folder, id: 4_294_967_295 },
  "barrier-reply": {
    type: "barrier-reply",
    folder,
    id: 1,
    sequence: 9,
    problems: [{ path: "b", code: "E_CHANGING", message: "it changes" }],
  },
  "folder-closed": { type: "folder-closed", folder, code: "E_PAUSED", message: "paused by its owner" },
  reconcile: { type: "reconcile", folder, salt: new Uint8Array(16).fill(5), isFresh: true, isDeclined: false },
  "reconcile-declined": {
    type: "reconcile",
    folder,
    salt: new Uint8Array(16).fill(4),
    isFresh: false,
    isDeclined: true,
  },
  "reconcile-summary": step({ type: "summary", size: 1_000_000, root: new Uint8Array(16).fill(6) }),
  "reconcile-wish": step({ type: "wish", first: 32, length: 16 }),
  "reconcile-symbols": step({ type: "symbols", first: 32, length: 1, symbols: new Uint8Array(13).fill(7) }),
  "reconcile-proposal": step({
    type: "proposal",
    theirs: new Uint8Array(24).fill(8),
    sum: new Uint8Array(16).fill(9),
  }),
  "reconcile-origins": step({
    type: "origins",
    isLast: true,
    runs: [
      { count: 70_000, origin: { version: [[A, 1_700_000_000]], author: A, previous: null, owner: A } },
      { count: 1, origin: null },
      {
        count: 2,
        origin: {
          version: [
            [A, 1],
            [B, 2 ** 52 - 1],
          ],
          author: B,
          previous: content("c"),
          owner: "bob",
        },
      },
    ],
  }),
  "reconcile-filled": step({ type: "filled", changed: new Uint8Array(8).fill(10) }),
  "reconcile-failure": step({ type: "failure", reason: "too much differs" }),
};

const device = fc.constantFrom<ShortId>(A, B, "CCCCCCCCCCCC" as ShortId, "DDDDDDDDDDDD" as ShortId);
const counter = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 ** 52 - 1 }));
const version = fc
  .uniqueArray(fc.tuple(device, counter), { minLength: 1, maxLength: 4, selector: ([id]) => id })
  .map((pairs) => pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytes.toHex() as ContentId);
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }).filter((text) => {
  try {
    return path(text) === text;
  } catch {
    return false;
  }
});

/** Heads as the engine writes them. */
const arbitraryHead: fc.Arbitrary<Head> = fc
  .record({
    version,
    author: device,
    kind: fc.constantFrom("file", "directory", "symlink", "tombstone"),
    size: fc.integer({ min: 0, max: 2 ** 43 }),
    mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    mode: fc.integer({ min: 0, max: 0o777 }),
    contentId: hash,
    target: name,
    previous: fc.option(hash),
    owner: fc.constantFrom<string>(A, "alice"),
  })
  .map(({ kind, ...rest }) => {
    if (kind === "file") return { ...rest, type: "file", deleted: false, target: "" };
    if (kind === "directory")
      return { ...rest, type: "directory", deleted: false, size: 0, mtimeNs: 0n, contentId: null, target: "" };
    if (kind === "symlink") return { ...rest, type: "symlink", deleted: false, size: 0 };
    return { ...rest, type: "file", deleted: true, contentId: null, target: "" };
  });

/** Updates as the engine sends them. */
export const arbitraryUpdate: fc.Arbitrary<IndexUpdate> = fc
  .array(
    fc.record({
      path: name,
      heads: fc.array(arbitraryHead, { minLength: 1, maxLength: 3 }),
      list: fc.uint8Array({ maxLength: 40 }),
      splice: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined }),
      content: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined }),
    }),
    { maxLength: 8 },
  )
  .map((rows) => ({
    type: "index-update",
    folder,
    epoch: "epoch-1",
    afterSequence: 100,
    lastSequence: 100 + 2 * rows.length,
    records: rows.map(({ path: at, heads, list, splice, content: bytes }, i) => ({
      sequence: 101 + 2 * i,
      info: { path: path(at), heads: canonical(heads) },
      chunkList: list,
      ...(splice === undefined ? {} : { splice }),
      ...(bytes === undefined ? {} : { content: bytes }),
    })),
    moves: [],
  }));
