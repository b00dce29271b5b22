/**
 * A file that is coming, piece by piece. Each piece is proven before it is
 * written, and noted behind it; what a crash leaves is read against the notes,
 * so that a part holds nothing that was not sent.
 */
import { createHash } from "node:crypto";
import { appendFile, type FileHandle, open, readFile, rm, truncate } from "node:fs/promises";

const READ_BYTES = 1024 * 1024;

interface Note {
  readonly end: number;
  readonly sha256: string;
}

export class BatchPart {
  readonly path: string;
  readonly #notesPath: string;
  #received: number;

  private constructor(path: string, notesPath: string, received: number) {
    this.path = path;
    this.#notesPath = notesPath;
    this.#received = received;
  }

  /** Opens what is there of it, or begins it. */
  static async open(path: string): Promise<BatchPart> {
    const notesPath = `${path}.notes`;
    const notes = (await readFile(notesPath, "utf8").catch(() => "")).split("\n").flatMap(noteOf);
    const received = await provenBytes(path, notes);
    await truncate(path, received).catch(() => undefined);
    return new BatchPart(path, notesPath, received);
  }

  get received(): number {
    return this.#received;
  }

  /** Adds a piece whose hash was checked. */
  async add(bytes: Uint8Array, sha256: string): Promise<void> {
    const handle = await open(this.path, this.#received === 0 ? "w" : "r+", 0o666);
    try {
      await writeAll(handle, bytes, this.#received);
    } finally {
      await handle.close();
    }
    const end = this.#received + bytes.length;
    await appendFile(this.#notesPath, `${JSON.stringify({ end, sha256 } satisfies Note)}\n`, { mode: 0o600 });
    this.#received = end;
  }

  /** Makes it durable under its time; it is the caller's now. */
  async finish(mtimeMs: number): Promise<void> {
    const handle = await open(this.path, this.#received === 0 ? "w" : "r+", 0o666);
    try {
      await handle.utimes(mtimeMs / 1000, mtimeMs / 1000);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rm(this.#notesPath, { force: true });
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(this.#notesPath, { force: true });
  }
}

function noteOf(line: string): readonly Note[] {
  try {
    const { end, sha256 } = JSON.parse(line) as Partial<Note>;
    return typeof end === "number" && typeof sha256 === "string" ? [{ end, sha256 }] : [];
  } catch {
    // The last line of a crash.
    return [];
  }
}

/** How many bytes from the beginning are what was noted. */
async function provenBytes(path: string, notes: readonly Note[]): Promise<number> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return 0;
  try {
    let at = 0;
    for (const { end, sha256 } of notes) {
      if (end <= at || (await hashBetween(handle, at, end)) !== sha256) break;
      at = end;
    }
    return at;
  } finally {
    await handle.close();
  }
}

async function hashBetween(handle: FileHandle, start: number, end: number): Promise<string | undefined> {
  const hash = createHash("sha256");
  const buffer = Buffer.alloc(Math.min(READ_BYTES, end - start));
  for (let at = start; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return undefined;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest("hex");
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}
