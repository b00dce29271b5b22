/** A user acts between any two calls of any scan; the index must never claim what is not so. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { FsError } from "../../../src/sync/fs/filesystem.ts";
import { EXFAT, EXT4, HFS } from "../../support/sim-disk.ts";
import { ScanBench, told } from "./scan-bench.ts";

const NAMES = ["a", "a/x", "a/x/1", "a/x/2", "b", "b/y", "b/y/3", "c", "d.txt"];

type Act = (bench: ScanBench) => void;

const place = fc.constantFrom(...NAMES);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 0, max: 3 })).map(
    ([path, length]): Act =>
      ({ user }) =>
        user.write(path, user.token().slice(0, length + 6)),
  ),
  place.map(
    (path): Act =>
      ({ user }) =>
        user.save(path, user.token()),
  ),
  place.map(
    (path): Act =>
      ({ user }) =>
        user.mkdir(path),
  ),
  place.map(
    (path): Act =>
      ({ user }) =>
        user.delete(path),
  ),
  fc.tuple(place, place).map(
    ([from, to]): Act =>
      ({ user }) =>
        user.move(from, to),
  ),
  place.map(
    (path): Act =>
      ({ user }) =>
        user.chmod(path, 0o700),
  ),
);

function tryTo(bench: ScanBench, what: Act): void {
  try {
    what(bench);
  } catch (error) {
    // What a user cannot do does not happen.
    if (!(error instanceof FsError)) throw error;
  }
}

test.each([
  { name: "ext4", personality: EXT4 },
  { name: "exFAT", personality: EXFAT },
  { name: "HFS+", personality: HFS },
])(
  "on $name: no row claims content that is not there, untouched files stay, and in the end index and disk are equal",
  { timeout: 60_000 },
  async ({ personality }) => {
    const step = fc.record({ atCall: fc.integer({ min: 0, max: 60 }), act, thenMs: fc.integer({ min: 0, max: 5000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { minLength: 1, maxLength: 4 }), async (scans) => {
        const bench = await ScanBench.of({ a: { x: { 1: "one" } }, b: {}, safe: { file: "untouched" } }, personality);
        for (const steps of scans) {
          let calls = 0;
          bench.fs.beforeCall = () => {
            for (const { atCall, act: what, thenMs } of steps) {
              if (atCall !== calls) continue;
              tryTo(bench, what);
              bench.later(thenMs);
            }
            calls++;
          };
          const seen = await bench.scan({ restMs: 0 });
          bench.fs.beforeCall = undefined;
          expect(told(seen).missing.filter((path) => path.startsWith("safe"))).toEqual([]);
          expect(bench.shown()).toEqual(expect.arrayContaining(["safe", "safe/file"]));
          expect(falseNow(bench)).toEqual([]);
        }
        bench.later();
        await bench.scan();
        bench.later();
        expect(told(await bench.look())).toEqual({ present: [], missing: [], problems: [] });
        expect(bench.shown()).toEqual(
          bench.user
            .paths()
            .map(({ path }) => path.normalize("NFC"))
            .sort(),
        );
        expect(bench.falseClaims()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  },
);

/** Rows whose stamp says that nothing changed, while the content did. Rows of what is gone by now claim nothing. */
function falseNow(bench: ScanBench): readonly string[] {
  return bench.falseClaims().filter((path) => bench.user.exists(path) && bench.row(path)?.stamp !== null);
}
