/** A node's service made of plain data: what the command line and the control server are tested against. */

import type { NodeService } from "../../src/daemon/api/node-service.ts";
import type { Conflict } from "../../src/shared/api-conflicts.ts";
import type { Folder } from "../../src/shared/api-folders.ts";
import type { Status } from "../../src/shared/api-node.ts";
import type { Peer } from "../../src/shared/api-peers.ts";
import type { RestoreItem } from "../../src/shared/api-versions.ts";
import { SyncError } from "../../src/shared/errors.ts";
import { fakeTransferRoutes } from "./fake-transfers.ts";
import { fakeUserRoutes } from "./fake-users.ts";

export const NOW: Date = new Date("2026-07-01T16:00:00.000Z");
const DEVICE = "LGFPDIT-7SKNNJL-VJZA4FC-7QNCRKA-CE753K7-2BW5QDK-2FOZ7FR-FEP57QJ";
const PEER = "MFZWI3D-BONSGYC-YLTMRWG-C43ENR5-QXGZDMM-FZWI3D-BONSGYY-LTMRWAD";

export function fakeFolder(changes: Partial<Folder> = {}): Folder {
  return {
    id: "docs-k3v9q",
    label: "docs",
    path: "/home/ann/docs",
    mode: "two-way",
    state: "in-sync",
    files: 14,
    bytes: 1_200_000_000,
    needFiles: 0,
    needBytes: 0,
    conflicts: 0,
    problems: [],
    problemsTotal: 0,
    heldDeletes: 0,
    peers: [PEER],
    paused: false,
    delta: "auto",
    compression: "auto",
    ignore: [],
    shares: [{ id: PEER, name: "desk", rights: "write" }],
    ...changes,
  };
}

export function fakePeer(changes: Partial<Peer> = {}): Peer {
  return {
    id: PEER,
    name: "desk",
    state: "connected",
    transport: "tcp",
    address: "192.168.1.5:4777",
    rttMs: 0.42,
    needFiles: 0,
    needBytes: 0,
    lastSeen: "2026-07-01T15:59:00.000Z",
    message: null,
    offers: [],
    role: "user",
    paused: false,
    addresses: ["192.168.1.5:4777"],
    folders: [{ id: "docs-k3v9q", label: "docs", rights: "write" }],
    words: ["pine", "otter", "lamp"],
    removedUs: false,
    ...changes,
  };
}

export function fakeStatus(changes: Partial<Status> = {}): Status {
  return {
    device: { id: DEVICE, name: "laptop" },
    listen: ["127.0.0.1:4777"],
    dashboard: null,
    state: "in-sync",
    folders: [fakeFolder()],
    peers: [fakePeer()],
    notices: 0,
    traffic: {
      wireBytesSent: 10,
      wireBytesReceived: 20,
      fileBytes: 30,
      savedBytes: { delta: 0, reuse: 0, compression: 0 },
    },
    process: {
      pid: 4242,
      version: "0.1.0",
      startedAt: "2026-07-01T15:00:00.000Z",
      rssBytes: 1,
      loopLagMs: { p50: 0, p99: 1, max: 2 },
    },
    ...changes,
  };
}

function fakeConflict(changes: Partial<Conflict> = {}): Conflict {
  return {
    id: 3,
    folder: "docs-k3v9q",
    path: "a.txt",
    copies: [
      { path: "a.txt", device: "desk", mtime: "2026-07-01T10:00:00.000Z", size: 10 },
      {
        path: "a.sync-conflict-20260701-090000-LGFPDIT.txt",
        device: "laptop",
        mtime: "2026-07-01T09:00:00.000Z",
        size: 12,
      },
    ],
    state: "open",
    kept: null,
    createdAt: "2026-07-01T10:00:05.000Z",
    canUndo: false,
    ...changes,
  };
}

const EVENT = {
  id: 7,
  time: "2026-07-01T15:30:00.000Z",
  type: "file.changed",
  folder: "docs-k3v9q",
  path: "a\u001B[2J.txt",
  device: "desk",
  user: null,
  data: { size: 5 },
};

const RESTORED: readonly RestoreItem[] = [
  { type: "restored", folder: "docs-k3v9q", path: "a.txt", storedAs: "a.txt", version: 3, size: 10 },
  { type: "summary", restored: 1, bytes: 10, removed: 0, skipped: 0, dryRun: false },
];

export type FakeService = { -readonly [R in keyof NodeService]: NodeService[R] };

/** Answers every route; a test replaces what it is about. */
export function fakeService(changes: Partial<FakeService> = {}): FakeService {
  const folder = async (): Promise<Folder> => fakeFolder();
  const peer = async (): Promise<Peer> => fakePeer();
  return {
    version: async () => ({ version: "0.1.0", node: "v26.10.0", platform: "linux-x64", device: DEVICE }),
    status: async () => fakeStatus(),
    async *wait() {
      yield { type: "progress", message: "scanning docs", needFiles: 1, needBytes: 10 };
      yield {
        type: "result",
        inSync: true,
        folders: ["docs-k3v9q"],
        skipped: [],
        problems: [],
        timedOut: false,
        pending: [],
      };
    },
    why: async ({ path }) => ({ path, inSync: true, code: null, message: "in sync everywhere", fix: null }),
    async *watch() {
      yield { type: "status", status: fakeStatus() };
      yield { type: "event", event: EVENT };
    },
    async *events() {
      yield EVENT;
      yield { type: "summary", events: 1, lastId: 7 };
    },
    async *logs() {
      yield {
        time: "2026-07-01T15:30:00.000Z",
        level: "info",
        message: "Pulled file",
        fields: { path: "a\nb.txt", bytes: 5 },
      };
      yield { type: "summary", lines: 1 };
    },
    doctor: async () => ({
      ok: true,
      checks: [{ name: "home", title: "Home", result: "ok", message: "is yours alone", fix: null }],
    }),
    shutdown: async () => ({ pid: 4242 }),
    async *join() {
      yield { type: "progress", step: "searching", message: "looking for the other machine" };
      yield {
        type: "result",
        peer: { id: PEER, name: "desk" },
        words: ["pine", "otter", "lamp"],
        folders: [{ id: "docs-k3v9q", label: "docs", path: "/home/ann/docs", isNew: true }],
      };
    },
    peerInvite: async ({ folders, role, rights }) => ({
      code: "7-482913",
      link: "syncline:pair?x=1",
      folders: folders.length > 0 ? folders : ["docs-k3v9q"],
      role,
      rights,
      expires: "2026-07-01T16:09:58.000Z",
    }),
    peerList: async () => ({ peers: [fakePeer()] }),
    peerShow: async ({ peer: name }) => {
      if (name === "desk" || name === PEER) return fakePeer();
      throw new SyncError("E_PEER_NOT_FOUND", `there is no paired device "${name}" here`, {
        hint: 'did you mean "desk"?',
      });
    },
    peerAdd: peer,
    peerRename: async ({ name }) => fakePeer({ name }),
    peerRole: async ({ role }) => fakePeer({ role }),
    peerPause: async () => ({ changed: true }),
    peerResume: async () => ({ changed: false }),
    peerRemove: async () => ({ id: PEER, name: "desk" }),
    async *peerPing() {
      yield { type: "pong", sequence: 1, rttMs: 0.4, address: "192.168.1.5:4777", transport: "tcp" };
      yield { type: "summary", peer: "desk", sent: 1, received: 1, minMs: 0.4, meanMs: 0.4, maxMs: 0.4 };
    },
    folderAdd: async ({ path }) => ({ folder: fakeFolder({ path }), added: true }),
    folderList: async () => ({ folders: [fakeFolder()] }),
    folderShow: folder,
    folderShare: folder,
    folderUnshare: folder,
    folderMode: async ({ mode }) => fakeFolder({ mode }),
    folderFetch: async ({ delta = "auto", compression = "auto" }) => fakeFolder({ delta, compression }),
    folderIgnore: async ({ add }) => ({ folder: "docs-k3v9q", patterns: add }),
    folderPause: async () => ({ changed: true }),
    folderResume: async () => ({ changed: true }),
    folderRescan: async () => ({ folder: "docs-k3v9q", files: 14, changed: 1 }),
    folderApprove: async () => ({ folder: "docs-k3v9q", files: 30 }),
    folderReject: async () => ({ folder: "docs-k3v9q", files: 30 }),
    folderRevert: async () => ({ folder: "docs-k3v9q", files: 1, paths: ["a.txt"] }),
    folderOverride: async () => ({ folder: "docs-k3v9q", files: 1, paths: ["a.txt"] }),
    folderRepair: folder,
    folderRemove: async ({ purge }) => ({ id: "docs-k3v9q", path: "/home/ann/docs", purged: purge }),
    conflictList: async () => ({ conflicts: [fakeConflict()], total: 1 }),
    conflictShow: async ({ id }) => fakeConflict({ id }),
    conflictResolve: async ({ id, keep }) => fakeConflict({ id, state: "resolved", kept: keep, canUndo: true }),
    conflictUndo: async ({ id }) => fakeConflict({ id }),
    ...fakeTransferRoutes,
    ...fakeUserRoutes,
    async *list() {
      yield {
        path: "a\u001B[2J.txt",
        type: "file",
        size: 5,
        mtime: "2026-07-01T15:30:00.000Z",
        mode: "0644",
        owner: "desk",
        device: "laptop",
        contentId: `b3:${"ab".repeat(32)}`,
        hash: null,
        version: 3,
        target: null,
        deleted: false,
      };
      yield { type: "summary", entries: 1, bytes: 5, next: null };
    },
    async *delete({ path, permanent, dryRun }) {
      yield { type: "deleted", folder: "docs-k3v9q", path, fileType: "file", size: 5 };
      yield { type: "summary", deleted: 1, bytes: 5, skipped: 0, permanent, dryRun };
    },
    mkdir: async ({ path, dryRun }) => ({ folder: "docs-k3v9q", path, made: true, dryRun }),
    async *move({ path, to, dryRun }) {
      yield {
        type: "moved",
        folder: "docs-k3v9q",
        path,
        toFolder: "docs-k3v9q",
        storedAs: to,
        fileType: "file",
        size: 5,
      };
      yield { type: "summary", moved: 1, bytes: 5, skipped: 0, dryRun };
    },
    hash: async ({ path }) => ({ folder: "docs-k3v9q", path, hash: `sha256:${"cd".repeat(32)}` }),
    async *readBack() {
      yield { type: "directory", path: "d", isAsRecorded: true };
      yield { type: "end", entries: 1, bytes: 0 };
    },
    async *verify() {
      yield { type: "progress", entries: 1, bytes: 5 };
      yield {
        ...{ type: "summary", folder: "docs-k3v9q", same: true, entries: 2, bytes: 10 },
        ...{ differs: 0, missing: 0, extra: 0, unreadable: 0 },
      };
    },
    repair: async ({ paths }) => ({ folder: "docs-k3v9q", paths, skipped: [] }),
    versions: async ({ folder: id, path }) => ({
      folder: id,
      path,
      versions: [
        {
          version: 1,
          time: "2026-06-01T10:00:00.000Z",
          size: 5,
          device: "desk",
          user: null,
          origin: "edit",
          hash: null,
          contentId: null,
          current: false,
          kept: true,
        },
        {
          version: 2,
          time: "2026-07-01T10:00:00.000Z",
          size: 9,
          device: "laptop",
          user: null,
          origin: "sync",
          hash: null,
          contentId: null,
          current: true,
          kept: true,
        },
      ],
    }),
    async *versionRead({ version = 2 }) {
      yield { type: "piece", base64: Buffer.from(`one\n\u001b[2J${version}\n`).toString("base64") };
      yield { type: "end", version, size: 9, time: "2026-07-01T10:00:00.000Z", device: "desk" };
    },
    async *restore() {
      yield* RESTORED;
    },
    async *trashList() {
      yield {
        type: "item",
        folder: "docs-k3v9q",
        path: "old.txt",
        version: 4,
        size: 7,
        deletedAt: "2026-07-01T09:00:00.000Z",
        device: "desk",
      };
      yield { type: "summary", items: 1, bytes: 7 };
    },
    async *trashRestore() {
      yield* RESTORED;
    },
    trashEmpty: async ({ dryRun }) => ({ items: 3, bytes: 4096, dryRun }),
    configGet: async () => ({
      path: "/home/ann/.config/syncline/config.json",
      settings: [
        {
          key: "listen",
          value: "*:4777",
          default: "*:4777",
          source: "default",
          description: "where peers reach this device",
        },
      ],
    }),
    configSet: async ({ settings }) => ({
      path: "/home/ann/.config/syncline/config.json",
      changed: Object.keys(settings),
    }),
    dashboardKey: async ({ page }) => ({
      url: "http://127.0.0.1:4778",
      link: page ? null : "http://127.0.0.1:4778/#k=secret",
      page: page ? "/home/ann/.local/state/syncline/open.html" : null,
      expires: "2026-07-01T16:10:00.000Z",
      fingerprint: null,
    }),
    ...changes,
  };
}
