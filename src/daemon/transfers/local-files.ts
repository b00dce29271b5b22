/** Runs in a transfer's own thread: looks at, reads and hashes files, and puts received ones in their place. */
import { createHash } from "node:crypto";
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statfsSync,
  unlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { SyncError } from "../../shared/errors.ts";
import { type DiskStamp, sameStamp } from "../../shared/file-info.ts";
import { printable } from "../../shared/printable.ts";
import { encodeChunkList } from "../../sync/delta/chunk-list.ts";
import { type Cutter, createCutter } from "../../sync/delta/cut.ts";
import { type AnewChunks, type CutAnew, cutAnew } from "../../sync/delta/cut-anew.ts";
import { WHOLE_FILE_BYTES_MAX } from "../../sync/delta/cut-row.ts";
import { hashFileContent } from "../../sync/delta/hash-content.ts";
import type { WantedChunk } from "../../sync/folder-disk.ts";
import { loadNatives } from "../../sync/fs/natives.ts";
import { typeOfMode } from "../../sync/fs/stamps.ts";
import { createHasher } from "../../sync/hash/blake3.ts";
import type {
  HashedFile,
  Installed,
  InstallFile,
  LocalEntry,
  LocalPage,
  StagePlace,
  TakeName,
  UnsendableEntry,
} from "./file-calls.ts";
import { localError } from "./local-errors.ts";
import { NamePlacer } from "./name-placer.ts";
import { openSource, StageFile, type StageTools, stagePathOf } from "./stage-file.ts";

const READ_FLAGS: number = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export class LocalFiles {
  readonly #tools: StageTools = { hasher: createHasher(), natives: loadNatives() };
  readonly #placer = new NamePlacer(this.#tools.natives);
  #cutter: Cutter | undefined;
  readonly #staged = new Map<string, StageFile>();
  #walk: Generator<LocalEntry | UnsendableEntry> | undefined;

  look(path: string): LocalEntry | null {
    return guarded(path, () => {
      const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? null : entryOf(path, stat);
    });
  }

  /** A path with its links followed; null when nothing is there. */
  resolve(path: string): LocalEntry | null {
    return guarded(path, () => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found === undefined ? null : this.look(realpathSync(path));
    });
  }

  count(root: string): { readonly files: number; readonly bytes: number } {
    let files = 0;
    let bytes = 0;
    for (const entry of walkBelow(root)) {
      if (!("type" in entry) || entry.type === "directory") continue;
      files++;
      bytes += entry.size;
    }
    return { files, bytes };
  }

  walk(root: string): void {
    this.#walk = walkBelow(root);
  }

  next(entries: number): LocalPage {
    const page = { entries: [] as LocalEntry[], problems: [] as UnsendableEntry[] };
    while (page.entries.length < entries) {
      const step = this.#walk?.next();
      if (step === undefined || step.done === true) return { ...page, isLast: true };
      if ("type" in step.value) page.entries.push(step.value);
      else page.problems.push(step.value);
    }
    return { ...page, isLast: false };
  }

  hash(path: string): HashedFile {
    return guarded(path, () => {
      const fd = openSync(path, READ_FLAGS);
      try {
        return this.#hashOpen(fd, path);
      } finally {
        closeSync(fd);
      }
    });
  }

  #hashOpen(fd: number, path: string): HashedFile {
    const stamp = stampOf(fd);
    const sha = createHash("sha256");
    this.#cutter ??= createCutter();
    const read = (buffer: Uint8Array, position: number): number => {
      const count = readSync(fd, buffer, 0, buffer.length, position);
      sha.update(buffer.subarray(0, count));
      return count;
    };
    const { contentId, chunks } = hashFileContent(read, stamp.size, {
      hasher: this.#tools.hasher,
      cutter: this.#cutter,
    });
    if (contentId === null || !sameStamp(stamp, stampOf(fd)))
      throw new SyncError("E_CHANGING", `${path} changes while it is read`, { hint: "run it again when it rests" });
    const list = stamp.size > WHOLE_FILE_BYTES_MAX ? new Uint8Array(encodeChunkList(chunks)) : new Uint8Array(0);
    return { path, stamp, contentId, list, sha256: sha.digest("hex") };
  }

  assemble(
    place: StagePlace,
    size: number,
    chunks: readonly WantedChunk[],
    isFresh: boolean,
  ): readonly (Uint8Array | undefined)[] {
    return guarded(place.directory, () => {
      const isGoingOn = (chunks[0]?.offset ?? 0) > 0;
      const stage = isGoingOn ? this.#stageOf(place) : this.#beginStage(place, isFresh);
      return stage.assemble(size, chunks);
    });
  }

  #beginStage(place: StagePlace, isFresh: boolean): StageFile {
    this.#staged.get(stagePathOf(place))?.close();
    const stage = new StageFile(place, this.#tools, isFresh);
    this.#staged.set(stage.path, stage);
    return stage;
  }

  readSmall({ paths, size }: { readonly paths: readonly string[]; readonly size: number }): readonly Uint8Array[] {
    return paths.flatMap((path) => {
      const fd = openSource(path);
      if (fd === undefined) return [];
      try {
        const bytes = new Uint8Array(size);
        return fstatSync(fd).isFile() && readSync(fd, bytes, 0, size, 0) === size ? [bytes] : [];
      } catch {
        // Unreadable: then it is fetched.
        return [];
      } finally {
        closeSync(fd);
      }
    });
  }

  cutAnew(path: string, cut: CutAnew): AnewChunks | undefined {
    const fd = openSource(path);
    if (fd === undefined) return undefined;
    try {
      this.#cutter ??= createCutter();
      const read = (buffer: Uint8Array, position: number): number => readSync(fd, buffer, 0, buffer.length, position);
      return cutAnew(read, cut, { hasher: this.#tools.hasher, cutter: this.#cutter });
    } finally {
      closeSync(fd);
    }
  }

  writeStaged(place: StagePlace, pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[]): void {
    guarded(place.directory, () => {
      for (const { offset, bytes } of pieces) this.#stageOf(place).write(bytes, offset);
    });
  }

  dropStaged(place: StagePlace): void {
    const path = stagePathOf(place);
    this.#staged.get(path)?.close();
    this.#staged.delete(path);
    this.remove(path);
  }

  free(directory: string): { readonly bytes: number } {
    return guarded(directory, () => {
      const { bavail, bsize } = statfsSync(existing(directory));
      return { bytes: bavail * bsize };
    });
  }

  install(place: StagePlace, file: InstallFile): Installed {
    return installed(file.target, () => {
      const stage = this.#stageOf(place);
      const sha256 = stage.finish(file);
      const path = this.#placer.place(stage.path, file.target, file.take);
      if (path === undefined) return { type: "exists" };
      stage.close();
      this.#staged.delete(stage.path);
      this.#placer.flush([path]);
      return { type: "stored", path, sha256 };
    });
  }

  installSmall(files: readonly (InstallFile & { readonly bytes: Uint8Array })[]): readonly Installed[] {
    const staged = this.#placer.stageAll(files);
    const results = files.map(
      (file, position): Installed =>
        installed(file.target, () => {
          const path = this.#placer.placeStaged(staged, position, file);
          if (path === undefined) return { type: "exists" };
          return { type: "stored", path, sha256: createHash("sha256").update(file.bytes).digest("hex") };
        }),
    );
    this.#placer.flush(results.flatMap((result) => (result.type === "stored" ? [result.path] : [])));
    return results;
  }

  installLink(target: string, text: string, take: TakeName): Installed {
    return installed(target, () => {
      const path = this.#placer.placeLink(target, text, take);
      return path === undefined ? { type: "exists" } : { type: "stored", path, sha256: "" };
    });
  }

  makeDirectory(root: string, path: string, mode: number): number {
    return guarded(path, () => this.#placer.makeDirectory(root, path, mode));
  }

  remove(path: string): void {
    try {
      unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw localError(path, error);
    }
  }

  close(): void {
    for (const stage of this.#staged.values()) stage.close();
    this.#staged.clear();
  }

  #stageOf(place: StagePlace): StageFile {
    const stage = this.#staged.get(stagePathOf(place));
    if (stage === undefined) throw new Error("bug: a staged file that was never opened");
    return stage;
  }
}

/** A directory comes before what it holds; no link is followed. */
function* walkBelow(root: string): Generator<LocalEntry | UnsendableEntry> {
  let names: readonly Buffer[];
  try {
    names = readdirSync(Buffer.from(root), { encoding: "buffer" }).toSorted((a, b) => a.compare(b));
  } catch (error) {
    yield { shown: root, message: localError(root, error).message };
    return;
  }
  for (const bytes of names) {
    const name = bytes.toString();
    const path = join(root, name);
    if (!Buffer.from(name).equals(bytes)) {
      yield { shown: printable(path), message: `${printable(path)} is not valid UTF-8` };
      continue;
    }
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) continue;
    const entry = entryOf(path, stat);
    if (entry.type === "special") yield { shown: path, message: `${path} is no regular file` };
    else yield entry;
    if (entry.type === "directory") yield* walkBelow(path);
  }
}

function entryOf(path: string, stat: BigIntStats): LocalEntry {
  const type = typeOfMode(Number(stat.mode));
  return {
    path,
    type,
    size: type === "file" ? Number(stat.size) : 0,
    mtimeNs: stat.mtimeNs,
    mode: Number(stat.mode) & 0o777,
    target: type === "symlink" ? readlinkSync(path) : "",
  };
}

function stampOf(fd: number): DiskStamp {
  const { dev, ino, size, mtimeNs, ctimeNs, mode } = fstatSync(fd, { bigint: true });
  if (typeOfMode(Number(mode)) !== "file") throw new SyncError("E_SPECIAL_FILE", "it is no regular file");
  return { dev, ino, size: Number(size), mtimeNs, ctimeNs, mode: Number(mode) };
}

/** The nearest directory above that is there. */
function existing(directory: string): string {
  for (let at = directory; ; at = dirname(at)) {
    if (lstatSync(at, { throwIfNoEntry: false }) !== undefined || dirname(at) === at) return at;
  }
}

function guarded<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw localError(path, error);
  }
}

function installed(target: string, body: () => Installed): Installed {
  try {
    return body();
  } catch (error) {
    const { code, message } = localError(target, error);
    return { type: "failed", code, message };
  }
}
