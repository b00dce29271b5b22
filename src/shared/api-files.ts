/**
 * The shapes of commands that change files of a folder, here or on a paired
 * device. Part of api.ts, which has the rules.
 */
import { z } from "zod";

const bytes = z.number().int().min(0);
const folderRef = z.string().min(1).max(255);
const pathText = z.string().min(1).max(8192);
const fileType = z.enum(["file", "directory", "symlink"]);
const dryRun = z.boolean().default(false);

const skipped = z.object({
  type: z.literal("skipped"),
  folder: z.string(),
  path: z.string(),
  code: z.string(),
  message: z.string(),
});

const deleted = z.object({
  type: z.literal("deleted"),
  folder: z.string(),
  path: z.string(),
  fileType,
  size: bytes,
});

const moved = z.object({
  type: z.literal("moved"),
  folder: z.string(),
  path: z.string(),
  toFolder: z.string(),
  /** Its path there. */
  storedAs: z.string(),
  fileType,
  size: bytes,
});

export const FILE_SHAPES = {
  delete: {
    input: z.strictObject({
      folder: folderRef,
      path: pathText,
      /** A directory goes with all that lies in it. */
      recursive: z.boolean().default(false),
      /** Keeps nothing of it here; for admins. */
      permanent: z.boolean().default(false),
      dryRun,
    }),
    /** Files first, then directories, the deepest first. */
    output: z.discriminatedUnion("type", [
      deleted,
      skipped,
      z.object({
        type: z.literal("summary"),
        deleted: z.number().int(),
        bytes,
        skipped: z.number().int(),
        permanent: z.boolean(),
        dryRun: z.boolean(),
      }),
    ]),
  },
  mkdir: {
    /** Makes what is missing above it, too. */
    input: z.strictObject({ folder: folderRef, path: pathText, dryRun }),
    /** `made` is false where it was there before. */
    output: z.object({ folder: z.string(), path: z.string(), made: z.boolean(), dryRun: z.boolean() }),
  },
  move: {
    input: z.strictObject({
      folder: folderRef,
      path: pathText,
      /** Left out: within the same folder. */
      toFolder: folderRef.optional(),
      /** A directory that exists takes it under its base name; "" is the root. */
      to: z.string().max(8192),
      /** `to` is a directory, made when missing. */
      into: z.boolean().default(false),
      dryRun,
    }),
    /** One item for a move within a folder; between folders one for each path. */
    output: z.discriminatedUnion("type", [
      moved,
      skipped,
      z.object({
        type: z.literal("summary"),
        moved: z.number().int(),
        bytes,
        skipped: z.number().int(),
        dryRun: z.boolean(),
      }),
    ]),
  },
};

export type DeleteLine = z.output<typeof FILE_SHAPES.delete.output>;
export type MoveLine = z.output<typeof FILE_SHAPES.move.output>;
