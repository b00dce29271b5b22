/**
 * One upload's directory in the home: what it is, parts of files, whole files
 * in a tree under their names, and what became of those that are settled.
 *
 *     batch.json      parts/HASH[.notes]      tree/…      round/…      settled.ndjson
 *
 * Whole files wait in `tree`; a round takes all of it as `round`, so that more
 * can come meanwhile.
 */
import { createHash } from "node:crypto";
import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { SettledFile } from "../../../shared/api-browser.ts";
import type { RelPath } from "../../../shared/ids.ts";
import { KeyedLock } from "../../transfers/keyed-lock.ts";
import { writeFileAtomically } from "../../write-file.ts";
import { BatchPart } from "./batch-part.ts";

export interface BatchFacts {
  readonly id: string;
  /** Whose it is; null: who signed in by a link. */
  readonly user: string | null;
  readonly role: "admin" | "user";
  readonly peer: string;
  readonly folder: string;
  readonly path: string;
  readonly onDuplicate: "version" | "overwrite" | "rename" | "skip" | "fail";
  readonly createdMs: number;
  readonly isSealed: boolean;
  readonly isUndone: boolean;
}

export interface FileFacts {
  readonly name: RelPath;
  readonly size: number;
  readonly mtimeMs: number;
}

export class BatchDirectory {
  readonly path: string;
  /** No file may be on its way into the tree while a round takes the tree away. */
  readonly #tree = new KeyedLock();

  constructor(path: string) {
    this.path = path;
  }

  async readFacts(): Promise<BatchFacts> {
    return JSON.parse(await readFile(join(this.path, "batch.json"), "utf8")) as BatchFacts;
  }

  async writeFacts(facts: BatchFacts): Promise<void> {
    await mkdir(join(this.path, "parts"), { recursive: true, mode: 0o700 });
    await writeFileAtomically(join(this.path, "batch.json"), JSON.stringify(facts));
  }

  async readSettled(): Promise<readonly SettledFile[]> {
    const text = await readFile(join(this.path, "settled.ndjson"), "utf8").catch(() => "");
    return text.split("\n").flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as SettledFile];
      } catch {
        return [];
      }
    });
  }

  async addSettled(files: readonly SettledFile[]): Promise<void> {
    const lines = files.map((file) => `${JSON.stringify(file)}\n`).join("");
    await appendFile(join(this.path, "settled.ndjson"), lines, { mode: 0o600 });
  }

  /** The part of a file, told from another version of it by size and time. */
  async part({ name, size, mtimeMs }: FileFacts): Promise<BatchPart> {
    const key = createHash("sha256").update(`${size} ${mtimeMs} ${name}`).digest("hex").slice(0, 40);
    return await BatchPart.open(join(this.path, "parts", key));
  }

  /** Puts a whole file among those that wait. */
  async takeWhole(part: BatchPart, { name, mtimeMs }: FileFacts): Promise<void> {
    await part.finish(mtimeMs);
    const target = join(this.path, "tree", ...name.split("/"));
    await this.#tree.with("", async () => {
      await mkdir(dirname(target), { recursive: true });
      await rename(part.path, target);
    });
  }

  /** Begins a round with what waits, or goes on with the last one. Gives the names at its top. */
  async round(): Promise<{ readonly directory: string; readonly names: readonly string[] }> {
    const directory = join(this.path, "round");
    const left = await namesIn(directory);
    if (left.length > 0) return { directory, names: left };
    await rm(directory, { recursive: true, force: true });
    await this.#tree.with("", () => rename(join(this.path, "tree"), directory).catch(unlessMissing));
    return { directory, names: await namesIn(directory) };
  }

  /** Lets go of what a round has settled. */
  async removeSettled(names: readonly string[]): Promise<void> {
    for (const name of names) await rm(join(this.path, "round", ...name.split("/")), { recursive: true, force: true });
  }

  /** Whole files that are in no folder yet. */
  async waiting(): Promise<readonly FileFacts[]> {
    return [...(await filesBelow(join(this.path, "tree"))), ...(await filesBelow(join(this.path, "round")))];
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return ((await readdir(directory).catch(unlessMissing)) ?? []).sort();
}

/** What cannot be read is not gone: taken for that, it would never be placed, and nobody told. */
function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

async function filesBelow(directory: string): Promise<readonly FileFacts[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(unlessMissing);
  const files: FileFacts[] = [];
  for (const entry of entries ?? []) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(path);
    const name = relative(directory, path).split(sep).join("/") as RelPath;
    files.push({ name, size, mtimeMs: Math.round(mtimeMs) });
  }
  return files;
}
