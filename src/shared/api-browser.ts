/** The shapes of what a browser fetches and brings as bytes. Part of api.ts, which has the rules. */
import { z } from "zod";
import {
  bytes,
  count,
  duplicatePolicy,
  folderRef,
  givenCount,
  nothing,
  outcome,
  pathText,
  peerRef,
  time,
  versionRef,
} from "./api-pieces.ts";

const batchRef = z.strictObject({ id: z.string().regex(/^[0-9a-f]{16}$/) });

/** A file of a batch, told from a later one of the same name. */
const batchFile = batchRef.extend({
  /** Below the batch's place: `a.pdf`, `trip/day/b.jpg`. */
  name: z.string().min(1).max(4096),
  size: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 43),
  /** When it was changed, in milliseconds since 1970. */
  mtimeMs: z.coerce.number().int().min(-8.64e15).max(8.64e15),
});

const fileState = z.object({
  /** "none": nothing of it is here. "partial": `received` bytes. "whole": on its way into the folder. "settled": see the batch's files. */
  state: z.enum(["none", "partial", "whole", "settled"]),
  received: bytes,
});

/** What became of a file. */
const settledFile = z.object({
  name: z.string(),
  /** Below the folder; null when nothing was written. */
  storedAs: z.string().nullable(),
  size: bytes,
  outcome,
  hash: z.string().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
});

const batch = z.object({
  id: z.string(),
  peer: z.string(),
  folder: z.string(),
  path: z.string(),
  onDuplicate: duplicatePolicy,
  /** "open": files may come. "sealed": the last ones are on their way. "held": `code` and `message` say why; what is here waits. */
  state: z.enum(["open", "sealed", "held", "done", "undone"]),
  createdAt: time,
  /** Whole files that are not in their place yet. */
  waitingFiles: count,
  waitingBytes: bytes,
  /** Of those under way right now: how far, and by which transfer. */
  transfer: z.number().int().nullable(),
  movedBytes: bytes,
  settled: count,
  stored: count,
  failed: count,
  code: z.string().nullable(),
  message: z.string().nullable(),
});

export const BROWSER_SHAPES = {
  ticket: {
    input: z.strictObject({
      /** "self" is this node. */
      peer: peerRef.default("self"),
      folder: folderRef,
      /** "" is the folder itself, as an archive. */
      path: pathText,
      version: versionRef,
      /** "preview": an image, or the beginning of a text, to be shown on a page. */
      use: z.enum(["download", "preview"]).default("download"),
    }),
    output: z.object({
      ticket: z.string(),
      /** Where it is fetched, below the server's address. */
      url: z.string(),
      expires: time,
      name: z.string(),
      /** An "archive" is a directory. */
      type: z.enum(["file", "archive"]),
      /** Null for an archive. */
      size: bytes.nullable(),
      /** How a preview is shown; null for a download. */
      preview: z.enum(["image", "text"]).nullable(),
    }),
  },
  batchOpen: {
    input: z.strictObject({
      peer: peerRef.default("self"),
      folder: folderRef,
      /** A directory, made when missing. */
      path: pathText,
      onDuplicate: duplicatePolicy.default("version"),
    }),
    output: batch,
  },
  batchList: { input: nothing, output: z.object({ batches: z.array(batch) }) },
  batchShow: {
    /** `since`: how many settled files are known already. */
    input: batchRef.extend({ since: givenCount.default(0) }),
    output: batch.extend({ files: z.array(settledFile) }),
  },
  batchFile: { input: batchFile, output: fileState },
  batchPut: { input: batchFile, output: fileState },
  batchSeal: { input: batchRef, output: batch },
  batchRemove: { input: batchRef, output: z.object({ removed: z.boolean() }) },
  content: { input: z.strictObject({ ticket: z.string().min(1).max(128) }), output: z.unknown() },
} as const;

export type Batch = z.output<typeof batch>;
export type SettledFile = z.output<typeof settledFile>;
export type BatchFile = z.output<typeof batchFile>;
export type BatchFileState = z.output<typeof fileState>;
