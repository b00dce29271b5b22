import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NamePlacer } from "../../../src/daemon/transfers/name-placer.ts";
import { loadNatives } from "../../../src/sync/fs/natives.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { readTree } from "../../support/tree.ts";

describe.each([
  ["with the system's calls", loadNatives()],
  ["without them", undefined],
])("names are given %s", (_, natives) => {
  test("only when they are free, unless something may give way", async () => {
    await using place = await temporaryDirectory();
    const placer = new NamePlacer(natives);
    const staged = (text: string): string => {
      const path = join(place.path, "staged");
      writeFileSync(path, text);
      return path;
    };
    const target = join(place.path, "a.tar.gz");
    expect(placer.place(staged("one"), target, "create")).toBe(target);
    expect(placer.place(staged("two"), target, "create")).toBeUndefined();
    expect(placer.place(join(place.path, "staged"), target, "number")).toBe(join(place.path, "a_v2.tar.gz"));
    expect(placer.place(staged("three"), target, "number")).toBe(join(place.path, "a_v3.tar.gz"));
    expect(placer.place(staged("four"), target, "replace")).toBe(target);
    expect(await readTree(place.path)).toEqual({ "a.tar.gz": "four", "a_v2.tar.gz": "two", "a_v3.tar.gz": "three" });
    mkdirSync(join(place.path, "dir"));
    expect(() => placer.place(staged("five"), join(place.path, "dir"), "replace")).toThrow("is a directory");
  });

  test("small files are staged and named together; one that cannot be fails by itself", async () => {
    await using place = await temporaryDirectory();
    const placer = new NamePlacer(natives);
    const file = (name: string, text: string) => ({
      ...{ target: join(place.path, name), take: "create" as const, mode: 0o600, mtimeNs: 5_000_000_000n },
      bytes: Buffer.from(text),
    });
    const files = [...Array.from({ length: 12 }, (_, i) => file(`f${i}`, `${i}`)), file("no/such/dir", "x")];
    const staged = placer.stageAll(files);
    const named = files.map((each, position) => {
      try {
        return placer.placeStaged(staged, position, each);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    });
    expect(named.at(-1)).toBe("ENOENT");
    expect(Object.keys(await readTree(place.path))).toHaveLength(12);
    expect(statSync(join(place.path, "f3")).mtimeMs).toBe(5000);
  });

  test("links are made as text, and replaced without being followed", async () => {
    await using place = await temporaryDirectory();
    const placer = new NamePlacer(natives);
    writeFileSync(join(place.path, "victim"), "safe");
    const link = join(place.path, "link");
    expect(placer.placeLink(link, "victim", "create")).toBe(link);
    expect(placer.placeLink(link, "else", "create")).toBeUndefined();
    expect(placer.placeLink(link, "else", "replace")).toBe(link);
    expect(readlinkSync(link)).toBe("else");
    expect(readFileSync(join(place.path, "victim"), "utf8")).toBe("safe");
  });

  test("no directory is made through a link that leads out", async () => {
    await using place = await temporaryDirectory();
    await using outside = await temporaryDirectory();
    const placer = new NamePlacer(natives);
    const root = join(place.path, "root");
    expect(placer.makeDirectory(root, join(root, "a", "b"), 0o750)).toBe(3);
    expect(statSync(join(root, "a", "b")).mode & 0o777).toBe(0o750);
    symlinkSync(outside.path, join(root, "out"));
    expect(() => placer.makeDirectory(root, join(root, "out", "x"), 0o755)).toThrow("it is no directory");
    expect(existsSync(join(outside.path, "x"))).toBe(false);
  });
});
