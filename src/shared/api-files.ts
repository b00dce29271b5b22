/**
 * The shapes of commands that change files of a folder, here or on a paired
 * device. Part of api.ts, which has the rules.
 */
import { z } from "zod";
import { bytes, dryRun, fileType, folderRef, pathText, peerRef, skipped } from "./api-pieces.ts";

/** Not the root itself. */
const pathBelow = pathText.min(1);

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

const hash = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const sound = z.enum(["here", "there", "both", "neither"]);

const readBack = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("file"),
    path: z.string(),
    size: bytes,
    hash,
    /** Whether the index of the node that read it says the same. */
    isAsRecorded: z.boolean(),
  }),
  z.object({ type: z.literal("symlink"), path: z.string(), target: z.string(), isAsRecorded: z.boolean() }),
  z.object({ type: z.literal("directory"), path: z.string(), isAsRecorded: z.boolean() }),
  z.object({ type: z.literal("unreadable"), path: z.string(), code: z.string(), message: z.string() }),
  z.object({ type: z.literal("end"), entries: z.number().int(), bytes }),
]);

const verifyLine = z.discriminatedUnion("type", [
  z.object({ type: z.literal("progress"), entries: z.number().int(), bytes }),
  /** "missing": there and not here; "extra": here and not there. `sound`: who still holds what it recorded. */
  z.object({ type: z.enum(["differs", "missing", "extra"]), path: z.string(), sound }),
  z.object({
    type: z.literal("unreadable"),
    path: z.string(),
    side: z.enum(["here", "there"]),
    code: z.string(),
    message: z.string(),
  }),
  z.object({
    type: z.literal("summary"),
    folder: z.string(),
    same: z.boolean(),
    entries: z.number().int(),
    bytes,
    differs: z.number().int(),
    missing: z.number().int(),
    extra: z.number().int(),
    unreadable: z.number().int(),
  }),
]);

export const FILE_SHAPES = {
  hash: {
    /** Read from the disk, always. */
    input: z.strictObject({ folder: folderRef, path: pathBelow }),
    output: z.object({ folder: z.string(), path: z.string(), hash }),
  },
  readBack: {
    /** All that syncs at and below a path, read from the disk; in the order of a walk, names by their bytes. */
    input: z.strictObject({ folder: folderRef, path: pathText.default("") }),
    output: readBack,
  },
  verify: {
    input: z.strictObject({ peer: peerRef, folder: folderRef, path: pathText.default("") }),
    output: verifyLine,
  },
  repair: {
    input: z.strictObject({
      folder: folderRef,
      paths: z.array(pathBelow).min(1).max(1000),
      /** "restore": what the index recorded is wanted again. "adopt": what the disk holds counts. */
      how: z.enum(["restore", "adopt"]),
    }),
    output: z.object({
      folder: z.string(),
      paths: z.array(z.string()),
      skipped: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
    }),
  },
  delete: {
    input: z.strictObject({
      folder: folderRef,
      path: pathBelow,
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
    input: z.strictObject({ folder: folderRef, path: pathBelow, dryRun }),
    /** `made` is false where it was there before. */
    output: z.object({ folder: z.string(), path: z.string(), made: z.boolean(), dryRun: z.boolean() }),
  },
  move: {
    input: z.strictObject({
      folder: folderRef,
      path: pathBelow,
      /** Left out: within the same folder. */
      toFolder: folderRef.optional(),
      /** A directory that exists takes it under its base name; "" is the root. */
      to: pathText,
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
export type ReadBackLine = z.output<typeof readBack>;
export type VerifyLine = z.output<typeof verifyLine>;
export type MoveLine = z.output<typeof FILE_SHAPES.move.output>;
