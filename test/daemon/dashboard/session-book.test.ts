import { expect, test } from "vitest";
import { LoginKeys } from "../../../src/daemon/dashboard/login-keys.ts";
import { LoginThrottle } from "../../../src/daemon/dashboard/login-throttle.ts";
import { SessionBook, type SessionRecord } from "../../../src/daemon/dashboard/session-book.ts";
import { systemRandom } from "../../../src/daemon/system-ports.ts";
import { ManualClock } from "../../peer/support.ts";

const DAY_MS = 86_400_000;
const ADMIN = { user: null, role: "admin" } as const;

function book(records: readonly SessionRecord[] = []) {
  const clock = new ManualClock();
  const saved: SessionRecord[][] = [];
  const sessions = new SessionBook({
    clock,
    random: systemRandom,
    records,
    save: (all) => saved.push([...all]),
  });
  return { clock, saved, sessions };
}

test("a session needs its cookie and its token", () => {
  const { sessions } = book();
  const [one, two] = [sessions.open(ADMIN), sessions.open({ user: "bob", role: "user" })];
  expect(sessions.find(one.cookie, one.token)?.actor).toEqual(ADMIN);
  expect(sessions.find(one.cookie, two.token)).toBeUndefined();
  expect(sessions.find(two.cookie, one.token)).toBeUndefined();
  expect(sessions.find(one.token, one.cookie)).toBeUndefined();
  expect(sessions.find("", "")).toBeUndefined();
});

test("what is kept opens nothing, and what was kept counts on", () => {
  const { sessions, saved } = book();
  const { cookie, token } = sessions.open(ADMIN);
  const kept = saved.at(-1) ?? [];
  expect(JSON.stringify(kept)).not.toContain(cookie);
  expect(JSON.stringify(kept)).not.toContain(token);
  expect(book(kept).sessions.find(cookie, token)?.actor).toEqual(ADMIN);
});

test("closing ends what is under way", () => {
  const { sessions, saved } = book();
  const one = sessions.open({ user: "bob", role: "user" });
  const two = sessions.open(ADMIN);
  const [bobs, admins] = [sessions.find(one.cookie, one.token), sessions.find(two.cookie, two.token)];
  expect(sessions.closeAll("bob")).toBe(1);
  expect([bobs?.ended.aborted, admins?.ended.aborted]).toEqual([true, false]);
  expect(sessions.find(one.cookie, one.token)).toBeUndefined();
  sessions.close(two.cookie);
  expect(admins?.ended.aborted).toBe(true);
  expect(saved.at(-1)).toEqual([]);
});

test("a session ends a week after its last use, and a month after it began", () => {
  const { clock, sessions } = book();
  const idle = sessions.open(ADMIN);
  const busy = sessions.open(ADMIN);
  for (let day = 0; day < 29; day++) {
    clock.advance(DAY_MS);
    expect(sessions.find(busy.cookie, busy.token), `day ${day}`).toBeDefined();
  }
  expect(sessions.find(idle.cookie, idle.token)).toBeUndefined();
  clock.advance(DAY_MS);
  expect(sessions.find(busy.cookie, busy.token)).toBeUndefined();
});

test("of very many sessions the one unused for longest gives way", () => {
  const { clock, sessions } = book();
  const first = sessions.open(ADMIN);
  clock.advance(1);
  const all = Array.from({ length: 64 }, () => sessions.open(ADMIN));
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
