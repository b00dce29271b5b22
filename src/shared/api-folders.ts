/** The shapes of folders: how they stand, and what a person sets and decides. Part of api.ts, which has the rules. */
import { z } from "zod";
import {
  absolutePath,
  bytes,
  changed,
  dryRun,
  folderRef,
  nothing,
  peerRef,
  problem,
  rights,
  when,
} from "./api-pieces.ts";

const mode = z.enum(["two-way", "send-only", "receive-only"]);
export const folderState = z.enum(["in-sync", "scanning", "syncing", "paused", "halted", "error"]);

export const folderStatus = z.object({
  id: z.string(),
  label: z.string(),
  path: z.string(),
  mode,
  state: folderState,
  files: z.number().int(),
  bytes,
  needFiles: z.number().int(),
  needBytes: bytes,
  /** Open conflicts. */
  conflicts: z.number().int(),
  /** At most LIMITS.problemsShown; `problemsTotal` counts all. */
  problems: z.array(problem),
  problemsTotal: z.number().int(),
  /** Deletions that the brake holds here. */
  heldDeletes: z.number().int(),
  /** Ids of the devices it is shared with. */
  peers: z.array(z.string()),
});

const folder = folderStatus.extend({
  paused: z.boolean(),
  /** What this device asks for when it fetches: changed regions instead of whole chunks, and compressed answers. */
  delta: when,
  compression: when,
  /** This device's own patterns; `.synclineignore` not included. */
  ignore: z.array(z.string()),
  shares: z.array(z.object({ id: z.string(), name: z.string(), rights })),
});

const aboutFolder = z.strictObject({ folder: folderRef });
const deletes = z.object({ folder: z.string(), files: z.number().int() });

export const FOLDER_SHAPES = {
  folderAdd: {
    input: z.strictObject({
      path: absolutePath,
      id: z.string().optional(),
      label: z.string().min(1).max(255).optional(),
      mode: mode.default("two-way"),
      force: z.boolean().default(false),
    }),
    /** `added` is false when the folder was there already with the same directory. */
    output: z.object({ folder, added: z.boolean() }),
  },
  folderList: { input: nothing, output: z.object({ folders: z.array(folder) }) },
  folderShow: { input: aboutFolder, output: folder },
  folderShare: { input: aboutFolder.extend({ peer: peerRef, rights: rights.default("write") }), output: folder },
  folderUnshare: { input: aboutFolder.extend({ peer: peerRef }), output: folder },
  folderMode: { input: aboutFolder.extend({ mode }), output: folder },
  /** Neither given: changes nothing. */
  folderFetch: {
    input: aboutFolder.extend({ delta: when.optional(), compression: when.optional() }),
    output: folder,
  },
  folderIgnore: {
    /** Neither given: only lists. */
    input: aboutFolder.extend({ add: z.array(z.string()).default([]), remove: z.array(z.string()).default([]) }),
    output: z.object({ folder: z.string(), patterns: z.array(z.string()) }),
  },
  folderPause: { input: aboutFolder, output: changed },
  folderResume: { input: aboutFolder, output: changed },
  /** Returns when the scan is done. */
  folderRescan: {
    input: aboutFolder,
    output: z.object({ folder: z.string(), files: z.number().int(), changed: z.number().int() }),
  },
  folderApprove: { input: aboutFolder, output: deletes },
  folderReject: { input: aboutFolder, output: deletes },
  folderRevert: {
    input: aboutFolder.extend({ dryRun }),
    output: deletes.extend({ paths: z.array(z.string()) }),
  },
  folderOverride: {
    input: aboutFolder.extend({ dryRun }),
    output: deletes.extend({ paths: z.array(z.string()) }),
  },
  folderRepair: { input: aboutFolder, output: folder },
  folderRemove: {
    /** `purge` also removes kept versions and trash (`.syncline`). */
    input: aboutFolder.extend({ purge: z.boolean().default(false) }),
    output: z.object({ id: z.string(), path: z.string(), purged: z.boolean() }),
  },
} as const;

export type FolderState = z.output<typeof folderState>;
export type FolderStatus = z.output<typeof folderStatus>;
export type Folder = z.output<typeof folder>;
