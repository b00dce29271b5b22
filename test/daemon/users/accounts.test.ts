import { beforeEach, describe, expect, test } from "vitest";
import { systemRandom } from "../../../src/daemon/system-ports.ts";
import { Accounts } from "../../../src/daemon/users/accounts.ts";
import { LoginThrottle } from "../../../src/daemon/users/login-throttle.ts";
import { PasswordHasher } from "../../../src/daemon/users/password-hash.ts";
import { signIn } from "../../../src/daemon/users/sign-in.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { passwordFault, userNameFault } from "../../../src/shared/user-rules.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { ManualClock } from "../../peer/support.ts";

const hasher = new PasswordHasher(systemRandom);
let index: OwnedIndex;
let clock: ManualClock;
let accounts: Accounts;

beforeEach(() => {
  index = openIndex(":memory:");
  clock = new ManualClock();
  accounts = new Accounts({ index, clock, hasher });
});

describe("passwords", () => {
  test("are kept as argon2id with their parameters and a salt of their own", async () => {
    const [one, two] = [await hasher.hash("hunter two"), await hasher.hash("hunter two")];
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await hasher.verify(one, "hunter two")).toBe(true);
    expect(await hasher.verify(one, "hunter Two")).toBe(false);
    expect(await hasher.verify(undefined, "hunter two")).toBe(false);
    await expect(hasher.verify("plain", "plain")).rejects.toMatchObject({ code: "E_INDEX_BROKEN" });
  });

  test("composed one way or the other are one", async () => {
    expect(await hasher.verify(await hasher.hash("caf\u00e9 noir"), "cafe\u0301 noir")).toBe(true);
  });

  test("made at a lower cost are made anew when they are next right", async () => {
    await accounts.add("ann", "admin", "hunter two");
    const [row] = index.read.users();
    if (row === undefined) throw new Error("no row");
    // As an older program would have stored it: one pass of 8 MiB over "hunter two".
    const old = new PasswordHasher(systemRandom);
    const made = (await old.hash("hunter two")).replace("m=19456,t=2", "m=8192,t=1");
    await index.write.putUser({ ...row, password: made });
    expect(await new Accounts({ index, clock, hasher }).check("ann", "hunter two")).toBeUndefined();
    expect(hasher.isOutdated(made)).toBe(true);
    expect(hasher.isOutdated(row.password)).toBe(false);
  });

  test.each([
    ["", "empty"],
    ["short", "too short"],
    ["1234567", "at least 8"],
    ["aaaaaaaaaaaa", "over and over"],
    ["Margarete", "name"],
    ["ä".repeat(600), "longer than 1024 bytes"],
    ["correct horse", undefined],
    ["äöüäöüäö", undefined],
  ])("%j: %s", (password, fault) => {
    const found = passwordFault(password, "margarete");
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });
});

test.each(["", "a b", "-x", ".x", "a@b", "ünal", "a".repeat(33), "a\u001b[2J", "../x", "a/b", "a\n"])(
  "%j is no name of a user",
  async (name) => {
    expect(userNameFault(name)).toBeDefined();
    await expect(accounts.add(name, "user", "correct horse")).rejects.toMatchObject({ code: "E_USAGE" });
  },
);

test("an account is found whatever the case of its name, and there are not two of one", async () => {
  await accounts.add("Ann", "admin", "correct horse");
  expect(accounts.get("ANN")).toMatchObject({ name: "Ann", role: "admin" });
  expect(JSON.stringify(accounts.all)).not.toContain("argon2id");
  await expect(accounts.add("ann", "user", "correct horse")).rejects.toMatchObject({ code: "E_NAME_TAKEN" });
  expect(() => accounts.get("an")).toThrow(expect.objectContaining({ code: "E_USER_NOT_FOUND" }));
  const again = new Accounts({ index, clock, hasher });
  expect(await again.check("ann", "correct horse")).toMatchObject({ name: "Ann" });
});

test("the last admin stays one, also when two are demoted at once", async () => {
  await accounts.add("ann", "admin", "correct horse");
  await accounts.add("ben", "admin", "correct horse");
  const both = await Promise.allSettled([accounts.setRole("ann", "user"), accounts.remove("ben")]);
  expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  await expect(accounts.remove("ben")).rejects.toMatchObject({ code: "E_LAST_ADMIN" });
  await expect(accounts.setRole("ben", "user")).rejects.toMatchObject({ code: "E_LAST_ADMIN" });
  expect(await accounts.setRole("ben", "admin")).toMatchObject({ isChanged: false });
  await accounts.setRole("ann", "admin");
  await accounts.remove("ben");
  expect(new Accounts({ index, clock, hasher }).all.map(({ name }) => name)).toEqual(["ann"]);
});

test("a password that is changed while it is looked at counts no longer", async () => {
  await accounts.add("ann", "admin", "correct horse");
  clock.advance(1);
  const [checked] = await Promise.all([
    accounts.check("ann", "correct horse"),
    accounts.setPassword("ann", "battery staple"),
  ]);
  // Whichever came first: never a session for the old one after the change.
  if (checked !== undefined) expect(checked.passwordAtMs).toBe(accounts.get("ann").passwordAtMs - 1);
  expect(await accounts.check("ann", "correct horse")).toBeUndefined();
  expect(await accounts.check("ann", "battery staple")).toMatchObject({ name: "ann" });
});

describe("signing in", () => {
  const refused: unknown[] = [];
  const attempt = (user: string, password: string, from = "LAP") =>
    signIn({ accounts, throttle, onRefused: (what) => refused.push(what) }, { user, password, from });
  let throttle: LoginThrottle;
  beforeEach(async () => {
    throttle = new LoginThrottle(clock);
    refused.length = 0;
    await accounts.add("ann", "admin", "correct horse");
  });

  test("a wrong name and a wrong password look the same, and are told of", async () => {
    const [wrong, unknown] = await Promise.allSettled([attempt("ann", "wrong"), attempt("eve", "wrong")]);
    expect(wrong).toMatchObject({ reason: { code: "E_SIGN_IN_FAILED", message: "name or password is wrong" } });
    expect(unknown).toMatchObject({ reason: { code: "E_SIGN_IN_FAILED", message: "name or password is wrong" } });
    expect(refused).toHaveLength(2);
    expect(JSON.stringify(refused)).not.toContain('"wrong"');
  });

  test("a name is throttled from wherever it is tried, and a place whatever names it tries", async () => {
    for (let count = 0; count < 5; count++) await attempt("ANN", "wrong", `L${count}`).catch(() => {});
    await expect(attempt("ann", "correct horse", "DESK")).rejects.toMatchObject({ code: "E_TOO_MANY_TRIES" });
    for (let count = 0; count < 5; count++) await attempt(`guess${count}`, "wrong").catch(() => {});
    await expect(attempt("other", "wrong")).rejects.toMatchObject({ code: "E_TOO_MANY_TRIES" });
    clock.advance(60_000);
    expect(await attempt("ann", "correct horse", "DESK")).toMatchObject({ name: "ann" });
  });

  test("very many at once are held to a few at a time", async () => {
    const tries = await Promise.allSettled(
      Array.from({ length: 100 }, (_, i) => attempt(`guess${i}`, "wrong", `place${i}`)),
    );
    const codes = tries.map((one) => (one.status === "rejected" ? (one.reason as { code: string }).code : "in"));
    const checked = codes.filter((code) => code === "E_SIGN_IN_FAILED").length;
    expect(checked).toBeLessThanOrEqual(LIMITS.passwordChecksAtOnce.value + LIMITS.passwordChecksWaiting.value + 1);
    expect(codes.filter((code) => code === "E_TOO_MANY_TRIES")).toHaveLength(100 - checked);
  });

  test("without users nobody signs in", async () => {
    const none = new Accounts({ index: openIndex(":memory:"), clock, hasher });
    const tried = signIn({ accounts: none, throttle, onRefused: () => {} }, { user: "admin", password: "", from: "" });
    await expect(tried).rejects.toMatchObject({ code: "E_SIGN_IN_FAILED" });
  });
});
