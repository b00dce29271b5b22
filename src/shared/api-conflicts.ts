/** The shapes of conflicts and how they are settled. Part of api.ts, which has the rules. */
import { z } from "zod";
import { bytes, flag, folderRef, pageOfPaths, time } from "./api-pieces.ts";

const conflictCopy = z.object({
  path: z.string(),
  /** Name of the device that wrote it. */
  device: z.string(),
  mtime: time,
  size: bytes,
});

const conflict = z.object({
  id: z.number().int(),
  folder: z.string(),
  path: z.string(),
  /** The version at `path` first, then the conflict copies. */
  copies: z.array(conflictCopy),
  state: z.enum(["open", "resolved"]),
  /** How it was settled. */
  kept: z.enum(["current", "copy", "both"]).nullable(),
  createdAt: time,
  canUndo: z.boolean(),
});

const aboutConflict = z.strictObject({ id: z.coerce.number().int().min(1) });

export const CONFLICT_SHAPES = {
  conflictList: {
    input: z.strictObject({ folder: folderRef.optional(), all: flag.default(false), ...pageOfPaths }),
    /** `total`: on all pages. */
    output: z.object({ conflicts: z.array(conflict), total: z.number().int() }),
  },
  conflictShow: { input: aboutConflict, output: conflict },
  conflictResolve: { input: aboutConflict.extend({ keep: z.enum(["current", "copy", "both"]) }), output: conflict },
  conflictUndo: { input: aboutConflict, output: conflict },
} as const;

export type Conflict = z.output<typeof conflict>;
