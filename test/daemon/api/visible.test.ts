import { describe, expect, test } from "vitest";
import { type Actor, localAdmin } from "../../../src/daemon/api/actor.ts";
import { maySeeEvent, noticeOwners } from "../../../src/daemon/api/visible.ts";
import { shortId } from "../../../src/shared/ids.ts";
import { deviceA } from "../../peer/wire/samples.ts";

const self = shortId(deviceA);
const local = localAdmin("tower");
const bob: Actor = { ...local, user: "bob", role: "user" };
const ann: Actor = { ...local, user: "ann" };

describe("a user sees what happens to files, and not what concerns trust and accounts", () => {
  test.each([
    ["file.uploaded", true],
    ["conflict.created", true],
    ["folder.state", true],
    ["peer.connected", true],
    ["peer.paired", false],
    ["peer.removed", false],
    ["auth.refused", false],
    ["user.added", false],
    ["user.signed-in", false],
    ["something.new", false],
  ])("%s: %s", (type, isSeen) => {
    expect(maySeeEvent(bob, { type, data: {} }, self)).toBe(isSeen);
    expect(maySeeEvent(ann, { type, data: {} }, self)).toBe(true);
    expect(maySeeEvent(local, { type, data: {} }, self)).toBe(true);
  });

  test.each([
    [`bob@${self}`, true],
    [self, false],
    [`ann@${self}`, false],
    [undefined, false],
  ])("a notice for %s: %s", (owner, isSeen) => {
    expect(maySeeEvent(bob, { type: "notice.created", data: { owner } }, self)).toBe(isSeen);
  });
});

test("an admin looks at the device's notices and his own, a user at his own", () => {
  expect(noticeOwners(local, self)).toEqual([self]);
  expect(noticeOwners(ann, self)).toEqual([self, `ann@${self}`]);
  expect(noticeOwners(bob, self)).toEqual([`bob@${self}`]);
});
