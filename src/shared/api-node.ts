/** The shapes of what a node tells of itself and of what goes on in it. Part of api.ts, which has the rules. */
import { z } from "zod";
import { folderState, folderStatus } from "./api-folders.ts";
import { peerState, peerStatus } from "./api-peers.ts";
import { bytes, flag, folderRef, givenCount, nothing, pathText, peerRef, problem, saved, time } from "./api-pieces.ts";

const status = z.object({
  device: z.object({ id: z.string(), name: z.string() }),
  listen: z.array(z.string()),
  dashboard: z.string().nullable(),
  /** The worst of the folders' states; "in-sync" also needs every connected peer to have acknowledged. */
  state: folderState,
  folders: z.array(folderStatus),
  peers: z.array(peerStatus),
  /** Downloads of this node's files by others that nobody has looked at yet. */
  notices: z.number().int(),
  /** Since the daemon's start, over all peers, as the raw sockets count. */
  traffic: z.object({ wireBytesSent: bytes, wireBytesReceived: bytes, fileBytes: bytes, savedBytes: saved }),
  process: z.object({
    pid: z.number().int(),
    version: z.string(),
    startedAt: time,
    rssBytes: bytes,
    /** How late the main thread came to its work, in the last minute. */
    loopLagMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  }),
});

const event = z.object({
  /** Grows by one; `since` continues after it, also over restarts. */
  id: z.number().int(),
  time,
  /** `file.changed`, `peer.paired`, `folder.state`, … */
  type: z.string(),
  folder: z.string().nullable(),
  path: z.string().nullable(),
  device: z.string().nullable(),
  user: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});

const logLine = z.object({
  time,
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
});

const waitResult = z.object({
  type: z.literal("result"),
  inSync: z.boolean(),
  /** Ids of the folders that were waited for. */
  folders: z.array(z.string()),
  /** Peers left out, because they did not come up within the grace. */
  skipped: z.array(z.object({ id: z.string(), name: z.string(), state: peerState })),
  /** What will not get in sync by waiting. Not empty: exit 3, at once. */
  problems: z.array(problem.extend({ folder: z.string(), device: z.string().nullable() })),
  /** Whether time ran out first: exit 6. `pending` then says on what. */
  timedOut: z.boolean(),
  pending: z.array(z.string()),
});

const check = z.object({
  /** Stable, such as `watch-limit` or `free-space:docs`. */
  name: z.string(),
  title: z.string(),
  /** "skip": does not apply here, or could not be tried. */
  result: z.enum(["ok", "warn", "fail", "skip"]),
  message: z.string(),
  /** A command or setting that cures it; null when ok. */
  fix: z.string().nullable(),
});

export const NODE_SHAPES = {
  version: {
    input: nothing,
    output: z.object({ version: z.string(), node: z.string(), platform: z.string(), device: z.string().nullable() }),
  },
  status: { input: nothing, output: status },
  wait: {
    input: z.strictObject({
      folders: z.array(folderRef).default([]),
      peers: z.array(peerRef).default([]),
      peerGraceMs: givenCount.default(5000),
      timeoutMs: givenCount.default(60_000),
    }),
    output: z.discriminatedUnion("type", [
      z.object({
        type: z.literal("progress"),
        /** A sentence: what is waited for now. */
        message: z.string(),
        needFiles: z.number().int(),
        needBytes: bytes,
      }),
      waitResult,
    ]),
  },
  why: {
    input: z.strictObject({ folder: folderRef, path: pathText }),
    output: z.object({
      path: z.string(),
      inSync: z.boolean(),
      code: z.string().nullable(),
      message: z.string(),
      fix: z.string().nullable(),
    }),
  },
  watch: {
    /** With `since`, the events after this id come first: a broken stream is taken up without a gap. */
    input: z.strictObject({
      since: givenCount.optional(),
      /** Of many events of one moment at most so many, the newest: for who only looks. */
      burst: givenCount.min(1).optional(),
    }),
    /** A status first and after each change, at most four a second; events as they come. */
    output: z.discriminatedUnion("type", [
      z.object({ type: z.literal("status"), status }),
      z.object({ type: z.literal("event"), event }),
    ]),
  },
  events: {
    input: z.strictObject({
      /** After this id; without it the last `limit`. */
      since: givenCount.optional(),
      limit: givenCount.default(100),
      folder: folderRef.optional(),
      /** A type, or its first part: `peer` takes `peer.paired`. */
      type: z.string().optional(),
      follow: flag.default(false),
    }),
    output: z.union([
      event,
      z.object({ type: z.literal("summary"), events: z.number().int(), lastId: z.number().int() }),
    ]),
  },
  logs: {
    input: z.strictObject({
      lines: givenCount.default(100),
      level: z.enum(["debug", "info", "warn", "error"]).default("debug"),
      /** Somewhere in its level, message or facts, in capitals or not. */
      contains: z.string().min(1).max(1024).optional(),
      follow: flag.default(false),
    }),
    output: z.union([logLine, z.object({ type: z.literal("summary"), lines: z.number().int() })]),
  },
  doctor: {
    input: nothing,
    output: z.object({ ok: z.boolean(), checks: z.array(check) }),
  },
  shutdown: { input: nothing, output: z.object({ pid: z.number().int() }) },
} as const;

export type Status = z.output<typeof status>;
export type NodeEvent = z.output<typeof event>;
export type LogLine = z.output<typeof logLine>;
export type WaitResult = z.output<typeof waitResult>;
export type Check = z.output<typeof check>;
