/**
 * config.json in memory and on disk: the one owner of settings, folders and
 * peers. Everything that follows it hears of a change at once, whether a
 * command or a person with an editor made it.
 */
import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { badConfig, type ConfigFault, checkConfig, describeFault, parseConfig } from "../../shared/config-parse.ts";
import type { Config, ConfigDraft, ConfigFile } from "../../shared/config-schema.ts";
import type { SettingKey } from "../../shared/config-settings.ts";
import { SyncError } from "../../shared/errors.ts";
import type { Log } from "../../shared/ports.ts";
import { writeFileAtomically } from "../write-file.ts";
import {
  type Environment,
  effectiveConfig,
  type Overrides,
  readEnvironment,
  type SettingSource,
  sourceOf,
} from "./effective-config.ts";

/** An editor may write a file in several steps. */
const SETTLE_MS = 50;
/** A watcher may be deaf on network file systems. */
const POLL_MS = 10_000;

export type ConfigListener = (next: Config, previous: Config) => void;

export interface ConfigStoreOptions {
  readonly file: string;
  readonly env: Environment;
  readonly log: Log;
}

/**
 * Invariants:
 * 1. `get()` is always a configuration that passed the schema.
 * 2. A file with a fault is reported and left alone: the configuration before
 *    it counts on, and no update overwrites what the person wrote.
 * 3. An update begins from the file as it is now, so that it keeps an edit
 *    that was made a moment ago.
 */
export class ConfigStore implements AsyncDisposable {
  readonly file: string;
  readonly #overrides: Overrides;
  readonly #log: Log;
  readonly #listeners = new Set<ConfigListener>();
  #text = "";
  #stored: ConfigFile = { version: 1, folders: {}, peers: {} };
  #config: Config;
  #fault: SyncError | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #watcher: FSWatcher | undefined;
  #settle: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;

  private constructor(options: ConfigStoreOptions) {
    this.file = options.file;
    this.#log = options.log;
    this.#overrides = readEnvironment(options.env);
    this.#config = effectiveConfig(this.#stored, this.#overrides);
  }

  /** Reads the file; a missing one is the defaults. Throws E_BAD_CONFIG with line numbers. */
  static async open(options: ConfigStoreOptions): Promise<ConfigStore> {
    const store = new ConfigStore(options);
    const text = await store.#read();
    store.#adopt(text, store.#parse(text));
    store.#startWatching();
    return store;
  }

  get(): Config {
    return this.#config;
  }

  /** Where the value of a setting comes from. */
  source(key: SettingKey): SettingSource {
    return sourceOf(key, this.#stored, this.#overrides);
  }

  /** What is wrong with the file on disk, when it was edited into something that does not count. */
  get fault(): SyncError | undefined {
    return this.#fault;
  }

  /** Calls the listener after each change, in order. Returns how to stop it. */
  onChange(listener: ConfigListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Changes a copy of the file's content, checks it, writes it, and tells the
   * listeners. Resolves after the file is durable, with whether it changed.
   * Throws what `change` throws, and E_BAD_CONFIG; nothing has changed then.
   */
  update(change: (draft: ConfigDraft) => void): Promise<boolean> {
    return this.#inTurn(async () => {
      const text = await this.#read();
      if (text !== this.#text && !this.#isLost(text)) this.#adopt(text, this.#parse(text));
      const draft = structuredClone(this.#stored) as ConfigDraft;
      change(draft);
      const checked = checkConfig(draft);
      if (!checked.ok) throw badChange(checked.faults);
      const next = `${JSON.stringify(draft, undefined, 2)}\n`;
      if (JSON.stringify(draft) === JSON.stringify(this.#stored)) return false;
      await this.#write(next);
      this.#adopt(next, checked.config);
      return true;
    });
  }

  /** Resolves after what was asked for so far is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher?.close();
    clearTimeout(this.#settle);
    clearInterval(this.#poll);
    await this.#work.catch(() => {});
  }

  #startWatching(): void {
    const name = basename(this.file);
    try {
      // The directory, because a file that is replaced by rename takes its watch along.
      this.#watcher = watch(dirname(this.file), { persistent: false }, (_, changed) => {
        if (changed === null || changed === name) this.#noteEdit();
      });
      this.#watcher.on("error", () => this.#watcher?.close());
    } catch (error) {
      this.#log.warn("Cannot watch config.json; edits are noticed later", { error });
    }
    this.#poll = setInterval(() => this.#noteEdit(), POLL_MS).unref();
  }

  #noteEdit(): void {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.#inTurn(() => this.#reload()), SETTLE_MS).unref();
  }

  async #reload(): Promise<void> {
    try {
      const text = await this.#read();
      if (text === this.#text) {
        this.#fault = undefined;
        return;
      }
      if (this.#isLost(text)) throw lost(this.file);
      this.#adopt(text, this.#parse(text));
      this.#log.info("Took over an edit of config.json");
    } catch (error) {
      const fault =
        error instanceof SyncError
          ? error
          : new SyncError("E_BAD_CONFIG", `${this.file}: ${(error as Error).message}`, { cause: error });
      if (fault.message === this.#fault?.message) return;
      this.#fault = fault;
      this.#log.error("config.json has a fault; the configuration before the edit counts on", {
        code: fault.code,
        error: fault,
      });
    }
  }

  #adopt(text: string, stored: ConfigFile): void {
    const previous = this.#config;
    this.#text = text;
    this.#stored = stored;
    this.#fault = undefined;
    this.#config = effectiveConfig(stored, this.#overrides);
    if (JSON.stringify(previous) === JSON.stringify(this.#config)) return;
    for (const listener of this.#listeners) listener(this.#config, previous);
  }

  /** A file that vanished or was emptied does not mean that every folder and peer is to go. */
  #isLost(text: string): boolean {
    return text.trim() === "" && this.#text !== "";
  }

  async #read(): Promise<string> {
    try {
      return await readFile(this.file, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw new SyncError("E_PERMISSION", `${this.file} cannot be read: ${(cause as Error).message}`, { cause });
    }
  }

  async #write(text: string): Promise<void> {
    try {
      await writeFileAtomically(this.file, text);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code === "ENOSPC" ? "E_DISK_FULL" : "E_PERMISSION";
      throw new SyncError(code, `${this.file} cannot be written: ${(cause as Error).message}`, { cause });
    }
  }

  #parse(text: string): ConfigFile {
    const parsed = parseConfig(text);
    if (!parsed.ok) throw badConfig(this.file, parsed.faults);
    return parsed.config;
  }

  /** One reader or writer at a time. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(work, work);
    this.#work = turn.catch(() => {});
    return turn;
  }
}

function lost(file: string): SyncError {
  return new SyncError("E_BAD_CONFIG", `${file} is missing or empty`, {
    hint: "put it back, or run `syncline config set` with any setting to write it again as it was",
  });
}

function badChange(faults: readonly ConfigFault[]): SyncError {
  return new SyncError("E_BAD_CONFIG", faults.map(describeFault).join("; "), {
    hint: "nothing was changed; see `syncline config get`",
    facts: { faults },
  });
}
