/**
 * The shapes of uploads, downloads, their statistics and notices: what the
 * command line asks its node, and what one node asks another for it. Part of
 * api.ts, which has the rules.
 */
import { z } from "zod";
import {
  absolutePath,
  bytes,
  count,
  duplicatePolicy,
  fileType,
  flag,
  folderRef,
  givenCount,
  outcome,
  pathText,
  saved,
  searchText,
  time,
  versionRef,
  when,
} from "./api-pieces.ts";

const limit = z.coerce.number().int().min(1).max(10_000);
const nameText = z.string().min(1).max(255);
const contentId = z.string().regex(/^[0-9a-f]{64}$/);
const onOff = when.default("auto");
const state = z.enum(["running", "paused", "done", "partial", "failed", "cancelled", "interrupted"]);
/** Names a transfer on both ends: 32 hex characters. */
const key = z.string().regex(/^[0-9a-f]{32}$/);
/** Under which the uploading device serves what it offers. */
const token = z.string().regex(/^offer-[0-9a-f]{32}$/);
/** Names an end of a stream over UDP. */
const streamNumber = z.number().int().min(1).max(0xffff_ffff);
/** Nanoseconds since 1970. A JSON number would lose the last digits. */
const nanoseconds = z.string().regex(/^-?\d{1,20}$/);

const how = {
  transport: z.enum(["auto", "tcp", "udp"]).default("auto"),
  delta: onOff,
  compression: onOff,
  /** File bytes a second. */
  limit: z.number().int().min(1000).optional(),
  /** False: whatever an earlier try left is thrown away. */
  resume: z.boolean().default(true),
};

const fileResult = z.object({
  path: z.string(),
  /** Where it went; null when nothing was written. */
  storedAs: z.string().nullable(),
  fileBytes: bytes,
  wireBytes: bytes,
  saved,
  transport: z.string().nullable(),
  /** Why this way was taken. */
  why: z.string().nullable(),
  hash: z.string().nullable(),
  durationMs: bytes,
  outcome,
  code: z.string().nullable(),
  message: z.string().nullable(),
});

const totals = { fileBytes: bytes, wireBytes: bytes, saved, durationMs: bytes };

const moved = { sent: bytes, received: bytes, fileBytes: bytes, saved };

const transfer = z.object({
  id: z.number().int(),
  kind: z.enum(["upload", "download", "sync"]),
  side: z.enum(["asked", "served"]),
  direction: z.enum(["in", "out"]),
  /** The other device's id and name; null when it was this node. */
  device: z.string().nullable(),
  deviceName: z.string().nullable(),
  user: z.string().nullable(),
  folder: z.string(),
  path: z.string(),
  /** Which of the file's versions was downloaded; null: what was there. */
  version: z.number().int().nullable(),
  local: z.string(),
  transport: z.string().nullable(),
  why: z.string().nullable(),
  state,
  code: z.string().nullable(),
  message: z.string().nullable(),
  files: count,
  ...totals,
  /** File bytes a second over the time at work; null when it is not known. */
  bytesPerSecond: z.number().nullable(),
  startedAt: time,
  endedAt: time.nullable(),
  /** Whether `transfers retry` can run it again: asked for on this node, over, and what it read or wrote is no copy of a browser's. */
  canRetry: z.boolean(),
  /** While it runs: what is under way. */
  progress: z
    .object({ path: z.string(), doneBytes: bytes, bytes: bytes.nullable(), doneFiles: count, files: count.nullable() })
    .nullable(),
});

const transferLine = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("started"),
    id: z.number().int(),
    device: z.string(),
    folder: z.string(),
    path: z.string(),
    local: z.string(),
  }),
  z.object({
    type: z.literal("progress"),
    id: z.number().int(),
    /** "waiting": for the device to come back. */
    state: z.enum(["reading", "running", "paused", "waiting"]),
    path: z.string(),
    doneFiles: count,
    /** Null while they are not counted yet. */
    files: count.nullable(),
    doneBytes: bytes,
    bytes: bytes.nullable(),
    wireBytes: bytes,
    transport: z.string().nullable(),
  }),
  fileResult.extend({ type: z.literal("file") }),
  z.object({
    type: z.literal("summary"),
    id: z.number().int(),
    state,
    files: count,
    stored: count,
    unchanged: count,
    skipped: count,
    failed: count,
    transport: z.string().nullable(),
    why: z.string().nullable(),
    ...totals,
  }),
]);

const notice = z.object({
  id: z.number().int(),
  folder: z.string(),
  path: z.string(),
  /** Whose file it is. */
  owner: z.string(),
  /** Who downloaded it. */
  device: z.string(),
  deviceName: z.string(),
  user: z.string().nullable(),
  /** The device that served it, when it was not this one. */
  from: z.string().nullable(),
  count,
  firstAt: time,
  lastAt: time,
  read: z.boolean(),
  message: z.string(),
});

const remoteEntry = z.object({
  type: z.literal("entry"),
  path: pathText,
  fileType,
  size: bytes,
  mtimeNs: nanoseconds,
  mode: z.number().int().min(0).max(0o777),
  contentId: contentId.nullable(),
  target: z.string().max(4096),
});

const givenFile = z.strictObject({
  /** What the offer calls it; "" for what has no bytes of its own. */
  offered: z.string().max(32),
  /** Below the target: `a.pdf`, `dir/sub/a.pdf`. */
  name: pathText,
  fileType,
  size: z
    .number()
    .int()
    .min(0)
    .max(2 ** 43),
  mtimeNs: nanoseconds,
  mode: z.number().int().min(0).max(0o777),
  contentId: contentId.nullable(),
  target: z.string().max(4096),
});

const transferRef = z.strictObject({ id: z.coerce.number().int().min(1) });
const peerText = z.string().max(255);

export const TRANSFER_SHAPES = {
  download: {
    input: z.strictObject({
      /** "self" is this node. */
      peer: peerText,
      folder: folderRef,
      path: pathText,
      version: versionRef,
      /** Absolute. */
      output: absolutePath,
      /** `output` is a directory, made when missing. */
      isDirectory: z.boolean().default(false),
      onDuplicate: duplicatePolicy.default("fail"),
      reuse: z.boolean().default(true),
      ...how,
    }),
    output: transferLine,
  },
  upload: {
    input: z.strictObject({
      peer: peerText,
      folder: folderRef,
      path: pathText,
      isDirectory: z.boolean().default(false),
      /** Absolute; `name` is what it is to be called there, when not by its own name. */
      sources: z
        .array(z.strictObject({ path: absolutePath, name: nameText.optional() }))
        .min(1)
        .max(10_000),
      /** The sources are copies made for this upload: removed afterwards. */
      isTemporary: z.boolean().default(false),
      onDuplicate: duplicatePolicy.default("version"),
      ...how,
    }),
    output: transferLine,
  },
  transferList: {
    input: z.strictObject({
      follow: flag.default(false),
      limit: limit.default(100),
      /** Background sync, too. */
      all: flag.default(false),
      /** So many are left out before the first. */
      offset: givenCount.default(0),
      sort: z.enum(["newest", "size", "duration"]).default("newest"),
      /** Only what ended, or only what is under way. */
      over: flag.optional(),
      kind: z.enum(["upload", "download"]).optional(),
      state: state.optional(),
      peer: peerText.optional(),
      /** Somewhere in the path, the folder's id in front of it; in capitals or not. */
      contains: searchText.optional(),
    }),
    output: z.discriminatedUnion("type", [
      transfer.extend({ type: z.literal("transfer") }),
      /** `total`: how many there are, on all pages. */
      z.object({ type: z.literal("summary"), transfers: count, running: count, total: count }),
    ]),
  },
  transferPause: { input: transferRef, output: transfer },
  transferResume: { input: transferRef, output: transfer },
  transferCancel: { input: transferRef, output: transfer },
  transferRetry: {
    input: transferRef.extend({
      /** Answers with the first line only, and goes on when nobody reads along: for a page that may be closed. */
      unattended: z.boolean().default(false),
    }),
    output: transferLine,
  },
  stats: {
    input: z.strictObject({
      from: time.optional(),
      to: time.optional(),
      peer: peerText.optional(),
      folder: folderRef.optional(),
      direction: z.enum(["in", "out"]).optional(),
      kind: z.enum(["upload", "download", "sync"]).optional(),
      limit: limit.default(1000),
    }),
    output: z.object({
      from: time.nullable(),
      to: time,
      transfers: z.array(transfer),
      totals: z.object({ transfers: count, files: count, ...totals }),
    }),
  },
  statsHistory: {
    input: z.strictObject({
      from: time,
      to: time.optional(),
      peer: peerText.optional(),
      /** At most so many points; each stretch is a number of whole minutes. */
      points: z.coerce.number().int().min(1).max(1000).default(120),
    }),
    output: z.object({
      from: time,
      to: time,
      stretchMs: z.number().int(),
      /** One for each stretch, also where nothing moved. `sent` and `received` are bytes on the connections. */
      points: z.array(z.object({ time, ...moved })),
      peers: z.array(z.object({ device: z.string(), name: z.string(), ...moved })),
      totals: z.object(moved),
    }),
  },
  notices: {
    input: z.strictObject({
      unread: flag.default(false),
      limit: limit.default(100),
      /** What is shown counts as read. */
      markRead: flag.default(false),
    }),
    output: z.object({ notices: z.array(notice), unread: count }),
  },

  downloadOpen: {
    input: z.strictObject({ key, folder: folderRef, path: pathText, version: versionRef }),
    output: z.discriminatedUnion("type", [
      z.object({
        type: z.literal("opened"),
        folder: z.string().max(64),
        /** What a copy is called when nobody says otherwise. */
        name: nameText,
        fileType,
        files: count,
        bytes,
      }),
      remoteEntry,
      /** Something below that cannot be had now. */
      z.object({ type: z.literal("missing"), path: pathText, code: z.string().max(64), message: z.string().max(4096) }),
      z.object({ type: z.literal("end") }),
    ]),
  },
  uploadOpen: {
    input: z.strictObject({
      key,
      folder: folderRef,
      path: pathText,
      /** The target is a directory, made when missing. */
      isDirectory: z.boolean(),
    }),
    output: z.object({
      folder: z.string().max(64),
      /** Whether what is sent goes into the target, or takes its name. */
      into: z.boolean(),
      freeBytes: bytes,
    }),
  },
  uploadTake: {
    input: z.strictObject({
      key,
      folder: folderRef,
      path: pathText,
      token,
      into: z.boolean(),
      onDuplicate: duplicatePolicy,
      files: z.array(givenFile).min(1).max(500),
      delta: onOff,
      compression: onOff,
      limit: z.number().int().min(1000).optional(),
      resume: z.boolean().default(true),
      /** A connection over UDP that was opened for it; `isOnly`: nothing may come over TCP. */
      udp: z.strictObject({ stream: streamNumber, isOnly: z.boolean() }).optional(),
    }),
    output: z.discriminatedUnion("type", [
      z.object({ type: z.literal("progress"), path: pathText, doneBytes: bytes, wireBytes: bytes }),
      fileResult.extend({ type: z.literal("file") }),
      z.object({ type: z.literal("end") }),
    ]),
  },
  udpOpen: {
    /** The numbers of the two ends, as the asked node is to take them. */
    input: z.strictObject({ local: streamNumber, remote: streamNumber }),
    output: z.object({ opening: z.boolean() }),
  },
  transferClose: {
    input: z.strictObject({
      key,
      state: z.enum(["done", "partial", "failed", "cancelled", "interrupted", "paused"]),
      files: count,
      ...totals,
      transport: z.string().max(16).nullable(),
      code: z.string().max(64).nullable(),
      message: z.string().max(1000).nullable(),
      /** Paths that were downloaded, for the owners' notices. */
      paths: z.array(pathText).max(1000),
      isLast: z.boolean(),
    }),
    output: z.object({ closed: z.boolean() }),
  },
  noticeTell: {
    input: z.strictObject({
      notices: z
        .array(
          z.strictObject({
            folder: z.string().max(64),
            path: pathText,
            device: z.string().max(80),
            user: z.string().max(255).nullable(),
            /** The account of the told device that owns it; null: the device itself. */
            account: z.string().max(64).nullable().default(null),
            at: time,
            count: z.number().int().min(1).max(1_000_000),
          }),
        )
        .min(1)
        .max(200),
    }),
    output: z.object({ taken: count }),
  },
} as const;

export type StatsHistory = z.output<(typeof TRANSFER_SHAPES)["statsHistory"]["output"]>;
export type Notice = z.output<typeof notice>;
export type TransferView = z.output<typeof transfer>;
export type TransferLine = z.output<typeof transferLine>;
export type FileResult = z.output<typeof fileResult>;
export type GivenFile = z.output<typeof givenFile>;
export type RemoteEntry = z.output<typeof remoteEntry>;
