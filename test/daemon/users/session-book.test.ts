import { expect, test } from "vitest";
import { LoginKeys } from "../../../src/daemon/dashboard/login-keys.ts";
import { systemRandom } from "../../../src/daemon/system-ports.ts";
import { LoginThrottle } from "../../../src/daemon/users/login-throttle.ts";
import { SessionBook, type SessionRecord } from "../../../src/daemon/users/session-book.ts";
import { ManualClock } from "../../peer/support.ts";

const DAY_MS = 86_400_000;
const ADMIN = { user: null, role: "admin" } as const;
const BOB = { user: "bob", role: "user" } as const;
const HERE = "127.0.0.1";

function book(records: readonly SessionRecord[] = [], roles: Record<string, "admin" | "user"> = { bob: "user" }) {
  const clock = new ManualClock();
  const saved: SessionRecord[][] = [];
  const sessions = new SessionBook({
    clock,
    random: systemRandom,
    records,
    roleOf: (user) => roles[user],
    save: (all) => saved.push([...all]),
  });
  return { clock, saved, sessions };
}

test("a session needs its cookie and its token", () => {
  const { sessions } = book();
  const [one, two] = [sessions.open(ADMIN, HERE), sessions.open(BOB, HERE)];
  expect(sessions.find(one.cookie, one.token)?.actor).toEqual(ADMIN);
  expect(sessions.find(one.cookie, two.token)).toBeUndefined();
  expect(sessions.find(two.cookie, one.token)).toBeUndefined();
  expect(sessions.find(one.token, one.cookie)).toBeUndefined();
  expect(sessions.find("", "")).toBeUndefined();
});

test("what is kept opens nothing, and what was kept counts on", () => {
  const { sessions, saved } = book();
  const { cookie, token } = sessions.open(ADMIN, HERE);
  const kept = saved.at(-1) ?? [];
  expect(JSON.stringify(kept)).not.toContain(cookie);
  expect(JSON.stringify(kept)).not.toContain(token);
  expect(book(kept).sessions.find(cookie, token)?.actor).toEqual(ADMIN);
});

test("closing ends what is under way", () => {
  const { sessions, saved } = book();
  const one = sessions.open(BOB, HERE);
  const two = sessions.open(ADMIN, HERE);
  const [bobs, admins] = [sessions.find(one.cookie, one.token), sessions.find(two.cookie, two.token)];
  expect(sessions.closeAll("bob")).toBe(1);
  expect([bobs?.ended.aborted, admins?.ended.aborted]).toEqual([true, false]);
  expect(sessions.find(one.cookie, one.token)).toBeUndefined();
  sessions.close(two.cookie);
  expect(admins?.ended.aborted).toBe(true);
  expect(saved.at(-1)).toEqual([]);
});

test("a device's session needs its token and its device, and is no browser's", () => {
  const { sessions, saved } = book();
  const token = sessions.openFor("DESK", BOB);
  expect(sessions.findFor("DESK", token)?.actor).toEqual(BOB);
  expect(sessions.findFor("LAP", token)).toBeUndefined();
  expect(sessions.find(token, token)).toBeUndefined();
  expect(JSON.stringify(saved)).not.toContain(token);
  const { cookie } = sessions.open(BOB, HERE);
  expect(sessions.findFor(HERE, cookie)).toBeUndefined();
  const session = sessions.findFor("DESK", token);
  expect([sessions.closeDevice("LAP"), sessions.closeDevice("DESK"), session?.ended.aborted]).toEqual([0, 1, true]);
  expect(sessions.findFor("DESK", token)).toBeUndefined();
});

test("sessions are listed by an id that opens nothing, and end one by one or all but one", () => {
  const { clock, sessions } = book();
  const [one, two] = [sessions.open(BOB, HERE), sessions.openFor("DESK", BOB)];
  clock.advance(1);
  const own = sessions.open(ADMIN, HERE);
  const listed = sessions.list("bob");
  expect(listed.map(({ kind, from }) => [kind, from])).toEqual(
    expect.arrayContaining([
      ["browser", HERE],
      ["device", "DESK"],
    ]),
  );
  expect(sessions.list().map(({ user }) => user)).toEqual([null, "bob", "bob"]);
  for (const secret of [one.cookie, one.token, two]) expect(JSON.stringify(sessions.list())).not.toContain(secret);
  const id = sessions.find(one.cookie, one.token)?.id ?? "";
  expect(sessions.closeById(null, id)).toBe(false);
  expect(sessions.closeAll("bob", id)).toBe(1);
  expect(sessions.findFor("DESK", two)).toBeUndefined();
  expect(sessions.closeById("bob", id)).toBe(true);
  expect(sessions.find(one.cookie, one.token)).toBeUndefined();
  expect(sessions.find(own.cookie, own.token)).toBeDefined();
});

test("a session of an account that is gone, or has another role now, counts no longer", () => {
  const roles: Record<string, "admin" | "user"> = { bob: "user" };
  const { sessions } = book([], roles);
  const token = sessions.openFor("DESK", BOB);
  roles["bob"] = "admin";
  expect(sessions.findFor("DESK", token)).toBeUndefined();
  delete roles["bob"];
  expect([sessions.findFor("DESK", token), sessions.list()]).toEqual([undefined, []]);
});

test("a session ends a week after its last use, and a month after it began", () => {
  const { clock, sessions } = book();
  const idle = sessions.open(ADMIN, HERE);
  const busy = sessions.open(ADMIN, HERE);
  for (let day = 0; day < 29; day++) {
    clock.advance(DAY_MS);
    expect(sessions.find(busy.cookie, busy.token), `day ${day}`).toBeDefined();
  }
  expect(sessions.find(idle.cookie, idle.token)).toBeUndefined();
  clock.advance(DAY_MS);
  expect(sessions.find(busy.cookie, busy.token)).toBeUndefined();
});

test("of very many sessions of one user the one unused for longest gives way", () => {
  const { clock, sessions } = book();
  const first = sessions.open(ADMIN, HERE);
  clock.advance(1);
  const all = Array.from({ length: 64 }, () => sessions.open(ADMIN, HERE));
  expect(sessions.find(first.cookie, first.token)).toBeUndefined();
  expect(all.filter(({ cookie, token }) => sessions.find(cookie, token) !== undefined)).toHaveLength(64);
});

test("a key signs in once, and only in its time", () => {
  const clock = new ManualClock();
  const keys = new LoginKeys(clock, systemRandom);
  const gone: string[] = [];
  const key = keys.make(1000, () => gone.push("used"));
  expect(keys.take("guess")).toBe(false);
  expect([keys.take(key), keys.take(key), gone]).toEqual([true, false, ["used"]]);
  const late = keys.make(1000, () => gone.push("over"));
  clock.advance(1000);
  expect([keys.take(late), gone]).toEqual([false, ["used", "over"]]);
});

test("after five wrong tries each further one waits twice as long, up to a minute", () => {
  const clock = new ManualClock();
  const throttle = new LoginThrottle(clock);
  const waits: number[] = [];
  for (let count = 0; count < 14; count++) {
    throttle.failed("bob");
    let waitMs = 0;
    for (; ; waitMs += 1000) {
      try {
        throttle.admit("bob");
        break;
      } catch {
        clock.advance(1000);
      }
    }
    waits.push(waitMs / 1000);
  }
  expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  expect(() => throttle.admit("ann")).not.toThrow();
});
