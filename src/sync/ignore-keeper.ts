/**
 * The patterns of a folder that count now: `.synclineignore` as last read, and
 * this device's own. One owner: the folder's loop.
 */
import { LIMITS } from "../shared/limits.ts";
import { winnerOf } from "./core/heads.ts";
import { compileIgnore, type IgnoreRules, type IgnoreSource } from "./core/ignore.ts";
import type { FolderContext } from "./folder-context.ts";

const NOTE = "ignore";

export class IgnoreKeeper {
  readonly #context: FolderContext;
  #source: IgnoreSource = { folderText: "", devicePatterns: [] };
  #rules: IgnoreRules = compileIgnore(this.#source);
  #key: string | undefined;
  #isStale = true;
  /** Called when other patterns count than before. */
  onChange: () => void = () => {};

  constructor(context: FolderContext) {
    this.#context = context;
  }

  get rules(): IgnoreRules {
    return this.#rules;
  }

  /** Tells the patterns that count, or that counted before the first {@link load}, from others. */
  get key(): string {
    return this.#key ?? this.#context.index.read.note(this.#context.folder, NOTE) ?? "";
  }

  get source(): IgnoreSource {
    return this.#source;
  }

  /** The file or the settings may have changed: the next {@link load} looks. */
  doubt(): void {
    this.#isStale = true;
  }

  /**
   * Takes up changed patterns. Rows of what is ignored from now on are
   * forgotten, so that a deletion made while ignored is never announced later
   * (Syncthing #3502); what no longer is comes back from the disk or the peers,
   * for which "changed" asks for a scan.
   */
  async load(devicePatterns: readonly string[]): Promise<"same" | "changed"> {
    if (!this.#isStale) return "same";
    this.#isStale = false;
    const source = { folderText: await this.#context.disk.readIgnoreFile(), devicePatterns };
    const key = JSON.stringify([source.folderText, devicePatterns]);
    if (key === this.#key) return "same";
    const isFirst = this.#key === undefined;
    this.#key = key;
    this.#source = source;
    this.#rules = compileIgnore(source);
    this.onChange();
    for (const fault of this.#rules.faults) this.#context.log.warn("Ignore pattern does nothing", { ...fault });
    const { index, folder } = this.#context;
    if (isFirst && (index.read.note(folder, NOTE) ?? "") === key) return "same";
    await this.#forgetIgnored();
    await index.write.reconsider(folder);
    await index.write.setNote(folder, NOTE, key);
    return "changed";
  }

  async #forgetIgnored(): Promise<void> {
    const { index, folder } = this.#context;
    for (let after = ""; ; ) {
      const page = index.read.localBelow(folder, "", after, LIMITS.planBatch.value);
      const ignored = page
        .filter((row) => this.#rules.isIgnored(row.path, winnerOf(row.heads).type === "directory"))
        .map((row) => row.path);
      if (ignored.length > 0) await index.write.forgetPaths(folder, ignored);
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.path;
    }
  }
}
