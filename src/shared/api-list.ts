/** The shapes of listing what a folder holds, and of the folders themselves. Part of api.ts, which has the rules. */
import { z } from "zod";
import { bytes, fileType, flag, folderRef, givenCount, pathText, rights, searchText, time } from "./api-pieces.ts";

/** One path of a folder, as the index has it. */
const listEntry = z.object({
  /** From the folder's root. */
  path: z.string(),
  type: fileType,
  size: bytes,
  /** Where a symlink leads; null for all else. */
  target: z.string().nullable(),
  /** When it was written; of what is deleted: when that was. Null for directories, whose time is not kept in step. */
  mtime: time.nullable(),
  /** Permission bits, `0644`. */
  mode: z.string(),
  /** Who first brought it: name of a device, or of an account as `bob@desk`. */
  owner: z.string(),
  /** Name of the device that wrote this version. */
  device: z.string(),
  /** `b3:…`; null for what has none. */
  contentId: z.string().nullable(),
  /** `sha256:…` where it was computed for this content before. */
  hash: z.string().nullable(),
  /** Its number in `versions`; null for what has none. */
  version: z.number().int().nullable(),
  deleted: z.boolean(),
});

/** A folder, where no folder was named. */
const listFolder = z.object({
  path: z.string(),
  type: z.literal("folder"),
  label: z.string(),
  size: bytes,
  files: z.number().int(),
  /** What whoever asks may do in it. */
  rights,
});

const listSummary = z.object({
  type: z.literal("summary"),
  entries: z.number().int(),
  bytes,
  /** Where the next page begins; null when this was the last. */
  next: z.string().nullable(),
  /** Of a list with `offset`: how many there are in all. */
  total: z.number().int().optional(),
});

export const LIST_SHAPES = {
  list: {
    input: z.strictObject({
      /** Left out: the folders themselves. */
      folder: folderRef.optional(),
      path: pathText.default(""),
      /** All below, not only the children. */
      recursive: flag.default(false),
      /** Tombstones, too. */
      deleted: flag.default(false),
      /** Written at this time or later, and before that one. Directories have no time: with either they are left out. */
      since: time.optional(),
      until: time.optional(),
      /** gitignore syntax, below what is listed; one with a slash looks at all below. */
      glob: searchText.optional(),
      /** Searched in the base name; `pathRegex` in the whole path, of all below. */
      regex: searchText.optional(),
      pathRegex: searchText.optional(),
      /** Somewhere in the path below what is listed, in capitals or not. */
      contains: searchText.optional(),
      /** The largest, the newest first, by path, or by path as people sort. Without it in directory order, which alone has pages by `after`. */
      sort: z.enum(["size", "mtime", "name", "natural"]).optional(),
      directoriesFirst: flag.default(false),
      /** Reads files of whose content no hash is known. */
      sha256: flag.default(false),
      /** At most so many entries; the summary's `next` then says where to go on. */
      limit: givenCount.max(100_000).optional(),
      /** So many are left out before the first: a window of a list that is looked at. The summary's `total` says how many there are. */
      offset: givenCount.optional(),
      /** A summary's `next`. */
      after: z.string().max(8192).default(""),
    }),
    output: z.union([listEntry, listFolder, listSummary]),
  },
} as const;

export type ListEntry = z.output<typeof listEntry>;
export type ListLine = z.output<typeof LIST_SHAPES.list.output>;
