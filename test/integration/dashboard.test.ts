import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { networkInterfaces } from "node:os";
import { basename, join } from "node:path";
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { testNodes, until } from "../support/nodes.ts";
import { type SignedIn, signIn, signInBy } from "../support/sign-in.ts";

async function statusAt(url: string, { cookie, token }: SignedIn): Promise<Response> {
  return await fetch(`${url}/api/v1/status`, { headers: { Cookie: cookie, "X-Syncline-Token": token } });
}

test("the dashboard signs in by a link, survives a restart, and moves with its setting", async () => {
  const [node] = await testNodes("anna");
  await node.up("--dashboard", "127.0.0.1:0");
  const { dashboard: url } = await node.json<{ dashboard: string }>("status");
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);

  const { link } = await node.json<{ link: string }>("open", "--print");
  const session = await signInBy(link);
  expect((await statusAt(url, session)).status).toBe(200);
  expect((await signInBy(link)).status).toBe(403);

  await node.down();
  await node.start();
  const after = await statusAt(url, session);
  expect(await after.json()).toMatchObject({ v: 1, dashboard: url, device: { name: "anna" } });

  await node.json("config", "set", "dashboard", "off");
  await until(async () => (await node.json<{ dashboard: string | null }>("status")).dashboard === null, "it to be off");
  await expect(fetch(url)).rejects.toThrow();
  expect((await node.run("open")).code).toBe(4);
});

test("the page that a browser is sent to is its owner's alone, and gone once used", async () => {
  const [node] = await testNodes("anna");
  await node.up("--dashboard", "127.0.0.1:0");
  const { page, link } = await node.json<{ page: string; link: null }>("open");
  expect(link).toBeNull();
  expect((await stat(page)).mode & 0o777).toBe(0o600);
  const [, hidden = ""] = /url=(http:[^"]+)"/.exec(await readFile(page, "utf8")) ?? [];
  expect((await signInBy(hidden)).status).toBe(200);
  await until(async () => (await stat(page).catch(() => undefined)) === undefined, "the page to be gone");
  const key = hidden.replace(/.*k=/, "");
  const sessions = join(node.home, "sessions.json");
  await until(async () => (await stat(sessions).catch(() => undefined)) !== undefined, "the session to be kept");
  expect(await readFile(sessions, "utf8")).not.toContain(key);
  expect((await node.run("logs")).stdout).not.toContain(key);
});

test("a page that is refused again and again pushes nothing else out of the events", async () => {
  const [node] = await testNodes("anna");
  await node.up("--dashboard", "127.0.0.1:0");
  const { dashboard: url } = await node.json<{ dashboard: string }>("status");
  for (let count = 0; count < 20; count++) {
    const headers = { Origin: `http://evil${count}.example` };
    expect((await fetch(`${url}/api/v1/status?${count}`, { headers })).status).toBe(403);
  }
  // Written behind whatever came before.
  const { link } = await node.json<{ link: string }>("open", "--print");
  expect((await signInBy(link)).status).toBe(200);
  const typesNow = async (): Promise<readonly string[]> =>
    (await node.run("events", "--json")).stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
  await until(async () => (await typesNow()).includes("user.signed-in"), "the sign-in to be an event");
  expect((await typesNow()).filter((type) => type === "auth.refused")).toHaveLength(1);
});

interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the certificate that was shown. */
  readonly fingerprint: string;
}

/** Asks by HTTPS, trusting the node's own certificate alone: a name or address that it does not bear fails. */
async function askSafely(
  url: string,
  ca: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: object } = {},
): Promise<HttpsAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpsAnswer>();
  // By the address, whatever the Host header says.
  const checkIdentity = (_: string, certificate: PeerCertificate): Error | undefined =>
    checkServerIdentity(new URL(url).hostname, certificate);
  const options = { method, headers, ca, agent: false, checkServerIdentity: checkIdentity } as const;
  const asked = httpsRequest(url, options, (response) => {
    const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
    let text = "";
    response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    response.on("end", () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, fingerprint: fingerprint256 }),
    );
  });
  asked.on("error", reject);
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  return await promise;
}

test("where other machines reach it, it is served by HTTPS alone, and only once an admin has a password", async () => {
  const [node] = await testNodes("anna");
  await node.up("--dashboard", "127.0.0.1:0");
  const urlNow = async (): Promise<string> => (await node.json<{ dashboard: string }>("status")).dashboard;
  const before = await urlNow();
  const refused = await node.run("config", "set", "dashboard", "0.0.0.0:0");
  expect(refused.code).toBe(5);
  expect(refused.stderr).toContain("no admin has a password here (E_DASHBOARD_OPEN)");
  expect(refused.stderr).toContain("syncline user add NAME --role admin");
  expect(await urlNow()).toBe(before);

  const password = "a password of words";
  expect((await node.type(password, "user", "add", "root", "--role", "admin")).code).toBe(0);
  await node.json("config", "set", "dashboard", "0.0.0.0:0");
  await until(async () => (await urlNow()).startsWith("https://"), "the dashboard to move");
  const url = await urlNow();
  const { port } = new URL(url);
  const { fingerprint } = await node.json<{ fingerprint: string }>("open", "--print");
  expect((await node.run("open", "--print")).stderr).toContain(fingerprint);
  expect((await node.run("doctor")).stdout).toContain(fingerprint);
  expect((await stat(join(node.home, "dashboard.pem"))).mode & 0o777).toBe(0o600);
  const ca = await readFile(join(node.home, "dashboard.pem"), "utf8");

  const other = Object.values(networkInterfaces())
    .flatMap((group) => group ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4")?.address;
  for (const host of ["127.0.0.1", "localhost", ...(other === undefined ? [] : [other])]) {
    const origin = `https://${host}:${port}`;
    const answer = await askSafely(`${origin}/api/v1/session`, ca, {
      method: "POST",
      headers: { Origin: origin },
      body: { user: "root", password },
    });
    expect(answer).toMatchObject({ status: 200, fingerprint });
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict;.*; Secure$/);
    const { token } = JSON.parse(answer.body) as { token: string };
    const session = { Cookie: cookie.split(";")[0] ?? "", "X-Syncline-Token": token };
    expect((await askSafely(`${origin}/api/v1/status`, ca, { headers: session })).status).toBe(200);
    expect((await askSafely(`${origin}/api/v1/status`, ca)).status).toBe(401);
    const evil = { ...session, Host: `evil.example:${port}` };
    expect((await askSafely(`${origin}/api/v1/status`, ca, { headers: evil })).status).toBe(403);
    const unsafe = { Origin: `http://${host}:${port}` };
    const body = { user: "root", password };
    expect((await askSafely(`${origin}/api/v1/session`, ca, { method: "POST", headers: unsafe, body })).status).toBe(
      403,
    );
  }
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  expect((await node.run("user", "role", "root", "user")).stderr).toContain("E_LAST_ADMIN");

  await node.down();
  await node.start();
  expect(await urlNow()).toBe(url);
  expect(await node.json("open", "--print")).toMatchObject({ fingerprint });
});

test("a first start at an address that other machines reach says what is missing", async () => {
  const [node] = await testNodes("anna");
  const { code, stderr } = await node.run(
    "up",
    "--dashboard",
    "0.0.0.0:0",
    "--listen",
    "127.0.0.1:0",
    "--no-discovery",
  );
  expect(code).toBe(5);
  expect(stderr).toContain("E_DASHBOARD_OPEN");
});

test("who only looks gets the newest of many events, at most four times a second, and all who look see the same", async () => {
  const [node] = await testNodes("anna");
  await node.up("--dashboard", "127.0.0.1:0");
  const session = await signIn(node);
  const stop = new AbortController();
  const follow = async (query: string) => {
    const response = await session.ask("GET", `/watch?${query}`);
    const updates: { readonly atMs: number; readonly lines: readonly { type: string; event?: { path: string } }[] }[] =
      [];
    const read = async (): Promise<void> => {
      let rest = "";
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (rest + piece).split("\n");
        rest = lines.pop() ?? "";
        updates.push({ atMs: performance.now(), lines: lines.map((line) => JSON.parse(line)) });
        if (stop.signal.aborted) break;
      }
    };
    const done = read().catch(() => undefined);
    return {
      updates,
      done,
      events: () => updates.flatMap(({ lines }) => lines.flatMap(({ event }) => event?.path ?? [])),
    };
  };
  const [looking, reading] = [await follow("burst=5"), await follow("")];
  const count = 400;
  const made = Array.from({ length: count }, (_, number) => writeFile(join(node.directory, `f${number}`), `${number}`));
  await Promise.all(made);
  await node.wait();
  await until(() => new Set(reading.events()).size === count, "all events");
  await writeFile(join(node.directory, "last"), "last");
  for (const one of [looking, reading]) await until(() => one.events().includes("last"), "the last event");
  expect(new Set(reading.events()).size).toBe(count + 1);
  expect(looking.events().length).toBeLessThan(count / 2);
  expect(Math.max(...looking.updates.map(({ lines }) => lines.length))).toBeLessThanOrEqual(6);
  // Told by the whole time, because on a busy machine two may arrive together.
  const times = looking.updates.map(({ atMs }) => atMs);
  const elapsedMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  expect(times.length).toBeLessThanOrEqual(elapsedMs / 340 + 2);
  stop.abort();
  await node.down();
  await Promise.all([looking.done, reading.done]);
});

test("what is in the trash of all folders comes a page at a time, the latest deletion first", async () => {
  const [node] = await testNodes("anna");
  await node.up("--dashboard", "127.0.0.1:0");
  const other = `${node.directory}-2`;
  await mkdir(other);
  await node.json("folder", "add", other);
  const files = [
    join(node.directory, "one.txt"),
    join(other, "two.txt"),
    join(node.directory, "three.md"),
    join(other, "four.txt"),
  ];
  for (const file of files) await writeFile(file, basename(file));
  await node.wait();
  for (const file of files) await node.json("delete", file);
  const session = await signIn(node);
  const trash = async (query: string) => {
    const lines = (await (await session.ask("GET", `/trash?${query}`)).text()).trim().split("\n");
    const rows = lines.map((line) => JSON.parse(line) as { type: string; path: string; items: number; bytes: number });
    const { items, bytes } = rows.at(-1) ?? {};
    return { paths: rows.filter(({ type }) => type === "item").map(({ path }) => path), items, bytes };
  };
  expect(await trash("")).toEqual({ paths: ["four.txt", "three.md", "two.txt", "one.txt"], items: 4, bytes: 30 });
  expect(await trash("limit=2&offset=1")).toEqual({ paths: ["three.md", "two.txt"], items: 4, bytes: 30 });
  expect(await trash("contains=.TXT&limit=2")).toEqual({ paths: ["four.txt", "two.txt"], items: 3, bytes: 22 });
});
