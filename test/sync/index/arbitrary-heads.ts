import fc from "fast-check";
import type { DiskStamp, FileType, Head } from "../../../src/shared/file-info.ts";
import { base32, type ContentId, type ShortId } from "../../../src/shared/ids.ts";
import { COUNTER_MAX, type VersionVector } from "../../../src/shared/version-vector.ts";

const shortId: fc.Arbitrary<ShortId> = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map((bytes) => base32(bytes).slice(0, 12) as ShortId);

const contentId: fc.Arbitrary<ContentId> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => bytes.toHex() as ContentId);

const vector: fc.Arbitrary<VersionVector> = fc
  .uniqueArray(fc.tuple(shortId, fc.integer({ min: 1, max: COUNTER_MAX - 1 })), {
    maxLength: 4,
    selector: ([id]) => id,
  })
  .map((entries) => entries.sort(([a], [b]) => (a < b ? -1 : 1)));

/** Times near zero, of today, and at the ends of what 64 bits hold and beyond. */
const timeNs: fc.Arbitrary<bigint> = fc.oneof(
  fc.constant(0n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n) - 1n, 2n ** 127n - 1n, -(2n ** 127n)),
  fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }),
);

const size: fc.Arbitrary<number> = fc.oneof(fc.nat(1_000_000), fc.maxSafeInteger().map(Math.abs));

export const head: fc.Arbitrary<Head> = fc
  .record({
    version: vector,
    author: shortId,
    type: fc.constantFrom<FileType>("file", "directory", "symlink"),
    deleted: fc.boolean(),
    size,
    mtimeNs: timeNs,
    mode: fc.integer({ min: 0, max: 0o777 }),
    contentId: fc.option(contentId),
    target: fc.oneof(fc.constant(""), fc.string({ unit: "grapheme" })),
    previous: fc.option(contentId),
    owner: fc.oneof(shortId, fc.string({ unit: "grapheme" })),
    namesItself: fc.boolean(),
  })
  .map(({ namesItself, ...fields }) => {
    const first = fields.version[0]?.[0];
    return namesItself && first !== undefined ? { ...fields, author: first, owner: first } : fields;
  });

export const heads: fc.Arbitrary<readonly Head[]> = fc.array(head, { minLength: 1, maxLength: 3 });

const inode: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

export const stamp: fc.Arbitrary<DiskStamp> = fc.record({
  dev: inode,
  ino: inode,
  size,
  mtimeNs: timeNs,
  ctimeNs: timeNs,
  mode: fc.integer({ min: 0, max: 0o177777 }),
});
