import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { SESSION_API } from "../../../src/shared/api.ts";
import { ROUTE_ACCESS } from "../../../src/shared/api-access.ts";
import { API_PREFIX, ROUTES, type RouteName } from "../../../src/shared/api-routes.ts";
import { COOKIE, type TestDashboard, testDashboard } from "./support.ts";

async function signIn(dashboard: TestDashboard, body: object) {
  const {
    status,
    headers,
    body: text,
  } = await dashboard.ask({
    method: "POST",
    path: `${API_PREFIX}/session`,
    headers: [["Origin", dashboard.origin]],
    body: JSON.stringify(body),
  });
  const cookie = String(headers["set-cookie"] ?? "");
  return { status, cookie, document: JSON.parse(text) };
}

describe("signing in", () => {
  test("a link signs in once, and sets a cookie that no script and no other site can use", async () => {
    await using dashboard = await testDashboard();
    const key = dashboard.keys.make(60_000, () => {});
    const { status, cookie, document } = await signIn(dashboard, { key });
    expect(status).toBe(200);
    expect(cookie).toMatch(new RegExp(`^${COOKIE}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=\\d+$`));
    SESSION_API.signIn.output.parse(document);
    const headers = [
      ["Cookie", cookie.split(";")[0] ?? ""],
      ["X-Syncline-Token", document.token],
    ] as const;
    const session = await dashboard.ask({ path: `${API_PREFIX}/session`, headers });
    expect(JSON.parse(session.body)).toEqual({
      v: 1,
      device: { id: "DEVICE", name: "laptop" },
      user: null,
      role: "admin",
      version: "0.1.0",
    });
    const again = await signIn(dashboard, { key });
    expect([again.status, again.document.code]).toEqual([403, "E_LINK_USED"]);
  });

  test("a user signs in by name and password; wrong ones are told apart from nothing", async () => {
    await using dashboard = await testDashboard({
      check: async (name, password) => (name === "bob" && password === "right" ? { name, role: "user" } : undefined),
    });
    expect((await signIn(dashboard, { user: "bob", password: "right" })).document.role).toBe("user");
    const wrong = await signIn(dashboard, { user: "bob", password: "wrong" });
    const unknown = await signIn(dashboard, { user: "eve", password: "wrong" });
    expect(wrong.document.code).toBe("E_SIGN_IN_FAILED");
    expect(unknown.document).toEqual(wrong.document);
  });

  test("many tries at once are slowed down, and a link still works", async () => {
    let checked = 0;
    await using dashboard = await testDashboard({
      check: async () => {
        checked++;
        return undefined;
      },
    });
    const tries = await Promise.all(
      Array.from({ length: 50 }, () => signIn(dashboard, { user: "bob", password: "guess" })),
    );
    expect(checked).toBeLessThanOrEqual(5);
    expect(tries.filter(({ status }) => status === 429).length).toBe(50 - checked);
    expect((await signIn(dashboard, { key: dashboard.keys.make(1000, () => {}) })).status).toBe(200);
  });

  test("there is no default password", async () => {
    await using dashboard = await testDashboard();
    for (const password of ["", "admin", "password", "syncline"])
      expect((await signIn(dashboard, { user: "admin", password })).status).not.toBe(200);
  });

  test("signing in anew ends the session before; signing out ends this one, and what it follows", async () => {
    const following = Promise.withResolvers<void>();
    await using dashboard = await testDashboard({
      service: {
        async *watch(_request, { signal }) {
          yield {
            type: "event",
            event: {
              id: 1,
              time: "2026-07-01T15:30:00.000Z",
              type: "x",
              folder: null,
              path: null,
              device: null,
              user: null,
              data: {},
            },
          };
          following.resolve();
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      },
    });
    const headers = dashboard.signedIn("admin");
    const stream = dashboard.ask({ path: `${API_PREFIX}/watch`, headers });
    await following.promise;
    const cut = expect(stream).rejects.toThrow();
    const out = await dashboard.ask({ method: "DELETE", path: `${API_PREFIX}/session`, headers });
    expect([out.status, String(out.headers["set-cookie"])]).toEqual([200, expect.stringContaining("Max-Age=0")]);
    await cut;
    expect((await dashboard.ask({ path: `${API_PREFIX}/session`, headers })).status).toBe(401);
  });
});

describe("the page", () => {
  test("is public, compressed, cached by its hash, and holds its browser back", async () => {
    await using dashboard = await testDashboard();
    const root = await dashboard.ask({ path: "/" });
    expect([root.status, root.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    const policy = String(root.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(root.headers["x-content-type-options"]).toBe("nosniff");
    const script = await dashboard.ask({ path: "/assets/app.js", headers: [["Accept-Encoding", "gzip, br"]] });
    expect([script.headers["content-encoding"], script.headers["cache-control"]]).toEqual([
      "br",
      "public, max-age=31536000, immutable",
    ]);
    const tag = String(script.headers["etag"]);
    expect((await dashboard.ask({ path: "/assets/app.js", headers: [["If-None-Match", tag]] })).status).toBe(304);
  });

  test.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%252e%252e/secret.txt",
    "/assets/%5c..%5c..%5csecret.txt",
    "/assets\\..\\..\\secret.txt",
    "//secret.txt",
    "/index.html/",
    "/assets/",
    "/assets",
    "http://evil.com/",
    "*",
  ])("%j is 404 and gives nothing away", async (path) => {
    await using dashboard = await testDashboard();
    const { status, body } = await dashboard.ask({ path });
    expect(status).toBe(404);
    expect(body).not.toContain("nobody sees this");
  });

  test("one that was never built says so", async () => {
    await using dashboard = await testDashboard({ page: false });
    const { status, body } = await dashboard.ask({ path: "/" });
    expect(status).toBe(503);
    expect(body).toContain("npm run build:web");
  });
});

test("the description names every route that can be called, with its schemas", async () => {
  await using dashboard = await testDashboard();
  const { body } = await dashboard.ask({ path: `${API_PREFIX}/openapi.json`, headers: dashboard.signedIn("user") });
  const { openapi, paths } = JSON.parse(body);
  expect(openapi).toBe("3.1.0");
  for (const [name, { path, method }] of Object.entries(ROUTES)) {
    const described = paths[path]?.[method.toLowerCase()];
    expect(described?.operationId, name).toBe(ROUTE_ACCESS[name as RouteName] === "local" ? undefined : name);
  }
  expect(paths["/conflicts/{id}/resolve"].post).toMatchObject({
    parameters: [{ name: "id", in: "path", required: true }],
    requestBody: { content: { "application/json": { schema: { required: ["keep"] } } } },
  });
  expect(paths["/why"].get.parameters.map(({ name }: { name: string }) => name)).toEqual(["folder", "path"]);
});

test("a body that is too long, and a header, end their own request only", async () => {
  await using dashboard = await testDashboard();
  const headers = dashboard.signedIn("admin");
  const long = await dashboard.ask({
    method: "POST",
    path: `${API_PREFIX}/config`,
    headers,
    body: JSON.stringify({ settings: { name: "x".repeat(5_000_000) } }),
  });
  expect(long.status).toBe(400);
  const wide = await dashboard.ask({ path: "/", headers: [["X-Wide", "x".repeat(20_000)]] });
  expect(wide.status).toBe(431);
  expect((await dashboard.ask({ path: `${API_PREFIX}/status`, headers })).status).toBe(200);
});

test("what is not HTTP is hung up on", async () => {
  await using dashboard = await testDashboard();
  const [host = "", port = ""] = dashboard.host.split(":");
  const socket = connect(Number(port), host);
  const ended = new Promise((resolve) => socket.on("close", resolve));
  socket.on("error", () => {});
  socket.resume().write("hello\r\n\r\n");
  await ended;
  expect((await dashboard.ask({ path: "/" })).status).toBe(200);
});
