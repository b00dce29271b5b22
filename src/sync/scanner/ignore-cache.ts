import { compileIgnore, type IgnoreRules, type IgnoreSource } from "../core/ignore.ts";

const SOURCES_MAX = 32;

/** Keeps compiled patterns from scan to scan; few folders, and patterns seldom change. */
export class IgnoreCache {
  readonly #rules = new Map<string, IgnoreRules>();

  compile(source: IgnoreSource): IgnoreRules {
    const key = JSON.stringify([source.folderText, source.devicePatterns]);
    const known = this.#rules.get(key);
    if (known !== undefined) return known;
    if (this.#rules.size >= SOURCES_MAX) this.#rules.clear();
    const rules = compileIgnore(source);
    this.#rules.set(key, rules);
    return rules;
  }
}
