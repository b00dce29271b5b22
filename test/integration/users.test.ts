/** Users of a node: made there, signed in to its dashboard and from a paired device, and stopped where their rights end. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CommandResult, pairedNodes, type TestNode, until } from "../support/nodes.ts";

const BOBS = "bobs own password";
const ROOTS = "roots own password";

function code({ stderr }: CommandResult): string | undefined {
  const line = stderr.split("\n").find((text) => text.startsWith("{"));
  return line === undefined ? undefined : (JSON.parse(line) as { code: string }).code;
}

/** The document of a command that succeeds. */
async function json<T = Record<string, unknown>>(node: TestNode, ...args: readonly string[]): Promise<T> {
  const { code: exit, stdout, stderr } = await node.run("--json", ...args);
  expect({ args, exit, stderr }).toEqual({ args, exit: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

async function sessionsOf(
  node: TestNode,
  user: string,
): Promise<readonly { id: string; kind: string; from: string }[]> {
  return (await json<{ sessions: { id: string; kind: string; from: string }[] }>(node, "user", "sessions", user))
    .sessions;
}

async function ownersAt(node: TestNode, place: string): Promise<Record<string, string>> {
  const { stdout } = await node.run("list", place, "--json");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { path: string; owner: string });
  return Object.fromEntries(lines.flatMap(({ path, owner }) => (owner === undefined ? [] : [[path, owner]])));
}

/** A page's way in: raw requests with the two secrets of a session. */
async function signInAt(url: string, user: string, password: string) {
  const answer = await fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: { Origin: url },
    body: JSON.stringify({ user, password }),
  });
  const document = (await answer.json()) as { token: string; code?: string; role?: string };
  const headers = {
    Cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "",
    "X-Syncline-Token": document.token,
    Origin: url,
  };
  const ask = async (method: string, path: string, body?: object): Promise<{ status: number; code: unknown }> => {
    const got = await fetch(`${url}/api/v1${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await got.text();
    return { status: got.status, code: text.startsWith('{"v":1,"type":"error"') ? JSON.parse(text).code : undefined };
  };
  return { status: answer.status, document, headers, ask };
}

test("users are made at their node, sign in from a paired device, own what they bring, and are stopped at once", async () => {
  const [anna, bert] = await pairedNodes();
  await json(anna, "config", "set", "dashboard", "127.0.0.1:0");
  const [folder] = (await json<{ folders: { id: string }[] }>(anna, "status")).folders;
  const there = `anna:${folder?.id}`;

  // Made locally; a password comes from standard input, and not every text is one.
  const noUser = await bert.type(BOBS, "login", "anna", "--user", "bob", "--json");
  expect([noUser.code, code(noUser)]).toEqual([5, "E_SIGN_IN_FAILED"]);
  for (const [password, expected] of [
    ["", "E_USAGE"],
    ["short", "E_PASSWORD_WEAK"],
  ] as const) {
    const refused = await anna.type(password, "user", "add", "root", "--role", "admin", "--json");
    expect([refused.code, code(refused)]).toEqual([2, expected]);
  }
  expect((await anna.run("user", "add", "root", "--password", ROOTS)).code).toBe(2);
  expect((await anna.run("user", "add", "root")).code).toBe(2);
  // Once as it is really typed: through a pipe, into a process of its own.
  anna.via = ["sh", "-c", `echo "${ROOTS}" | exec "$0" "$@"`];
  expect((await anna.run("user", "add", "root", "--role", "admin")).code).toBe(0);
  anna.via = [];
  expect((await anna.type(BOBS, "user", "add", "bob")).code).toBe(0);
  expect(code(await anna.type(BOBS, "user", "add", "BOB", "--json"))).toBe("E_NAME_TAKEN");
  const database = await readFile(join(anna.home, "index.db-wal")).catch(() => readFile(join(anna.home, "index.db")));
  expect(database.includes(BOBS)).toBe(false);
  for (const [args, expected] of [
    [["user", "role", "root", "user"], "E_LAST_ADMIN"],
    [["user", "remove", "root", "-y"], "E_LAST_ADMIN"],
  ] as const) {
    const refused = await anna.run(...args, "--json");
    expect([refused.code, code(refused)]).toEqual([5, expected]);
  }
  expect((await anna.run("user", "role", "nobody", "user")).code).toBe(4);

  // Signed in from bert: the token lies in its home, for its owner alone, and is never shown.
  const unknown = await bert.run("list", `${there}/`, "--user", "bob", "--json");
  expect([unknown.code, code(unknown)]).toEqual([5, "E_NOT_SIGNED_IN"]);
  expect(unknown.stderr).toContain("syncline login anna --user bob");
  const wrong = await bert.type("wrong password", "login", "anna", "--user", "bob", "--json");
  expect([wrong.code, code(wrong)]).toEqual([5, "E_SIGN_IN_FAILED"]);
  const login = await bert.type(BOBS, "login", "anna", "--user", "bob", "--json");
  expect(JSON.parse(login.stdout)).toMatchObject({ v: 1, peer: "anna", user: "bob", role: "user" });
  const kept = join(bert.home, "logins.json");
  expect((await stat(kept)).mode & 0o777).toBe(0o600);
  const { logins } = JSON.parse(await readFile(kept, "utf8")) as { logins: { token: string }[] };
  const token = logins[0]?.token ?? "";
  expect(token).toHaveLength(43);
  const secrets = `${login.stdout}${await anna.logTail()}${await bert.logTail()}${await readFile(join(anna.home, "sessions.json"), "utf8")}`;
  for (const secret of [token, BOBS]) expect(secrets).not.toContain(secret);
  expect((await bert.run("list", "self:", "--user", "bob")).code).toBe(2);

  // What bob uploads is bob's; what the device uploads is the device's.
  const source = join(bert.home, "..", "source.txt");
  await writeFile(source, "from bert");
  expect((await bert.run("upload", source, `${there}/bobs.txt`, "--user", "bob")).code).toBe(0);
  expect((await bert.run("upload", source, `${there}/device.txt`)).code).toBe(0);
  expect(await ownersAt(anna, `self:${folder?.id}`)).toMatchObject({ "bobs.txt": "bob@anna", "device.txt": "bert" });
  await bert.wait();
  const { transfers } = await json<{ transfers: { user: string | null }[] }>(bert, "stats", "--kind", "upload");
  expect(transfers.map(({ user }) => user)).toEqual(["bob", null]);

  // Bob hears of a download by another; the device does not hear of its own.
  expect((await bert.run("download", `${there}/bobs.txt`, "-o", `${source}.copy`)).code).toBe(0);
  expect((await bert.run("download", `${there}/device.txt`, "-o", `${source}.own`)).code).toBe(0);
  const { notices } = await json<{ notices: { path: string; owner: string; message: string }[] }>(anna, "notices");
  expect(notices).toMatchObject([{ path: "bobs.txt", owner: "bob@anna", message: "bobs.txt was downloaded by bert" }]);

  // Bob takes away what is his; an admin's account what is anybody's, and only he for good.
  const deleting = async (...args: readonly string[]): Promise<unknown> =>
    code(await bert.run("delete", ...args, "-y", "--json"));
  expect(await deleting(`${there}/device.txt`, "--user", "bob")).toBe("E_NOT_ALLOWED");
  expect((await bert.run("delete", `${there}/device.txt`, "--user", "bob")).code).toBe(5);
  expect(await deleting(`${there}/bobs.txt`)).toBe("E_NOT_ALLOWED");
  expect(await deleting(`${there}/bobs.txt`, "--permanent", "--user", "bob")).toBe("E_NOT_ALLOWED");
  expect(await deleting(`${there}/bobs.txt`, "--user", "bob")).toBeUndefined();
  expect((await bert.type(ROOTS, "login", "anna", "--user", "root")).code).toBe(0);
  expect(await deleting(`${there}/device.txt`, "--permanent", "--user", "root")).toBeUndefined();
  expect(Object.keys(await ownersAt(anna, `self:${folder?.id}`))).toEqual([]);

  // On the dashboard: his role is asked at every route, and in the stream of events.
  const { dashboard: url } = await json<{ dashboard: string }>(anna, "status");
  const page = await signInAt(url, "bob", BOBS);
  expect([page.status, page.document.role]).toEqual([200, "user"]);
  expect(await page.ask("GET", `/list?folder=${folder?.id}`)).toMatchObject({ status: 200 });
  for (const [method, path, body] of [
    ["GET", "/users", undefined],
    ["POST", "/users", { name: "eve", role: "admin", password: "eves own password" }],
    ["POST", "/users/bob/role", { role: "admin" }],
    ["GET", "/sessions", undefined],
    ["GET", "/logs", undefined],
    ["GET", "/events", undefined],
    ["POST", "/trash/empty", {}],
    ["POST", "/shutdown", {}],
  ] as const)
    expect({ path, ...(await page.ask(method, path, body)) }).toEqual({ path, status: 403, code: "E_NOT_ALLOWED" });
  const root = await signInAt(url, "root", ROOTS);
  expect(await root.ask("GET", "/users")).toMatchObject({ status: 200 });

  const seen: string[] = [];
  const stream = (async () => {
    const answer = await fetch(`${url}/api/v1/watch?since=0`, { headers: page.headers });
    for await (const piece of (answer.body ?? []) as AsyncIterable<Uint8Array>)
      seen.push(Buffer.from(piece).toString());
  })();
  const cut = expect(stream).rejects.toThrow();
  await until(() => seen.join("").includes('"file.uploaded"'), "bob to see an upload");
  const told = seen.join("");
  for (const type of ["auth.refused", "user.added", "user.signed-in", "peer.paired"]) expect(told).not.toContain(type);
  expect(told).toContain('"notice.created"');

  // Revoked: refused at once, here and there, and what is under way ends.
  const devices = (await sessionsOf(anna, "bob")).filter(({ kind }) => kind === "device");
  expect(devices).toHaveLength(1);
  await json(anna, "user", "revoke", "bob", devices[0]?.id ?? "");
  const revoked = await bert.run("list", `${there}/`, "--user", "bob", "--json");
  expect([revoked.code, code(revoked)]).toEqual([5, "E_NOT_SIGNED_IN"]);
  expect((await bert.run("list", `${there}/`)).code).toBe(0);
  await json(anna, "user", "revoke", "bob");
  await cut;
  expect((await page.ask("GET", "/status")).status).toBe(401);

  // Signing out ends the session there; another role and a removal end all of them.
  await bert.type(BOBS, "login", "anna", "--user", "bob");
  expect(await json(bert, "logout", "anna", "--user", "bob")).toMatchObject({ users: ["bob"], ended: true });
  expect(await sessionsOf(anna, "bob")).toEqual([]);
  expect(await json(bert, "logout", "anna")).toMatchObject({ users: ["root"], ended: true });
  expect(await json(bert, "logout", "anna")).toMatchObject({ users: [] });
  await bert.type(BOBS, "login", "anna", "--user", "bob");
  expect(await json(anna, "user", "role", "bob", "admin")).toMatchObject({ role: "admin", changed: true, ended: 1 });
  expect((await bert.run("list", `${there}/`, "--user", "bob")).code).toBe(5);
  await bert.type(BOBS, "login", "anna", "--user", "bob");
  expect(await json(anna, "user", "remove", "bob", "-y")).toMatchObject({ name: "bob", ended: 1 });
  expect((await bert.run("list", `${there}/`, "--user", "bob")).code).toBe(5);

  // Guessing is slowed down, for a name from wherever it comes.
  const guesses = await Promise.all(Array.from({ length: 8 }, () => signInAt(url, "root", "a wrong guess")));
  expect(guesses.map(({ status }) => status)).toContain(429);
  expect(guesses.map(({ status }) => status)).not.toContain(200);
  const { stdout } = await anna.run("events", "--type", "auth", "--json");
  expect(stdout).toContain('"reason":"wrong name or password","user":"root"');
  expect(await anna.logTail()).toContain("Refused a sign-in");

  // A device that is trusted no longer has no session left.
  await json(anna, "peer", "remove", "bert", "-y");
  expect((await bert.type(ROOTS, "login", "anna", "--user", "root")).code).not.toBe(0);
}, 240_000);
