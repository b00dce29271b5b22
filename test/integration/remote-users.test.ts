/** What a user of a node does there from a paired device, for himself: notices, sessions, his password. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { type CommandResult, pairedNodes, type TestNode } from "../support/nodes.ts";

const LAUNCHER = resolve(import.meta.dirname, "../../bin/syncline");
const BOBS = "bobs own password";
const ROOTS = "roots own password";
const NEW = "another password of bob";

function failure({ code, stderr }: CommandResult): readonly [number, unknown] {
  const line = stderr.split("\n").find((text) => text.startsWith("{")) ?? "{}";
  return [code, (JSON.parse(line) as { code?: string }).code];
}

async function json<T>(node: TestNode, ...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await node.run("--json", ...args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

interface Sessions {
  readonly sessions: readonly { readonly id: string; readonly user: string }[];
}

async function usersSeen(node: TestNode, ...args: readonly string[]): Promise<readonly string[]> {
  const { sessions } = await json<Sessions>(node, "user", "sessions", ...args);
  return sessions.map(({ user }) => user).sort();
}

test("a user sees his notices and sessions there, and changes his own password, from a paired device", {
  timeout: 300_000,
}, async () => {
  const [anna, bert] = await pairedNodes();
  const { folders } = await json<{ folders: [{ id: string }] }>(anna, "folder", "list");
  const there = `anna:${folders[0].id}`;
  expect((await anna.type(ROOTS, "user", "add", "root", "--role", "admin")).code).toBe(0);
  expect((await anna.type(BOBS, "user", "add", "bob")).code).toBe(0);
  for (const [user, password] of [
    ["bob", BOBS],
    ["root", ROOTS],
  ] as const)
    expect((await bert.type(password, "login", "anna", "--user", user)).code).toBe(0);

  // Whoever owns it there hears of it there; a device without a user has no notices on another one.
  const source = join(bert.home, "..", "photo.jpg");
  await writeFile(source, "a photo");
  expect((await bert.run("upload", source, `${there}/`, "--user", "bob")).code).toBe(0);
  expect((await bert.run("download", `${there}/photo.jpg`, "-o", `${source}.copy`)).code).toBe(0);
  expect(failure(await bert.run("notices", "anna:", "--json"))).toEqual([5, "E_NOT_ALLOWED"]);
  const shown = await json<{ notices: readonly object[] }>(bert, "notices", "anna:", "--user", "bob");
  expect(shown.notices).toMatchObject([{ path: "photo.jpg", owner: "bob@anna", read: false }]);
  const human = await bert.run("notices", "anna:", "--user", "bob");
  expect(human.stdout).toContain("photo.jpg was downloaded by bert");
  expect((await json<{ unread: number }>(bert, "notices", "anna:", "--user", "bob")).unread).toBe(0);
  expect(failure(await bert.run("notices", "anna:", "-f", "--user", "bob", "--json"))[0]).toBe(2);
  expect(failure(await bert.run("notices", "anna", "--json"))).toEqual([2, "E_USAGE"]);

  // His own sessions are his, everybody's are an admin's.
  expect(await usersSeen(bert, "anna:", "--user", "bob")).toEqual(["bob"]);
  expect(await usersSeen(bert, "anna:", "--user", "root")).toEqual(["bob", "root"]);
  expect(await usersSeen(bert, "anna:bob", "--user", "root")).toEqual(["bob"]);
  expect(failure(await bert.run("user", "sessions", "anna:root", "--user", "bob", "--json"))).toEqual([
    5,
    "E_NOT_ALLOWED",
  ]);
  expect(failure(await bert.run("user", "sessions", "anna:", "--json"))).toEqual([5, "E_NOT_ALLOWED"]);
  expect(failure(await bert.run("user", "revoke", "anna:root", "--user", "bob", "--json"))).toEqual([
    5,
    "E_NOT_ALLOWED",
  ]);
  expect(await json(bert, "user", "revoke", "anna:", "--user", "bob")).toMatchObject({ user: "bob", ended: 0 });
  const [own] = (await json<Sessions>(bert, "user", "sessions", "anna:", "--user", "bob")).sessions;
  expect(failure(await bert.run("user", "revoke", "anna:", own?.id ?? "", "--user", "bob", "--json"))).toEqual([
    2,
    "E_USAGE",
  ]);

  // The old password first, through a pipe as it is really typed; other sessions end, this one stays.
  const change = async (lines: string): Promise<CommandResult> =>
    await bert.type(lines, "user", "password", "anna:", "--user", "bob", "--json");
  expect(failure(await change(`not ${BOBS}\n${NEW}`))).toEqual([5, "E_SIGN_IN_FAILED"]);
  expect(failure(await change(`${BOBS}\nshort`))).toEqual([2, "E_PASSWORD_WEAK"]);
  expect(failure(await bert.type(BOBS, "user", "password", "anna:", "--json"))).toEqual([2, "E_USAGE"]);
  expect(failure(await bert.type(BOBS, "user", "password", "anna:root", "--user", "bob", "--json"))[0]).toBe(2);
  const piped = spawn(LAUNCHER, ["--home", bert.home, "user", "password", "anna:bob", "--user", "bob"]);
  piped.stdin.end(`${BOBS}\n${NEW}\n`);
  expect(await once(piped, "exit")).toEqual([0, null]);
  expect((await bert.run("list", there, "--user", "bob")).code).toBe(0);
  expect(failure(await bert.type(BOBS, "login", "anna", "--user", "bob", "--json"))).toEqual([5, "E_SIGN_IN_FAILED"]);
  expect((await bert.type(NEW, "login", "anna", "--user", "bob")).code).toBe(0);

  // An admin ends what another has there, at once.
  expect(await json(bert, "user", "revoke", "anna:bob", "--user", "root")).toMatchObject({ user: "bob", ended: 1 });
  expect(failure(await bert.run("list", there, "--user", "bob", "--json"))).toEqual([5, "E_NOT_SIGNED_IN"]);
});
