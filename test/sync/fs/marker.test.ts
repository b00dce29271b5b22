import { expect, test } from "vitest";
import { parseFolderId } from "../../../src/shared/ids.ts";
import { type Marker, makePrivateArea, markerError, readMarker, writeMarker } from "../../../src/sync/fs/marker.ts";
import { diskBench, simBench } from "../../support/benches.ts";
import { seeded } from "../../support/seeded.ts";
import { EXT4 } from "../../support/sim-disk.ts";
import { SimFs } from "../../support/sim-fs.ts";

const MARKER: Marker = { format: 1, folder: parseFolderId("photos"), epoch: "e1" };
const empty = (): SimFs => new SimFs({ nowMs: () => 0 });

test("a marker written is found right, for its owner alone, and out of git", () => {
  const { fs, user, dispose } = diskBench();
  writeMarker(fs, MARKER);
  expect(readMarker(fs)).toEqual({ type: "ok", marker: MARKER });
  for (const path of [".syncline", ".syncline/stage", ".syncline/store"])
    expect((fs.stat(path as never)?.mode ?? 0) & 0o777).toBe(0o700);
  expect(user.read(".syncline/.gitignore")).toBe("*\n");
  expect(markerError(readMarker(fs), "photos")).toBeUndefined();
  dispose();
});

test.each([
  { name: "no marker", spec: {}, type: "missing", code: "E_MARKER_MISSING" },
  { name: "an empty private area", spec: { ".syncline": {} }, type: "missing", code: "E_MARKER_MISSING" },
  { name: "a file named .syncline", spec: { ".syncline": "mine" }, type: "missing", code: "E_MARKER_MISSING" },
  { name: "no JSON", spec: marker("{"), type: "broken", code: "E_MARKER_WRONG" },
  { name: "JSON null", spec: marker("null"), type: "broken", code: "E_MARKER_WRONG" },
  {
    name: "a newer format",
    spec: marker('{"format":2,"folder":"photos","epoch":"e1"}'),
    type: "broken",
    code: "E_MARKER_WRONG",
  },
  {
    name: "a bad folder id",
    spec: marker('{"format":1,"folder":"../x","epoch":"e1"}'),
    type: "broken",
    code: "E_MARKER_WRONG",
  },
])("$name → $type", ({ spec, type, code }) => {
  const fs = empty();
  fs.user.plant(spec);
  const check = readMarker(fs);
  expect(check.type).toBe(type);
  expect(markerError(check, "photos")?.code).toBe(code);
});

test("a root that is gone or replaced, and one that cannot be read, are told apart from a missing marker", () => {
  const fs = empty();
  writeMarker(fs, MARKER);
  fs.setRootState("replaced");
  expect(readMarker(fs)).toEqual({ type: "rootMissing" });
  expect(markerError(readMarker(fs), "photos")?.code).toBe("E_ROOT_UNREADABLE");
  fs.setRootState("same");
  fs.failNext("openRead", "ESTALE");
  expect(markerError(readMarker(fs), "photos")?.code).toBe("E_ROOT_UNREADABLE");
});

test("a private area that is something else is refused and left alone", () => {
  const fs = empty();
  fs.user.plant({ ".syncline": "mine" });
  expect(() => makePrivateArea(fs)).toThrow(expect.objectContaining({ code: "E_NOT_A_DIRECTORY" }));
  expect(fs.user.read(".syncline")).toBe("mine");
});

test("a marker is replaced in one step and survives a power cut at once", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const { fs } = simBench(EXT4);
    writeMarker(fs, MARKER);
    fs.crash(seeded(seed));
    expect(readMarker(fs)).toEqual({ type: "ok", marker: MARKER });
    const next = { ...MARKER, epoch: "e2" };
    let left = seed;
    fs.beforeCall = () => {
      left -= 1;
      if (left < 0) throw new Error("power cut");
    };
    try {
      writeMarker(fs, next);
    } catch {}
    fs.beforeCall = undefined;
    fs.crash(seeded(seed));
    expect([MARKER, next]).toContainEqual(
      readMarker(fs).type === "missing" ? undefined : (readMarker(fs) as { marker: Marker }).marker,
    );
  }
});

function marker(text: string): { readonly ".syncline": { readonly "marker.json": string } } {
  return { ".syncline": { "marker.json": text } };
}
