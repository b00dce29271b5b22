/** Every route × role × method × Host × Origin × cookie: made from the tables, so that a new route is tried by itself. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { API } from "../../../src/shared/api.ts";
import { ROUTE_ACCESS } from "../../../src/shared/api-access.ts";
import { API_PREFIX, ROUTES, type RouteName, SESSION_ROUTES } from "../../../src/shared/api-routes.ts";
import { COOKIE, type TestDashboard, testDashboard } from "./support.ts";

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await testDashboard();
});
afterAll(() => dashboard[Symbol.asyncDispose]());

const METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"] as const;
const PATHS = [
  ...new Set([...Object.values(ROUTES), ...Object.values(SESSION_ROUTES)].map(({ path }) => filled(path))),
];

/** A path as a caller writes it. */
function filled(path: string): string {
  return (
    API_PREFIX +
    path
      .replaceAll("{peer}", "desk")
      .replaceAll("{id}", "3")
      .replaceAll(/\{\w+\}/g, "docs")
  );
}

test("every route has a rule", () => {
  expect(Object.keys(ROUTE_ACCESS).sort()).toEqual(Object.keys(ROUTES).sort());
  expect(Object.keys(API).sort()).toEqual(Object.keys(ROUTES).sort());
});

describe.each(METHODS)("%s", (method) => {
  const isSignIn = (path: string): boolean => method === "POST" && path === filled(SESSION_ROUTES.signIn.path);

  test("without a session, with the cookie alone or the token alone, everything is 401", async () => {
    const all = dashboard.signedIn("admin");
    const only = (...names: readonly string[]) => all.filter(([name]) => names.includes(name));
    for (const path of [...PATHS, `${API_PREFIX}/nothing`, "/api/", "/api"]) {
      if (isSignIn(path)) continue;
      for (const headers of [only("Origin"), only("Origin", "Cookie"), only("Origin", "X-Syncline-Token")]) {
        const { status, body } = await dashboard.ask({ method, path, headers });
        expect({ path, status, code: JSON.parse(body).code }).toEqual({ path, status: 401, code: "E_NOT_SIGNED_IN" });
      }
    }
  });

  test.each([
    ["a foreign Host", [["Host", "evil.com"]]],
    ["a Host with a foreign end", [["Host", "127.0.0.1.evil.com"]]],
    ["a foreign Origin", [["Origin", "http://evil.com"]]],
    ["no page of its own", [["Origin", "null"]]],
    ["another page", [["Sec-Fetch-Site", "cross-site"]]],
  ] as const)("with %s everything is 403, signed in or not", async (_, forged) => {
    const names: readonly string[] = forged.map(([name]) => name);
    const own = dashboard.signedIn("admin").filter(([name]) => !names.includes(name));
    for (const path of PATHS) {
      for (const headers of [forged, [...forged, ...own]]) {
        const { status } = await dashboard.ask({ method, path, headers });
        expect({ path, status }).toEqual({ path, status: 403 });
      }
    }
  });

  test("an unknown path or method is 404, never the page", async () => {
    const known = new Set(
      [...Object.values(ROUTES), ...Object.values(SESSION_ROUTES)]
        .filter((route) => route.method === method)
        .map(({ path }) => filled(path)),
    );
    for (const path of [
      ...PATHS.filter((one) => !known.has(one)),
      `${API_PREFIX}/nothing`,
      "/api/",
      "/api/v2/status",
    ]) {
      const { status, headers } = await dashboard.ask({ method, path, headers: dashboard.signedIn("admin") });
      expect({ path, status, type: headers["content-type"] }).toEqual({ path, status: 404, type: "application/json" });
    }
  });
});

describe.each(Object.keys(ROUTES) as RouteName[])("%s", (name) => {
  const { method, path } = ROUTES[name];
  const body = method === "GET" ? {} : { body: "{}" };

  test("is answered to whom its rule names, and to nobody else", async () => {
    const ask = async (role: "admin" | "user"): Promise<number> =>
      (await dashboard.ask({ method, path: filled(path), headers: dashboard.signedIn(role), ...body })).status;
    const access = ROUTE_ACCESS[name];
    // Some want more input than {}: then 400 says that the caller was let through.
    const expected = (isAllowed: boolean): readonly number[] => (isAllowed ? [200, 400] : [403]);
    if (access === "local") expect([await ask("admin"), await ask("user")]).toEqual([404, 404]);
    else {
      expect(expected(true)).toContain(await ask("admin"));
      expect(expected(access === "user")).toContain(await ask("user"));
    }
  });
});

test("what a user is refused is told to the node's own people", async () => {
  await dashboard.ask({ method: "POST", path: `${API_PREFIX}/shutdown`, headers: dashboard.signedIn("user") });
  expect(dashboard.refused.at(-1)).toEqual({
    reason: "for admins only",
    user: "bob",
    route: "shutdown",
    path: `${API_PREFIX}/shutdown`,
  });
});

test("two cookies of one name are none", async () => {
  const [[, cookie = ""] = [], ...rest] = dashboard.signedIn("admin");
  const headers = [["Cookie", `${COOKIE}=planted; ${cookie}`] as const, ...rest];
  expect((await dashboard.ask({ path: `${API_PREFIX}/status`, headers })).status).toBe(401);
});
