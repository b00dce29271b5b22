import { readFileSync } from "node:fs";
import type { InputKind } from "./inputs.ts";

interface KnownFile {
  readonly kind: InputKind;
  readonly size: number;
  readonly contentId: string;
  /** The offset at which each chunk ends. */
  readonly cuts: readonly number[];
}

interface KnownCuts {
  /** Chooses the row; the input itself is shorter. */
  readonly fileSize: number;
  readonly kind: InputKind;
  readonly size: number;
  readonly cuts: readonly number[];
}

/**
 * Computed once by the oracle and by @noble/hashes. Never computed again: when
 * a test disagrees with these, content ids have changed, and every device
 * would hold different names for the same bytes.
 */
export const KNOWN_ANSWERS: { readonly files: readonly KnownFile[]; readonly coarserRows: readonly KnownCuts[] } =
  JSON.parse(readFileSync(new URL("../../fixtures/delta/known-answers.json", import.meta.url), "utf8"));
