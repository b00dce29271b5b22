/**
 * What happens to a name that exists already where an upload or a download
 * goes. Pure: the receiving side looks, asks here, and reserves what it is
 * told while it holds the path.
 */
import { marked, splitExtension } from "./marked-name.ts";

export const DUPLICATE_POLICIES = ["version", "overwrite", "rename", "skip", "fail", "ask"] as const;
export type DuplicatePolicy = (typeof DUPLICATE_POLICIES)[number];
/** What is left once a person was asked. */
export type SettledPolicy = Exclude<DuplicatePolicy, "ask">;

export type DuplicateDecision =
  /** Nothing is in the way. */
  | { readonly type: "create" }
  /** The old content gives way; it stays in the version history when there is one. */
  | { readonly type: "replace" }
  /** The same content is there: nothing is written, and the answer says so. */
  | { readonly type: "unchanged" }
  /** Another name is taken: the first free one of {@link numberedName}. */
  | { readonly type: "rename" }
  | { readonly type: "skip" }
  | { readonly type: "fail" }
  /** A directory is in the way of a file, or the other way round; no policy removes either. */
  | { readonly type: "in-the-way" };

export interface Existing {
  readonly isSameType: boolean;
  readonly isSameContent: boolean;
}

/**
 * Decides about one file. A duplicate is a name that exists, whatever its
 * content: `rename` and `fail` hold for equal content, too, so that a script
 * gets the same answer whether or not somebody was there before it.
 */
export function decideDuplicate(policy: SettledPolicy, existing: Existing | undefined): DuplicateDecision {
  if (existing === undefined) return { type: "create" };
  if (policy === "rename" || policy === "skip" || policy === "fail") return { type: policy };
  if (!existing.isSameType) return { type: "in-the-way" };
  return { type: existing.isSameContent ? "unchanged" : "replace" };
}

/** Names tried by `rename` before it gives up. */
export const NUMBERED_NAMES_MAX = 10_000;

/**
 * The name beside `name` with this number: `a_v2.pdf`, `a_v2.tar.gz`,
 * `.bashrc_v2`. A name that has a number already continues from it, so that
 * `a_v2.pdf` is followed by `a_v3.pdf`: `step` 1 is the first free candidate.
 */
export function numberedName(name: string, step: number): string {
  const { stem, extension } = splitExtension(name);
  const numbered = /^(.+)_v([1-9]\d{0,8})$/s.exec(stem);
  const before = numbered === null ? 1 : Number(numbered[2]);
  // A file called `a_v1` was numbered by hand; its stem stays whole.
  const base = numbered === null || before < 2 ? stem : (numbered[1] ?? stem);
  return marked({ stem: base, extension }, `_v${(before < 2 ? 1 : before) + step}`);
}
