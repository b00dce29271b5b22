/**
 * Puts content at paths because somebody asked for it: the receiving half of
 * an upload. What is replaced is kept as a version; a path that turns out
 * different on disk is left as it is, and the caller may try again.
 *
 * Names are decided and taken inside the folder's loop, so that two uploads of
 * one name at once get two names, and two writers of one path come one after
 * the other.
 */
import {
  type DuplicateDecision,
  decideDuplicate,
  NUMBERED_NAMES_MAX,
  numberedName,
  type SettledPolicy,
} from "../../shared/duplicates.ts";
import type { FileType, Head } from "../../shared/file-info.ts";
import { baseName, type ContentId, parentOf, type RelPath, relPathFault } from "../../shared/ids.ts";
import { compileIgnore } from "../core/ignore.ts";
import type { ContentSource } from "../folder-disk.ts";
import { missingAncestors } from "./ancestors.ts";
import { type Carried, carryOut, type PathChange } from "./carry-out.ts";
import { assertChangesCount, type KeepContext } from "./keep-context.ts";
import { knownHeads, liveHead, versionAbove } from "./known.ts";

/** What is to stand at a path. */
export interface PutContent {
  readonly type: FileType;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly mode: number;
  readonly contentId: ContentId | null;
  readonly target: string;
}

export interface Put {
  readonly path: RelPath;
  readonly content: PutContent;
  readonly policy: SettledPolicy;
  /** Who brings it: the owner, where nothing lives yet. */
  readonly owner: string;
  /** Whose the directories on the way become, when not the owner's. */
  readonly by?: string;
  /** Where its bytes are, when they are not at some path of this folder. */
  readonly fetched?: ContentSource | undefined;
}

export type PutResult =
  | { readonly type: "stored"; readonly path: RelPath; readonly isNew: boolean }
  | { readonly type: "unchanged"; readonly path: RelPath }
  | { readonly type: "skipped"; readonly path: RelPath }
  /** `isPassing`: the disk moves; it may work in a moment. */
  | {
      readonly type: "failed";
      readonly path: RelPath;
      readonly code: string;
      readonly message: string;
      readonly isPassing: boolean;
    };

/** What would be done about a path now; nothing is written. "store" wants the content. */
export function foreseePut(context: KeepContext, put: Put): PutResult | { readonly type: "store" } {
  const plan = planPut(context, put, new Set());
  return plan.type === "changes" ? { type: "store" } : plan.result;
}

/** Puts all that one asks for, in their order, in one turn of the folder's loop. Throws E_RECEIVE_ONLY, or why the folder is not there. */
export async function putAll(context: KeepContext, puts: readonly Put[]): Promise<readonly PutResult[]> {
  assertChangesCount(context, "put");
  return await context.inLoop(async () => {
    const taken = new Set<RelPath>();
    const plans = puts.map((put) => planPut(context, put, taken));
    const carried = await carryOut(
      context,
      plans.flatMap((plan) => (plan.type === "changes" ? plan.changes : [])),
      puts[0]?.by ?? puts[0]?.owner,
    );
    let next = 0;
    return plans.map((plan): PutResult => {
      if (plan.type === "settled") return plan.result;
      next += plan.changes.length;
      return resultOf(plan, carried[next - 1]);
    });
  });
}

type Plan =
  | { readonly type: "settled"; readonly result: PutResult }
  /** The last change is the path's own. */
  | {
      readonly type: "changes";
      readonly path: RelPath;
      readonly isNew: boolean;
      readonly changes: readonly PathChange[];
    };

/** `taken` are paths that this batch has given out or makes directories; it grows. */
function planPut(context: KeepContext, put: Put, taken: Set<RelPath>): Plan {
  const { path, content } = put;
  if (compileIgnore(context.ignoreSource()).isIgnored(path, content.type === "directory"))
    return failed(path, "E_NOT_ALLOWED", `${path} matches an ignore pattern of the folder: it would not sync`);
  const decision = decide(context, put, taken);
  switch (decision.type) {
    case "create":
    case "replace":
      return changesFor(context, put, path, decision.type === "create", taken);
    case "rename": {
      const free = freeName(context, path, taken);
      if (free === undefined) return failed(path, "E_EXISTS", `${path} and the numbered names beside it exist`);
      return changesFor(context, put, free, true, taken);
    }
    case "unchanged":
    case "skip":
      return { type: "settled", result: { type: decision.type === "skip" ? "skipped" : "unchanged", path } };
    case "fail":
      return failed(path, "E_EXISTS", `${path} exists`);
    case "in-the-way":
      return failed(path, "E_EXISTS", `${path} is ${content.type === "directory" ? "no" : "a"} directory there`);
  }
}

function decide(context: KeepContext, { path, content, policy }: Put, taken: ReadonlySet<RelPath>): DuplicateDecision {
  const live = liveHead(context.index.read.local(context.folder, path));
  // Directories are merged, whatever the policy: the files in them are the duplicates.
  if (content.type === "directory" && (live?.type === "directory" || taken.has(path))) return { type: "unchanged" };
  if (live === undefined)
    return decideDuplicate(policy, taken.has(path) ? { isSameType: true, isSameContent: false } : undefined);
  return decideDuplicate(policy, {
    isSameType: live.type !== "directory" && content.type !== "directory",
    isSameContent: live.type === content.type && live.contentId === content.contentId,
  });
}

function freeName(context: KeepContext, path: RelPath, taken: ReadonlySet<RelPath>): RelPath | undefined {
  const parent = parentOf(path);
  for (let step = 1; step <= NUMBERED_NAMES_MAX; step++) {
    const name = numberedName(baseName(path), step);
    const candidate = (parent === undefined ? name : `${parent}/${name}`) as RelPath;
    if (relPathFault(candidate) !== undefined) return undefined;
    if (taken.has(candidate)) continue;
    if (liveHead(context.index.read.local(context.folder, candidate)) === undefined) return candidate;
  }
  return undefined;
}

function changesFor(context: KeepContext, put: Put, path: RelPath, isNew: boolean, taken: Set<RelPath>): Plan {
  const ancestors = missingAncestors(context, path, taken, put.by ?? put.owner);
  if (ancestors.type === "blocked")
    return failed(path, "E_EXISTS", `${ancestors.by} is no directory there, so nothing can be put below it`);
  for (const { path: made } of ancestors.changes) taken.add(made);
  taken.add(path);
  const known = knownHeads(context, path);
  const above = versionAbove(context, known, headOf(context, put));
  // What is brought where nothing lives is a new file, whoever's an older one of that name was.
  const head = known.every(({ deleted }) => deleted) ? { ...above, owner: put.owner } : above;
  const own: PathChange = {
    type: "show",
    path,
    heads: [head],
    origin: "replaced",
    storedAs: null,
    fetched: put.fetched,
  };
  return { type: "changes", path, isNew, changes: [...ancestors.changes, own] };
}

function headOf({ self }: KeepContext, { content, owner }: Put): Head {
  return { ...content, version: [], author: self, deleted: false, previous: null, owner };
}

function failed(path: RelPath, code: string, message: string, isPassing = false): Extract<Plan, { type: "settled" }> {
  return { type: "settled", result: { type: "failed", path, code, message, isPassing } };
}

/** What a scan has to see first, or what is being written, may be over in a moment. */
const PASSING: ReadonlySet<string> = new Set(["E_EXISTS", "E_CHANGING", "E_NO_SOURCE"]);

function resultOf(plan: Extract<Plan, { type: "changes" }>, carried: Carried | undefined): PutResult {
  const { path, isNew } = plan;
  if (carried === undefined) throw new Error("bug: a put without an outcome");
  if (carried.type === "done") return { type: "stored", path, isNew };
  const { code, message } = carried;
  return { type: "failed", path, code, message, isPassing: PASSING.has(code) };
}
