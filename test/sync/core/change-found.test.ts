/** What an index finds that was lost and begins anew. */
import { expect, test } from "vitest";
import { compare } from "../../../src/shared/version-vector.ts";
import { headsForFound, type KnownBefore, type Seen } from "../../../src/sync/core/change.ts";
import { A, B, contentId, file } from "../index/rows.ts";

const seen: Seen = {
  type: "file",
  size: 10,
  mtimeNs: 1_700_000_000_000_000_000n,
  mode: 0o644,
  contentId: contentId("first"),
  target: "",
};

function known(...remotes: KnownBefore["remotes"]): KnownBefore {
  return { local: [], unseen: [], isShown: false, remotes, device: B };
}

test("it is older than what this device itself wrote last, whether or not a peer has told of that yet", () => {
  const later = file({ B: 1_800_000_000 }, "second");
  const alone = headsForFound(known(), seen);
  const told = headsForFound(known([later]), seen);
  expect(told).toEqual(alone);
  expect(compare(told[0]?.version ?? [], later.version)).toBe("before");
});

test("it is what a peer told of when it is the same to the last bit", () => {
  const same = file({ A: 5, B: 7 }, "first", { author: A });
  expect(headsForFound(known([same]), seen)).toEqual([same]);
});

test("it is concurrent with what others wrote alone", () => {
  const others = file({ A: 5 }, "other");
  expect(compare(headsForFound(known([others]), seen)[0]?.version ?? [], others.version)).toBe("concurrent");
});
