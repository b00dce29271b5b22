/** The shapes of what is kept: versions, the trash, and bringing both back. Part of api.ts, which has the rules. */
import { z } from "zod";
import { bytes, dryRun, folderRef, pageOfPaths, pathText, skipped, time, versionRef } from "./api-pieces.ts";

const version = z.object({
  /** 1 is the oldest; numbers stay. */
  version: z.number().int(),
  time,
  size: bytes,
  device: z.string(),
  user: z.string().nullable(),
  /** sync, edit, conflict, delete, restore, revert, … */
  origin: z.string(),
  /** `sha256:…` where it was computed before. */
  hash: z.string().nullable(),
  contentId: z.string().nullable(),
  current: z.boolean(),
  /** Whether its bytes are here. */
  kept: z.boolean(),
});

const restoredItem = z.object({
  type: z.literal("restored"),
  folder: z.string(),
  path: z.string(),
  /** Where it was put: differs from `path` with --as, or when the place was taken. */
  storedAs: z.string(),
  version: z.number().int().nullable(),
  size: bytes,
});

const restoreSummary = z.object({
  type: z.literal("summary"),
  restored: z.number().int(),
  bytes,
  /** Files that were removed because the moment did not have them; they are in the trash. */
  removed: z.number().int(),
  skipped: z.number().int(),
  dryRun: z.boolean(),
});

const restoreItem = z.discriminatedUnion("type", [
  restoredItem,
  z.object({ type: z.literal("removed"), folder: z.string(), path: z.string() }),
  skipped,
  restoreSummary,
]);

const trashItem = z.object({
  type: z.literal("item"),
  folder: z.string(),
  path: z.string(),
  version: z.number().int(),
  size: bytes,
  deletedAt: time,
  device: z.string(),
});

export const VERSION_SHAPES = {
  versions: {
    input: z.strictObject({ folder: folderRef, path: pathText }),
    output: z.object({ folder: z.string(), path: z.string(), versions: z.array(version) }),
  },
  versionRead: {
    /** Without `version` the current one. */
    input: z.strictObject({ folder: folderRef, path: pathText, version: versionRef }),
    output: z.discriminatedUnion("type", [
      z.object({ type: z.literal("piece"), base64: z.string() }),
      z.object({ type: z.literal("end"), version: z.number().int(), size: bytes, time, device: z.string() }),
    ]),
  },
  restore: {
    /** With `version` one file; with `at` everything at or below `path` as it was then. Neither: the newest kept version. */
    input: z.strictObject({
      folder: folderRef,
      path: pathText,
      version: versionRef,
      at: time.optional(),
      /** Below the same folder. */
      as: pathText.optional(),
      dryRun,
    }),
    output: restoreItem,
  },
  trashList: {
    input: z.strictObject({ folder: folderRef.optional(), path: pathText.default(""), ...pageOfPaths }),
    output: z.discriminatedUnion("type", [
      trashItem,
      /** Of all pages. */
      z.object({ type: z.literal("summary"), items: z.number().int(), bytes }),
    ]),
  },
  trashRestore: {
    /** A deleted directory brings back what was below it. */
    input: z.strictObject({
      folder: folderRef,
      path: pathText,
      as: pathText.optional(),
      dryRun,
    }),
    output: restoreItem,
  },
  trashEmpty: {
    input: z.strictObject({
      folder: folderRef.optional(),
      /** Only what was deleted before. */
      before: time.optional(),
      dryRun,
    }),
    output: z.object({ items: z.number().int(), bytes, dryRun: z.boolean() }),
  },
} as const;

export type RestoreItem = z.output<typeof restoreItem>;
export type TrashItem = z.output<typeof trashItem>;
