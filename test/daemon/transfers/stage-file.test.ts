import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { LocalFiles } from "../../../src/daemon/transfers/local-files.ts";
import { StageFile, stagePathOf } from "../../../src/daemon/transfers/stage-file.ts";
import type { ContentId } from "../../../src/shared/ids.ts";
import { createHasher } from "../../../src/sync/hash/blake3.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const hasher = createHasher();
const SIZE = 100_000;
const BYTES = randomBytes(4 * SIZE);
const CONTENT = "ab".repeat(32) as ContentId;
const SHA = createHash("sha256").update(BYTES).digest("hex");

function chunks(sources: readonly { readonly name: string; readonly offset: number }[] = []) {
  return [0, 1, 2, 3].map((position) => {
    const bytes = piece(position);
    return {
      offset: position * SIZE,
      size: SIZE,
      hash: hasher.chunk(bytes).subarray(0, 16),
      sources: sources.map(({ name, offset }) => ({ from: "path" as const, name, offset: offset + position * SIZE })),
    };
  });
}

function piece(position: number): Uint8Array {
  return BYTES.subarray(position * SIZE, (position + 1) * SIZE);
}

function stage(directory: string, isFresh = false): StageFile {
  return new StageFile({ directory, contentId: CONTENT }, { hasher, natives: undefined }, isFresh);
}

const META = { mode: 0o640, mtimeNs: 1_700_000_000_500_000_000n };

describe("a staged file", () => {
  test("has the SHA-256 of the whole, in whatever order its pieces came", async () => {
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [1, 3, 0, 2],
    ]) {
      await using place = await temporaryDirectory();
      const file = stage(place.path);
      expect(file.assemble(BYTES.length, chunks())).toEqual([undefined, undefined, undefined, undefined]);
      for (const position of order) file.write(piece(position), position * SIZE);
      expect(file.finish(META)).toBe(SHA);
      file.close();
      expect(readFileSync(file.path).equals(BYTES)).toBe(true);
      expect(statSync(file.path).mode & 0o777).toBe(0o640);
      expect(statSync(file.path).mtimeMs).toBe(1_700_000_000_500);
    }
  });

  test("is opened once, and filled a stretch after the other, also when nothing of an earlier try counts", async () => {
    await using place = await temporaryDirectory();
    const source = join(place.path, "source");
    writeFileSync(source, BYTES);
    const files = new LocalFiles();
    const where = { directory: place.path, contentId: CONTENT };
    const all = chunks([{ name: source, offset: 0 }]);
    for (const part of [all.slice(0, 1), all.slice(1)])
      expect(files.assemble(where, BYTES.length, part, true)).not.toContain(undefined);
    const installed = files.install(where, { ...META, target: join(place.path, "target"), take: "create" });
    expect(installed).toMatchObject({ type: "stored", sha256: SHA });
  });

  test("takes up what an earlier try left, chunk by chunk, and only what proves itself", async () => {
    await using place = await temporaryDirectory();
    const first = stage(place.path);
    first.assemble(BYTES.length, chunks());
    first.write(piece(0), 0);
    first.write(piece(2), 2 * SIZE);
    first.write(new Uint8Array(SIZE).fill(7), 3 * SIZE);
    first.close();
    const second = stage(place.path);
    const hashes = second.assemble(BYTES.length, chunks());
    expect(hashes.map((hash) => hash !== undefined)).toEqual([true, false, true, false]);
    second.write(piece(3), 3 * SIZE);
    second.write(piece(1), SIZE);
    expect(second.finish(META)).toBe(SHA);
    second.close();
    const third = stage(place.path, true);
    expect(third.assemble(BYTES.length, chunks())).toEqual([undefined, undefined, undefined, undefined]);
    third.close();
  });

  test("copies what lies here, and passes over a source that has changed or is gone", async () => {
    await using place = await temporaryDirectory();
    const good = join(place.path, "good");
    const other = join(place.path, "other");
    writeFileSync(good, Buffer.concat([Buffer.alloc(10), BYTES]));
    writeFileSync(other, Buffer.concat([BYTES.subarray(0, SIZE), randomBytes(3 * SIZE)]));
    const sources = [
      { name: join(place.path, "gone"), offset: 0 },
      { name: other, offset: 0 },
      { name: good, offset: 10 },
    ];
    const file = stage(place.path);
    expect(file.assemble(BYTES.length, chunks(sources)).every((hash) => hash !== undefined)).toBe(true);
    expect(file.finish(META)).toBe(SHA);
    file.close();
  });

  test("is never one that somebody else may have put there", async () => {
    await using place = await temporaryDirectory();
    const path = stagePathOf({ directory: place.path, contentId: CONTENT });
    const secret = join(place.path, "secret");
    writeFileSync(secret, "do not touch");
    symlinkSync(secret, path);
    const file = stage(place.path);
    file.assemble(BYTES.length, chunks());
    for (const position of [0, 1, 2, 3]) file.write(piece(position), position * SIZE);
    file.close();
    expect(readFileSync(secret, "utf8")).toBe("do not touch");
    mkdirSync(join(place.path, "d"));
    expect(existsSync(path)).toBe(true);
  });
});
