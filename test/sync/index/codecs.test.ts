import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SyncError } from "../../../src/shared/errors.ts";
import { decodeHeads, encodeHeads } from "../../../src/sync/index/head-codec.ts";
import { decodeRecord, encodeRecord } from "../../../src/sync/index/record-codec.ts";
import { head, heads, stamp } from "./arbitrary-heads.ts";
import { A, change, file, stamp as plainStamp, tombstone } from "./rows.ts";

describe("stored heads", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(heads, (all) => {
        expect(decodeHeads(encodeHeads(all))).toEqual(all);
      }),
    );
  });

  test("with a stamp come back as they were", () => {
    fc.assert(
      fc.property(heads, fc.option(stamp), fc.boolean(), (all, found, isClean) => {
        const [winner] = all;
        const kept =
          found !== null && isClean && winner !== undefined
            ? { ...found, size: winner.size, mtimeNs: winner.mtimeNs }
            : found;
        expect(decodeRecord(encodeRecord(all, kept))).toEqual({ heads: all, stamp: kept });
      }),
    );
  });

  test("are small: a usual row takes at most 120 bytes", () => {
    const made = file({ A: 1_800_000_000 });
    const changed = file({ A: 1_800_000_000, B: 1_800_000_500 }, "two", { previous: made.contentId });
    expect(encodeRecord([made], plainStamp()).length).toBeLessThanOrEqual(90);
    expect(encodeHeads([changed]).length).toBeLessThanOrEqual(120);
  });

  test("keep their form: a row written by version 1 reads the same for ever", () => {
    const [row] = [change("a", [file({ A: 5, B: 7 }, "x", { owner: "bob" }), tombstone({ C: 1 })])];
    const bytes = encodeRecord(row?.heads ?? [], row?.stamp ?? null);
    expect(Buffer.from(bytes).toString("hex")).toMatchInlineSnapshot(
      `"01024802000000000000000005218410022184100207020003626f62a4030a00002a36fe9c97177800000000000000000000000000000000000000000000000000000000000000440142082104420821040101000c414141414141414141414141a4030a00002a36fe9c971723811007a4830200cac471fe9c9717"`,
    );
  });

  test("cut short anywhere, or longer by a byte, are refused", () => {
    fc.assert(
      fc.property(heads, fc.nat(), (all, cut) => {
        const bytes = encodeHeads(all);
        expect(() => decodeHeads(bytes.subarray(0, cut % bytes.length))).toThrow(SyncError);
        expect(() => decodeHeads(Uint8Array.of(...bytes, 0))).toThrow(SyncError);
      }),
    );
  });

  test("that nobody wrote are an error or a record, never something else", () => {
    const read = (bytes: Uint8Array): void => {
      try {
        const { heads: all } = decodeRecord(bytes);
        expect(all.length).toBeGreaterThan(0);
        for (const { version } of all) expect([...version].sort(([a], [b]) => (a < b ? -1 : 1))).toEqual(version);
      } catch (error) {
        expect(error).toMatchObject({ code: "E_INDEX_BROKEN" });
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => read(Uint8Array.of(1, ...bytes))));
    fc.assert(
      fc.property(head, fc.nat(), fc.nat(255), (one, place, byte) => {
        const bytes = encodeHeads([one]);
        bytes[place % bytes.length] = byte;
        read(bytes);
      }),
      { numRuns: 500 },
    );
  });

  test("of a device outside the vector and of a user are kept by name", () => {
    const odd = file({ B: 1 }, "x", { author: A, owner: "Zoë" });
    expect(decodeHeads(encodeHeads([odd]))).toEqual([odd]);
  });
});
