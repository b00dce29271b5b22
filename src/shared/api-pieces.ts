/**
 * What the shapes of more than one topic are made of. Part of api.ts, which
 * has the rules.
 */
import { z } from "zod";

// What inputs are made of. A query string holds texts only, so numbers and booleans are also taken as text.
export const givenCount = z.coerce.number().int().min(0);
export const flag = z.union([z.boolean(), z.stringbool()]);
/** A folder's id, or its label when unique. */
export const folderRef = z.string().min(1).max(255);
/** A device's id, its first seven characters or more, or its name when unique. */
export const peerRef = z.string().min(1).max(255);
/** Below the folder's root; "" is the root itself. Parsed by the daemon. */
export const pathText = z.string().max(8192);
export const absolutePath = z.string().min(1).max(8192);
/** One of the versions of a file, also of a deleted one; without it what is there now. */
export const versionRef = z.number().int().min(1).optional();
/** Looked for in names or paths. */
export const searchText = z.string().min(1).max(1024);
export const dryRun = z.boolean().default(false);
export const nothing = z.strictObject({});
/** Which rows of a list that each have a path; all of them without `limit`. */
export const pageOfPaths = {
  /** Somewhere in the path, in capitals or not. */
  contains: searchText.optional(),
  /** So many are left out before the first. */
  offset: givenCount.default(0),
  limit: givenCount.max(100_000).optional(),
};

// What inputs and outputs are made of.
export const rights = z.enum(["read", "write"]);
export const role = z.enum(["admin", "user"]);
/** Whether something is done on the way; "auto" decides by what it spares. */
export const when = z.enum(["auto", "on", "off"]);
export const fileType = z.enum(["file", "directory", "symlink"]);
/** What becomes of a file whose name is taken. */
export const duplicatePolicy = z.enum(["version", "overwrite", "rename", "skip", "fail"]);
export const bytes = z.number().int().min(0);
export const count = z.number().int().min(0);
export const time = z.iso.datetime();

// What outputs are made of.
export const changed = z.object({ changed: z.boolean() });
export const problem = z.object({ path: z.string(), code: z.string(), message: z.string(), fix: z.string() });
/** Bytes that did not have to travel. */
export const saved = z.object({ delta: z.number().int(), reuse: z.number().int(), compression: z.number().int() });
/** What became of a file that was to be written. */
export const outcome = z.enum(["stored", "unchanged", "skipped", "exists", "failed"]);
/** A path that a command left as it was, and why. */
export const skipped = z.object({
  type: z.literal("skipped"),
  folder: z.string(),
  path: z.string(),
  code: z.string(),
  message: z.string(),
});

export type Problem = z.output<typeof problem>;
