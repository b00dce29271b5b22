/** Somebody at one device, who edits files without knowing that Syncline works on them. */
import { FsError } from "../../src/sync/fs/filesystem.ts";
import type { SimFs } from "../support/sim-fs.ts";
import { countTokens, type Ledger, tokensIn, tokensOn } from "./ledger.ts";
import type { Prng } from "./prng.ts";

export interface PersonKnobs {
  /** How often a new file has many chunks. */
  readonly bigFiles: number;
  readonly symlinks: boolean;
  /** Whether files appear that do not sync. */
  readonly ignoredFiles: boolean;
  /** How often a save is flushed to the disk. */
  readonly flushes: number;
  /** Whether whole directories get other names more often than anything else happens. */
  readonly renamesDirectories: boolean;
}

const FILES = ["a", "b", "c", "d.txt", "e.txt"] as const;
const DIRECTORIES = ["p", "q", "r"] as const;
const MODES = [0o644, 0o755, 0o600] as const;

interface Held {
  readonly path: string;
  read(): string;
  write(text: string): void;
}

export class Person {
  readonly #name: string;
  readonly #fs: SimFs;
  readonly #ledger: Ledger;
  readonly #prng: Prng;
  readonly #knobs: PersonKnobs;
  readonly #nowMs: () => number;
  readonly #trace: (line: string) => void;
  #held: Held[] = [];
  /** Tokens of the action in hand: its calls may fail. */
  readonly #fresh: string[] = [];

  constructor(parts: {
    readonly name: string;
    readonly fs: SimFs;
    readonly ledger: Ledger;
    readonly prng: Prng;
    readonly knobs: PersonKnobs;
    readonly nowMs: () => number;
    readonly trace: (line: string) => void;
  }) {
    this.#name = parts.name;
    this.#fs = parts.fs;
    this.#ledger = parts.ledger;
    this.#prng = parts.prng;
    this.#knobs = parts.knobs;
    this.#nowMs = parts.nowMs;
    this.#trace = parts.trace;
  }

  /** Does something, somewhere. */
  act(): void {
    const action = this.#prng.one(this.#knobs.renamesDirectories ? ACTIONS_WITH_RENAMES : ACTIONS);
    this.#do(action, () => this.#perform(action));
  }

  /** Does something to this very path, at the worst moment. */
  actAt(path: string): void {
    const action = this.#prng.one(ACTIONS_AT);
    this.#do(action, () => this.#performAt(action, path));
  }

  /** The device stops: nothing stays open. */
  letGo(): void {
    this.#held = [];
  }

  #do(action: string, work: () => string | undefined): void {
    const before = countTokens(this.#fs, "visible");
    let path: string | undefined;
    try {
      path = work();
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
      path = `(${error.code})`;
    }
    const after = countTokens(this.#fs, "visible");
    const kept = this.#fresh.length === 0 ? after : countTokens(this.#fs, "kept");
    this.#ledger.ended(
      this.#fresh.splice(0).filter((token) => !kept.has(token)),
      "never written",
    );
    const gone = [...before].filter(([token, times]) => (after.get(token) ?? 0) < times).map(([token]) => token);
    this.#ledger.ended(gone, `${action} ${path ?? ""} on ${this.#name}`);
    if (path !== undefined) this.#trace(`${this.#name}: ${action} ${path}`);
  }

  #perform(action: (typeof ACTIONS_WITH_RENAMES)[number]): string | undefined {
    const { user } = this.#fs;
    switch (action) {
      case "create":
        return this.#write(this.#newPath(FILES), "write");
      case "write":
      case "save":
      case "append":
      case "edit":
        return this.#write(this.#somePath("file") ?? this.#newPath(FILES), action);
      case "delete": {
        const path = this.#somePath("file");
        if (path !== undefined) user.delete(path);
        return path;
      }
      case "delete directory": {
        const path = this.#somePath("directory");
        if (path !== undefined) user.delete(path);
        return path;
      }
      case "mkdir": {
        const path = this.#newPath(DIRECTORIES);
        user.mkdir(path);
        return path;
      }
      case "move": {
        const from = this.#prng.pick(user.paths())?.path;
        if (from === undefined) return undefined;
        const to = this.#newPath([...FILES, ...DIRECTORIES] as unknown as readonly [string, ...string[]]);
        user.move(from, to);
        return `${from} ${to}`;
      }
      case "rename directory": {
        const from = this.#somePath("directory");
        if (from === undefined) return undefined;
        const to = this.#newPath(DIRECTORIES);
        user.move(from, to);
        return `${from} ${to}`;
      }
      case "write below": {
        const directory = this.#somePath("directory");
        return directory === undefined ? undefined : this.#write(`${directory}/${this.#prng.one(FILES)}`, "write");
      }
      case "swap": {
        const [a, b] = [this.#somePath("file"), this.#somePath("file")];
        if (a === undefined || b === undefined || a === b) return undefined;
        user.move(a, `${a}.swap`);
        user.move(b, a);
        user.move(`${a}.swap`, b);
        return `${a} ${b}`;
      }
      case "symlink":
        return this.#knobs.symlinks ? this.#symlink(this.#newPath(FILES)) : undefined;
      case "chmod": {
        const path = this.#prng.pick(user.paths())?.path;
        if (path !== undefined) user.chmod(path, this.#prng.one(MODES));
        return path;
      }
      case "touch": {
        const path = this.#somePath("file");
        if (path !== undefined) user.touch(path, BigInt(this.#prng.between(0, 2 ** 31)) * 1_000_000_000n);
        return path;
      }
      case "become directory": {
        const path = this.#somePath("file");
        return path === undefined ? undefined : this.#performAt("become directory", path);
      }
      case "become file": {
        const path = this.#somePath("directory");
        if (path === undefined) return undefined;
        user.delete(path);
        return this.#write(path, "write");
      }
      case "hold": {
        const path = this.#somePath("file");
        return path === undefined ? undefined : this.#performAt("hold", path);
      }
      case "write held":
        return this.#writeHeld();
      case "link": {
        const from = this.#somePath("file");
        if (from === undefined) return undefined;
        const to = this.#newPath(FILES);
        user.link(from, to);
        return `${from} ${to}`;
      }
      case "ignored":
        return this.#knobs.ignoredFiles ? this.#write(this.#newPath([".k.swp"]), "write") : undefined;
      default:
        return action satisfies never;
    }
  }

  #performAt(action: (typeof ACTIONS_AT)[number], path: string): string | undefined {
    const { user } = this.#fs;
    switch (action) {
      case "write":
      case "save":
      case "append":
      case "edit":
        return this.#write(path, action);
      case "delete":
        user.delete(path);
        return path;
      case "mkdir":
        user.mkdir(path);
        return path;
      case "move away": {
        const to = this.#newPath(FILES);
        user.move(path, to);
        return `${path} ${to}`;
      }
      case "become directory": {
        user.delete(path);
        user.mkdir(path);
        return this.#write(`${path}/${this.#prng.one(FILES)}`, "write");
      }
      case "chmod":
        user.chmod(path, this.#prng.one(MODES));
        return path;
      case "hold": {
        const file = user.open(path);
        const inode = this.#fs.disk.inodeAt(path, "open");
        this.#held.push({ path, read: () => new TextDecoder().decode(inode.data), write: (text) => file.write(text) });
        return path;
      }
      case "write held":
        return this.#writeHeld();
      default:
        return action satisfies never;
    }
  }

  #writeHeld(): string | undefined {
    const held = this.#held.pop();
    if (held === undefined) return undefined;
    const token = this.#newToken(held.path);
    this.#ledger.ended(tokensIn(held.read()), `overwritten through an open file on ${this.#name}`);
    held.write(`${token}\n`);
    if (!tokensOn(this.#fs, "visible").has(token))
      this.#ledger.hidden(token, "written to a file that had been replaced");
    return `${held.path} ${token}`;
  }

  #write(path: string, how: "write" | "save" | "append" | "edit"): string {
    const { user } = this.#fs;
    const token = this.#newToken(path);
    const old = how === "append" || how === "edit" ? this.#textAt(path) : "";
    const text =
      how === "edit" ? `${token}\n${withoutTokens(old)}` : `${old}${token}\n${old === "" ? this.#filler() : ""}`;
    if (how === "save") user.save(path, text);
    else {
      // Until it is flushed, a power cut may spoil the whole file.
      this.#setDurable(this.#textAt(path), false);
      user.write(path, text);
    }
    if (this.#prng.chance(this.#knobs.flushes)) this.#flush(path);
    return `${path} ${token} (${text.length})`;
  }

  #symlink(path: string): string {
    const token = this.#newToken(path);
    this.#fs.user.symlink(`to-${token}`, path);
    this.#flush(path);
    return `${path} ${token}`;
  }

  #newToken(path: string): string {
    const token = this.#ledger.token(this.#name);
    this.#ledger.written(token, { node: this.#name, path, atMs: this.#nowMs() });
    this.#fresh.push(token);
    return token;
  }

  #textAt(path: string): string {
    try {
      const inode = this.#fs.disk.inodeAt(path, "read");
      return inode.type === "file" ? new TextDecoder().decode(inode.data) : "";
    } catch {
      return "";
    }
  }

  #filler(): string {
    if (!this.#prng.chance(this.#knobs.bigFiles)) return "";
    const words = Array.from({ length: this.#prng.between(500, 4000) }, () =>
      this.#prng
        .between(0, 2 ** 48)
        .toString(36)
        .repeat(6),
    );
    return `${words.join("\n")}\n`;
  }

  /** fsync of the file and of the directories that lead to it. */
  #flush(path: string): void {
    const { disk } = this.#fs;
    const inode = disk.inodeAt(path, "fsync");
    if (inode.type === "file") disk.syncFile(inode);
    for (let parent = path; parent !== ""; ) {
      parent = parent.slice(0, Math.max(0, parent.lastIndexOf("/")));
      disk.syncDirectory(disk.directoryAt(parent, "fsync"));
    }
    this.#setDurable(inode.type === "symlink" ? inode.target : this.#textAt(path), true);
  }

  #setDurable(text: string, isDurable: boolean): void {
    for (const token of tokensIn(text)) {
      const entry = this.#ledger.entries.get(token);
      if (entry !== undefined) entry.isDurable = isDurable;
    }
  }

  #somePath(type: "file" | "directory"): string | undefined {
    return this.#prng.pick(this.#fs.user.paths().filter((found) => found.type === type))?.path;
  }

  #newPath(names: readonly [string, ...string[]]): string {
    const directory = this.#prng.chance(0.5) ? undefined : this.#somePath("directory");
    const name = this.#prng.one(names);
    return directory === undefined || directory.split("/").length > 3 ? name : `${directory}/${name}`;
  }
}

const ACTIONS = [
  "create",
  "create",
  "create",
  "create",
  "write",
  "write",
  "save",
  "save",
  "append",
  "edit",
  "edit",
  "delete",
  "delete",
  "delete directory",
  "mkdir",
  "mkdir",
  "move",
  "move",
  "move",
  "swap",
  "symlink",
  "chmod",
  "touch",
  "become directory",
  "become file",
  "hold",
  "write held",
  "link",
  "ignored",
] as const;

const ACTIONS_WITH_RENAMES = [
  ...ACTIONS,
  "mkdir",
  "write below",
  "write below",
  "write below",
  "write below",
  "write below",
  "write below",
  "rename directory",
  "rename directory",
  "rename directory",
  "rename directory",
  "rename directory",
  "rename directory",
] as const;

const ACTIONS_AT = [
  "write",
  "write",
  "save",
  "save",
  "append",
  "edit",
  "delete",
  "mkdir",
  "move away",
  "become directory",
  "chmod",
  "hold",
  "write held",
] as const;

function withoutTokens(text: string): string {
  return text.replaceAll(/<[A-Z]\d+>\n?/g, "");
}
