import { expect, test } from "vitest";
import type { Head } from "../../../src/shared/file-info.ts";
import { keptOwner } from "../../../src/sync/core/owner.ts";
import { directory, file, tombstone } from "../index/rows.ts";

const of = (owner: string, head: Head): Head => ({ ...head, owner });
const bobs = of("bob", file({ A: 1 }));

test.each<{ name: string; before: Head | null; kept?: string; next: Head; holdsTo: string | null }>([
  { name: "a path that was not known belongs to whom its record names", before: null, next: bobs, holdsTo: null },
  { name: "a later version that carries the owner", before: bobs, next: of("bob", file({ A: 2 })), holdsTo: null },
  { name: "a later version that names another", before: bobs, next: of("eve", file({ A: 1, B: 1 })), holdsTo: "bob" },
  {
    name: "a later version that names whom the changed record named",
    before: of("eve", file({ A: 1, B: 1 })),
    kept: "bob",
    next: of("eve", file({ A: 1, B: 2 })),
    holdsTo: "bob",
  },
  {
    name: "a later version that names the owner again",
    before: of("eve", file({ A: 1, B: 1 })),
    kept: "bob",
    next: of("bob", file({ A: 2, B: 1 })),
    holdsTo: null,
  },
  {
    name: "a concurrent version of the same content",
    before: bobs,
    next: of("eve", file({ B: 1 })),
    holdsTo: "bob",
  },
  {
    name: "a concurrent version of other content: another file, and the old one a conflict copy",
    before: bobs,
    next: of("eve", file({ B: 1 }, "two")),
    holdsTo: null,
  },
  { name: "a deletion that names another", before: bobs, next: of("eve", tombstone({ A: 2 })), holdsTo: "bob" },
  {
    name: "a file brought where one was deleted",
    before: of("bob", tombstone({ A: 2 })),
    next: of("eve", file({ A: 2, B: 1 })),
    holdsTo: null,
  },
  {
    name: "a directory that somebody else also made",
    before: of("bob", directory({ A: 1 })),
    next: of("eve", directory({ B: 1 })),
    holdsTo: "bob",
  },
])("$name", ({ before, kept, next, holdsTo }) => {
  expect(keptOwner(before === null ? undefined : { winner: before, kept: kept ?? null }, next)).toBe(holdsTo);
});
