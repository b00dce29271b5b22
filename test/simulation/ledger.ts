/**
 * What people wrote, and what became of it.
 *
 * Every content has a token of its own. A token is finished with when a person
 * overwrote or removed a file that held it, at any device and under any of its
 * names; until then it must be found somewhere.
 */

import type { Inode } from "../support/sim-disk.ts";
import type { SimFs } from "../support/sim-fs.ts";

const TOKEN = /<[A-Z]\d+>/g;

/** Tokens in a text. */
export function tokensIn(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}

const known = new WeakMap<Uint8Array, readonly string[]>();
const decoder = new TextDecoder();

function tokensOf(inode: Inode): readonly string[] {
  if (inode.type === "symlink") return tokensIn(inode.target);
  const found = known.get(inode.data);
  if (found !== undefined) return found;
  const tokens = tokensIn(decoder.decode(inode.data));
  known.set(inode.data, tokens);
  return tokens;
}

/** Tokens on a disk, each with the number of paths that show it: at users' paths, and (with `area` "kept") in the store as well. */
export function countTokens(fs: SimFs, area: "visible" | "kept"): Map<string, number> {
  const found = new Map<string, number>();
  const visit = (directory: Inode, depth: number): void => {
    for (const { name, inode } of directory.entries.values()) {
      if (depth === 0 && name === ".syncline") {
        const store = inode.entries.get("store")?.inode;
        if (area === "kept" && store !== undefined) visit(store, 1);
      } else if (inode.type === "directory") visit(inode, depth + 1);
      else for (const token of tokensOf(inode)) found.set(token, (found.get(token) ?? 0) + 1);
    }
  };
  visit(fs.disk.root, 0);
  return found;
}

/** Tokens of what lies in the store and is not known to be there yet. */
export function tokensUnderWay(fs: SimFs, isKnown: (storeName: string) => boolean): readonly string[] {
  const store = fs.disk.inodeAt(".syncline/store", "list");
  return [...store.entries.values()].flatMap(({ name, inode }) =>
    inode.type === "directory" || isKnown(name) ? [] : tokensOf(inode),
  );
}

/** Tokens below directories in the store. */
export function tokensInKeptDirectories(fs: SimFs): readonly string[] {
  const store = fs.disk.inodeAt(".syncline/store", "list");
  const below = (inode: Inode): readonly string[] =>
    inode.type === "directory" ? [...inode.entries.values()].flatMap((entry) => below(entry.inode)) : tokensOf(inode);
  return [...store.entries.values()].flatMap(({ inode }) => (inode.type === "directory" ? below(inode) : []));
}

export function tokensOn(fs: SimFs, area: "visible" | "kept"): Set<string> {
  return new Set(countTokens(fs, area).keys());
}

export interface Entry {
  readonly node: string;
  readonly path: string;
  readonly atMs: number;
  /** The person saw to it that a power cut does not take it. */
  isDurable: boolean;
  /** Why it need not be found any more. */
  end: string | undefined;
  /** Why it may be in a store only. */
  hidden: string | undefined;
}

export class Ledger {
  readonly entries = new Map<string, Entry>();
  #next = 1;

  token(nodeName: string): string {
    return `<${nodeName}${this.#next++}>`;
  }

  written(token: string, entry: Pick<Entry, "node" | "path" | "atMs">): void {
    this.entries.set(token, { ...entry, isDurable: false, end: undefined, hidden: undefined });
  }

  /** A person did away with these. */
  ended(tokens: Iterable<string>, why: string): void {
    for (const token of tokens) {
      const entry = this.entries.get(token);
      if (entry !== undefined) entry.end ??= why;
    }
  }

  hidden(token: string, why: string): void {
    const entry = this.entries.get(token);
    if (entry !== undefined) entry.hidden ??= why;
  }
}
