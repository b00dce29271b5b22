/** A paired peer that asks for more than it may, past any command line: judged by the daemon that is asked. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseHostPort } from "../../src/shared/host-port.ts";
import { TestNode as NetNode } from "../daemon/net/nodes.ts";
import { type TestNode, testNodes } from "../support/nodes.ts";
import { tree } from "../support/tree.ts";

interface Answer {
  readonly lines: readonly Record<string, unknown>[];
  /** Code of the failure that the answer ends with. */
  readonly code: unknown;
}

async function ask(
  net: NetNode,
  route: string,
  input: unknown,
  as: { readonly session?: string; readonly isLimited?: boolean } = {},
): Promise<Answer> {
  const text = typeof input === "string" ? input : JSON.stringify(input);
  let answer = "";
  const command = { route, input: text, isLimited: false, session: "", ...as };
  for await (const bytes of net.peer.command(command, AbortSignal.timeout(20_000)))
    answer += Buffer.from(bytes).toString("utf8");
  const lines = answer
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const last = lines.at(-1);
  return { lines, code: last?.["type"] === "error" ? last["code"] : undefined };
}

/** A peer made of the daemon's own net client, paired for the folder of `a`. */
async function pairBare(a: TestNode, ...invite: readonly string[]): Promise<NetNode> {
  const net = await NetNode.start();
  const { code } = await a.json<{ code: string }>("peer", "invite", ...invite);
  const at = parseHostPort(await a.address()) ?? null;
  const { device } = await net.net.join({ code, at }, AbortSignal.timeout(20_000));
  await net.net.setTrust([
    { id: device, addresses: at === null ? [] : [{ address: at, origin: "static", seenAt: 0 }], isPaused: false },
  ]);
  await net.seen("connected");
  return net;
}

test("what is not for peers, not shared or malformed is refused; the daemon lives on", async () => {
  const [a] = await testNodes("anna");
  await tree(a.directory, { "keep.txt": "keep" });
  await a.up();
  const other = `${a.directory}-other`;
  await tree(other, { "private.txt": "private" });
  const { folder } = await a.json<{ folder: { id: string } }>("folder", "add", other);
  await a.wait();
  const [shared] = (await a.json<{ folders: { id: string }[] }>("status")).folders;
  const invite = shared?.id ?? "";
  const pid = await a.pid();
  await using net = await pairBare(a, "--folder", invite);

  expect((await ask(net, "list", { folder: invite })).lines).toMatchObject([{ path: "keep.txt" }, { type: "summary" }]);
  expect((await ask(net, "list", {})).lines).toMatchObject([{ path: invite }, { type: "summary", entries: 1 }]);
  for (const [route, input, expected] of [
    ["list", { folder: folder.id }, "E_FOLDER_NOT_FOUND"],
    ["list", { folder: "unheard-of" }, "E_FOLDER_NOT_FOUND"],
    ["list", { folder: invite, path: "../anna-home" }, "E_BAD_PATH"],
    ["list", { folder: invite, path: ".syncline" }, "E_BAD_PATH"],
    ["list", { folder: invite, actor: { role: "admin" } }, "E_USAGE"],
    ["list", "{", "E_USAGE"],
    ["list", "[]", "E_USAGE"],
    ["list", "null", "E_USAGE"],
    ["delete", { folder: folder.id, path: "private.txt" }, "E_FOLDER_NOT_FOUND"],
    ["delete", { folder: invite, path: "keep.txt" }, "E_NOT_ALLOWED"],
    ["delete", { folder: invite, path: "keep.txt", recursive: true, permanent: true }, "E_NOT_ALLOWED"],
    ["delete", { folder: invite, path: "../anna-home/config.json" }, "E_BAD_PATH"],
    ["delete", { folder: invite, path: ".syncline", recursive: true }, "E_BAD_PATH"],
    ["delete", { folder: invite, path: "", recursive: true }, "E_USAGE"],
    ["delete", { folder: invite, path: "keep.txt", by: "joiner" }, "E_USAGE"],
    ["move", { folder: invite, path: "keep.txt", to: "mine.txt" }, "E_NOT_ALLOWED"],
    ["move", { folder: invite, path: "keep.txt", toFolder: folder.id, to: "" }, "E_FOLDER_NOT_FOUND"],
    ["move", { folder: invite, path: "keep.txt", to: "../escaped" }, "E_BAD_PATH"],
    ["mkdir", { folder: invite, path: ".syncline/store/x" }, "E_BAD_PATH"],
    ["mkdir", { folder: folder.id, path: "x" }, "E_FOLDER_NOT_FOUND"],
    ["mkdir", { folder: invite, path: "keep.txt" }, "E_EXISTS"],
    ["hash", { folder: invite, path: "../anna-home/key.pem" }, "E_BAD_PATH"],
    ["hash", { folder: invite, path: "ignored.tmp~" }, "E_PATH_NOT_FOUND"],
    ["hash", { folder: folder.id, path: "private.txt" }, "E_FOLDER_NOT_FOUND"],
    ["readBack", { folder: folder.id }, "E_FOLDER_NOT_FOUND"],
    ["readBack", { folder: invite, path: ".syncline" }, "E_BAD_PATH"],
    ["verify", { peer: "anna", folder: invite }, "E_NOT_ALLOWED"],
    ["repair", { folder: folder.id, paths: ["private.txt"], how: "restore" }, "E_FOLDER_NOT_FOUND"],
    ["repair", { folder: invite, paths: [".syncline/marker.json"], how: "adopt" }, "E_BAD_PATH"],
    ["versions", { folder: folder.id, path: "private.txt" }, "E_FOLDER_NOT_FOUND"],
    ["versionRead", { folder: folder.id, path: "private.txt" }, "E_FOLDER_NOT_FOUND"],
    ["restore", { folder: invite, path: "keep.txt", version: 1, as: "../escaped" }, "E_BAD_PATH"],
    ["restore", { folder: folder.id, path: "private.txt" }, "E_FOLDER_NOT_FOUND"],
    ["trashList", { folder: folder.id }, "E_FOLDER_NOT_FOUND"],
    ["trashRestore", { folder: folder.id, path: "private.txt" }, "E_FOLDER_NOT_FOUND"],
    ["trashEmpty", { folder: invite }, "E_NOT_ALLOWED"],
    ["list", { folder: invite, regex: "^(a+)+$", glob: "[", limit: -1 }, "E_USAGE"],
    ["list", { folder: invite, regex: "(" }, "E_USAGE"],
    ["shutdown", {}, "E_NOT_ALLOWED"],
    ["configSet", { settings: { name: "mine" } }, "E_NOT_ALLOWED"],
    ["peerRole", { peer: "joiner", role: "admin" }, "E_NOT_ALLOWED"],
    ["logs", {}, "E_NOT_ALLOWED"],
    ["constructor", {}, "E_NOT_ALLOWED"],
    ["toString", {}, "E_NOT_ALLOWED"],
  ] as const)
    expect((await ask(net, route, input)).code, `${route} ${JSON.stringify(input)}`).toBe(expected);

  // What it brought it may take away, but not for good, and not through a right that it only says it has.
  expect((await ask(net, "mkdir", { folder: invite, path: "its" })).lines).toMatchObject([{ made: true }]);
  expect((await ask(net, "delete", { folder: invite, path: "its", recursive: true, permanent: true })).code).toBe(
    "E_NOT_ALLOWED",
  );
  expect((await ask(net, "delete", { folder: invite, path: "its", recursive: true })).code).toBeUndefined();
  expect(await readFile(join(a.directory, "keep.txt"), "utf8")).toBe("keep");

  expect(await a.pid()).toBe(pid);
  await writeFile(join(a.directory, "alive.txt"), "alive");
  await a.wait();
  expect((await ask(net, "list", { folder: invite })).lines).toHaveLength(3);
});

test("a session is worth something only to the device it was given to, and no more than its account", async () => {
  const [a] = await testNodes("anna");
  await tree(a.directory, { "keep.txt": "keep" });
  await a.up();
  await a.wait();
  expect((await a.type("roots own password", "user", "add", "root", "--role", "admin")).code).toBe(0);
  await using net = await pairBare(a);
  await using other = await pairBare(a);
  const [shared] = (await a.json<{ folders: { id: string }[] }>("status")).folders;
  const list = { folder: shared?.id ?? "" };

  const login = await ask(net, "loginOpen", { user: "root", password: "roots own password" });
  const session = String(login.lines[0]?.["token"]);
  expect((await ask(net, "list", list, { session })).code).toBeUndefined();
  expect((await ask(other, "list", list)).code).toBeUndefined();
  for (const [asker, stolen] of [
    [other, session],
    [net, "x".repeat(43)],
    [net, `${session} `],
  ] as const)
    expect((await ask(asker, "list", list, { session: stolen })).code).toBe("E_NOT_SIGNED_IN");

  // An admin's account opens no route that is not for peers, and no folder that is not the device's.
  for (const route of ["userList", "userAdd", "logs", "login"])
    expect((await ask(net, route, {}, { session })).code, route).toBe("E_NOT_ALLOWED");
  await a.json("folder", "unshare", list.folder, "--from", "joiner");
  const [first, second] = [(await ask(net, "list", list, { session })).code, (await ask(other, "list", list)).code];
  expect([first, second].filter((code) => code === "E_FOLDER_NOT_FOUND")).toHaveLength(1);

  expect((await ask(net, "loginClose", {}, { session })).lines).toMatchObject([{ closed: true }]);
  expect((await ask(net, "loginClose", {}, { session })).code).toBe("E_NOT_SIGNED_IN");
});

test("a right that is taken away counts for the next command, and a removed peer's commands end", async () => {
  const [a] = await testNodes("anna");
  await tree(a.directory, { "keep.txt": "keep" });
  await a.up();
  await a.wait();
  await using net = await pairBare(a);
  const [shared] = (await a.json<{ folders: { id: string }[] }>("status")).folders;
  const folder = shared?.id ?? "";
  expect((await ask(net, "list", { folder })).code).toBeUndefined();
  await a.json("folder", "unshare", folder, "--from", "joiner");
  expect((await ask(net, "list", { folder })).code).toBe("E_FOLDER_NOT_FOUND");
  await a.json("peer", "remove", "joiner", "-y");
  await net.seen("lost");
  expect(net.net.peers).toEqual([]);
});
