import { describe, expect, test } from "vitest";
import {
  type Action,
  type Actor,
  isOwnedBy,
  localAdmin,
  mayDo,
  ownerFor,
  type Verdict,
} from "../../../src/daemon/api/actor.ts";
import { shortId } from "../../../src/shared/ids.ts";
import { deviceA, deviceB } from "../../peer/wire/samples.ts";

const self = shortId(deviceA);
const local = localAdmin("tower");
const bob: Actor = { ...local, user: "bob", role: "user" };
const peer: Actor = { device: deviceB, deviceName: "laptop", user: null, role: "user" };
const adminPeer: Actor = { ...peer, role: "admin" };
const alice: Actor = { ...peer, user: "alice" };
const root: Actor = { ...peer, user: "root", role: "admin" };

type Row = readonly [
  who: string,
  actor: Actor,
  rights: "read" | "write" | null,
  isOwner: boolean,
  expected: readonly Verdict[],
];

const ACTIONS: readonly Action[] = ["read", "write", "remove", "purge"];

describe("who may read, write, remove and purge", () => {
  const rows: readonly Row[] = [
    ["the local admin, of anything", local, null, false, ["yes", "yes", "yes", "yes"]],
    ["a local account, of its own", bob, "write", true, ["yes", "yes", "yes", "not-admin"]],
    ["a local account, of others", bob, "write", false, ["yes", "yes", "not-owner", "not-admin"]],
    ["a stranger to the folder", peer, null, true, ["not-shared", "not-shared", "not-shared", "not-shared"]],
    [
      "an admin who is a stranger to the folder",
      adminPeer,
      null,
      true,
      ["not-shared", "not-shared", "not-shared", "not-shared"],
    ],
    ["an account on a stranger's device", root, null, true, ["not-shared", "not-shared", "not-shared", "not-shared"]],
    ["a reader, of its own", peer, "read", true, ["yes", "read-only", "read-only", "read-only"]],
    ["an admin who reads", adminPeer, "read", true, ["yes", "read-only", "read-only", "read-only"]],
    ["an admin's account on a reader's device", root, "read", false, ["yes", "read-only", "read-only", "read-only"]],
    ["a writer, of its own", peer, "write", true, ["yes", "yes", "yes", "not-admin"]],
    ["a writer, of others", peer, "write", false, ["yes", "yes", "not-owner", "not-admin"]],
    ["an account, of its own", alice, "write", true, ["yes", "yes", "yes", "not-admin"]],
    ["an account, of others", alice, "write", false, ["yes", "yes", "not-owner", "not-admin"]],
    ["an admin, of others", adminPeer, "write", false, ["yes", "yes", "yes", "yes"]],
    ["an admin's account, of others", root, "write", false, ["yes", "yes", "yes", "yes"]],
  ];
  test.each(rows)("%s", (_, actor, rights, isOwner, expected) => {
    expect(ACTIONS.map((action) => mayDo(actor, action, { rights, isOwner }))).toEqual(expected);
  });
});

describe("owners", () => {
  test.each([
    ["this node", local, self],
    ["an account here", bob, `bob@${self}`],
    ["a device", peer, shortId(deviceB)],
    ["an account from a device", alice, `alice@${self}`],
  ])("%s owns what it brings", (_, actor, owner) => {
    expect(ownerFor(actor, self)).toBe(owner);
    expect(isOwnedBy(owner, actor, self)).toBe(true);
  });

  test("an account owns only what it brought itself, a device nothing of its accounts", () => {
    expect(isOwnedBy(shortId(deviceB), alice, self)).toBe(false);
    expect(isOwnedBy(self, bob, self)).toBe(false);
    expect(isOwnedBy(`alice@${self}`, peer, self)).toBe(false);
    expect(isOwnedBy(`bob@${self}`, alice, self)).toBe(false);
    expect(isOwnedBy(`alice@${shortId(deviceB)}`, alice, self)).toBe(false);
    expect(isOwnedBy(self, peer, self)).toBe(false);
    expect(isOwnedBy("", peer, self)).toBe(false);
    expect(isOwnedBy(shortId(deviceB), { ...peer, isGuest: true }, self)).toBe(false);
  });
});
