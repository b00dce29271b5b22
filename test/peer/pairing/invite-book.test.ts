import { beforeEach, expect, test } from "vitest";
import { type Invite, InviteBook, type InviteGrant, type InviteRun } from "../../../src/peer/pairing/invite-book.ts";
import { candidatesOn, JoinTries } from "../../../src/peer/pairing/join-tries.ts";
import { deviceIdFromHash, parseFolderId } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { ManualClock, seededRandom } from "../support.ts";

const MINUTE = 60_000;
const device = (fill: number): ReturnType<typeof deviceIdFromHash> => deviceIdFromHash(new Uint8Array(32).fill(fill));
const grant: InviteGrant = { role: "user", folders: [] };

let clock: ManualClock;
let book: InviteBook;
beforeEach(() => {
  clock = new ManualClock();
  book = new InviteBook({ clock, random: seededRandom(7) });
});

function invite(): Invite {
  return book.create(grant, { isAsked: true });
}

function begin(channel: number, address = "10.0.0.9"): InviteRun {
  const run = book.begin(channel, address);
  if (run === undefined) throw new Error("no run was opened");
  return run;
}

function kill(made: Invite, address = "10.6.6.6"): void {
  for (let count = 0; count < 3; count++) begin(made.channel, address).fail();
}

test("an invite has a channel, a code of that channel, a link secret and ten minutes", () => {
  const made = invite();
  expect(made.code).toMatch(new RegExp(`^${made.channel}-\\d{6}$`));
  expect(made.linkSecret).toHaveLength(16);
  expect(made.expiresAt - clock.now()).toBe(10 * MINUTE);
  expect(book.channels()).toEqual([made.channel]);
});

test("code and link of an invite have unrelated passwords", () => {
  const run = begin(invite().channel);
  expect(new TextDecoder().decode(run.password("code"))).toBe(run.invite.code.slice(2));
  expect(run.password("link")).toBe(run.invite.linkSecret);
});

test("a device without invites does not offer pairing", () => {
  expect(book.isOpen()).toBe(false);
  expect(book.begin(3, "10.0.0.9")).toBeUndefined();
});

test("the right code uses the invite up, and a later one hears by whom", () => {
  const made = invite();
  expect(begin(made.channel, "10.0.0.7").succeed(device(1))).toBeUndefined();
  expect(book.channels()).toEqual([]);
  expect(begin(made.channel).succeed(device(2))).toMatchObject({ reason: "used", by: "10.0.0.7", device: device(1) });
  expect(book.endOf(made.id)).toMatchObject({ device: device(1) });
});

test("of two sessions with the right code at once, the first to prove it wins", () => {
  const made = invite();
  const [first, second] = [begin(made.channel, "10.0.0.7"), begin(made.channel, "10.0.0.8")];
  expect(second.succeed(device(2))).toBeUndefined();
  expect(first.succeed(device(1))).toMatchObject({ reason: "used", by: "10.0.0.8" });
});

test("three wrong tries kill an invite, and its end names the address of the last", () => {
  const made = invite();
  expect([1, 2, 3].map((last) => begin(made.channel, `10.6.6.${last}`).fail())).toEqual([2, 1, 0]);
  expect(book.live()).toEqual([]);
  expect(begin(made.channel).succeed(device(1))).toMatchObject({ reason: "killed", by: "10.6.6.3" });
});

test("no more runs are open side by side than tries are left", () => {
  const made = invite();
  const runs = [begin(made.channel), begin(made.channel), begin(made.channel)];
  expect(book.begin(made.channel, "10.0.0.9")).toBeUndefined();
  runs[0]?.fail();
  expect(book.begin(made.channel, "10.0.0.9")).toBeUndefined();
  runs[1]?.abandon();
  begin(made.channel).fail();
  expect(runs[2]?.fail()).toBe(0);
});

test("a run that ends before its proof is no try", () => {
  const made = invite();
  for (let count = 0; count < 20; count++) begin(made.channel).abandon();
  expect(begin(made.channel).succeed(device(1))).toBeUndefined();
});

test("a run ends once", () => {
  const run = begin(invite().channel);
  run.fail();
  expect(() => run.succeed(device(1))).toThrow("ended twice");
});

test.each([
  { name: "time passes", wall: true, monotonic: true },
  { name: "the machine slept", wall: true, monotonic: false },
  { name: "the wall clock was set back", wall: false, monotonic: true },
])("an invite expires after ten minutes when $name", (clocks) => {
  const made = invite();
  const run = begin(made.channel);
  clock.advance(10 * MINUTE - 1, clocks);
  expect(book.live()).toHaveLength(1);
  clock.advance(1, clocks);
  expect(book.live()).toEqual([]);
  expect(run.succeed(device(1))).toMatchObject({ reason: "expired" });
});

test("an ended invite is told apart for an hour and can be searched no faster than a live one", () => {
  const made = invite();
  begin(made.channel, "10.0.0.7").succeed(device(1));
  kill(made);
  expect(book.begin(made.channel, "10.6.6.6")).toBeUndefined();
  expect(book.isOpen()).toBe(true);
  clock.advance(LIMITS.inviteRememberedMs.value);
  expect(book.isOpen()).toBe(false);
});

test("a withdrawn invite is over", () => {
  const made = invite();
  book.withdraw(made.id);
  expect(book.live()).toEqual([]);
  expect(begin(made.channel).succeed(device(1))).toMatchObject({ reason: "withdrawn" });
});

test("live invites have different channels, and the eleventh is refused", () => {
  const channels = Array.from({ length: 10 }, () => invite().channel);
  expect([...channels].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(book.channels()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(() => invite()).toThrow("no more channels");
});

test("a new invite avoids the channel of an ended one while others are free", () => {
  const first = invite();
  kill(first);
  const later = Array.from({ length: 9 }, () => invite().channel);
  expect(later).not.toContain(first.channel);
});

test("a live invite goes before an ended one on its channel", () => {
  const made = Array.from({ length: 10 }, () => invite());
  for (const each of made) book.withdraw(each.id);
  const fresh = invite();
  expect(begin(fresh.channel).invite.id).toBe(fresh.id);
});

test("five dead invites in an hour close pairing, live invites included, until a person asks again", () => {
  const bystander = invite();
  for (let count = 0; count < 5; count++) {
    expect(book.isClosed()).toBe(false);
    kill(book.create(grant, { isAsked: false }));
  }
  expect(book.isClosed()).toBe(true);
  expect(book.live()).toEqual([]);
  expect(begin(bystander.channel).succeed(device(1))).toMatchObject({ reason: "closed", by: "10.6.6.6" });
  expect(() => book.create(grant, { isAsked: false })).toThrow(expect.objectContaining({ code: "E_PAIRING_CLOSED" }));
  const reopened = invite();
  expect(begin(reopened.channel).succeed(device(1))).toBeUndefined();
});

test("dead invites of more than an hour ago no longer count", () => {
  for (let count = 0; count < 4; count++) kill(book.create(grant, { isAsked: false }));
  clock.advance(LIMITS.inviteRememberedMs.value);
  kill(book.create(grant, { isAsked: false }));
  expect(book.isClosed()).toBe(false);
});

test("an invite takes 16 folders at most", () => {
  const folders = (count: number): InviteGrant => ({
    role: "user",
    folders: Array.from({ length: count }, (_, index) => ({
      id: parseFolderId(`f${index}`),
      label: "f",
      rights: "read",
    })),
  });
  expect(book.create(folders(16), { isAsked: true }).grant.folders).toHaveLength(16);
  expect(() => book.create(folders(17), { isAsked: true })).toThrow(expect.objectContaining({ code: "E_USAGE" }));
});

test("a typed code meets three machines at most, each once", () => {
  const tries = new JoinTries(7);
  expect([1, 2, 1, 3, 3].map((fill) => tries.admit(device(fill)))).toEqual([true, true, false, true, false]);
  expect(() => tries.admit(device(4))).toThrow(expect.objectContaining({ code: "E_CHANNEL_CROWDED" }));
});

test("a channel that more than three machines announce is crowded", () => {
  const found = (channels: readonly number[]): { readonly channels: readonly number[] } => ({ channels });
  const three = [found([7]), found([1, 7]), found([7]), found([3]), found([])];
  expect(candidatesOn(7, three)).toHaveLength(3);
  expect(() => candidatesOn(7, [...three, found([7])])).toThrow(expect.objectContaining({ code: "E_CHANNEL_CROWDED" }));
});
