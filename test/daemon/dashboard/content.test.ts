/** What is given out by ticket: to whom, how often, and as what. */
import { expect, test } from "vitest";
import type { ContentFacts, ContentSource } from "../../../src/daemon/dashboard/content-port.ts";
import { API_PREFIX } from "../../../src/shared/api-routes.ts";
import { type Answer, type TestDashboard, testDashboard } from "./support.ts";

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

/** Files by path; how each giving out ended is noted. */
function filesOf(files: Readonly<Record<string, string>>): ContentSource & { readonly ends: unknown[] } {
  const ends: unknown[] = [];
  const look = async ({ path }: { readonly path: string }): Promise<ContentFacts> => ({
    name: path.split("/").at(-1) ?? "",
    type: path === "" ? "archive" : "file",
    size: files[path]?.length ?? null,
  });
  return {
    ends,
    look,
    open: async (request) => ({
      ...(await look(request)),
      tag: request.path === "" ? null : `"tag-${files[request.path]}"`,
      mtimeMs: Date.UTC(2026, 6, 1),
      read: async function* ({ start, end }) {
        const text = files[request.path] ?? "PK";
        if (text === "broken") {
          yield Buffer.from("bro");
          throw new Error("gone");
        }
        yield Buffer.from(text).subarray(start, end);
      },
      close: async ({ isAll }) => void ends.push({ path: request.path, isAll }),
    }),
  };
}

async function ticketFor(dashboard: TestDashboard, headers: Headers, input: object): Promise<Answer> {
  const body = JSON.stringify({ folder: "docs", ...input });
  return await dashboard.ask({ method: "POST", path: `${API_PREFIX}/tickets`, headers, body });
}

type Headers = ReturnType<TestDashboard["signedIn"]>;

test("a ticket gives a file once; only the same download goes on with it, by the same session", async () => {
  const files = { "a.txt": "0123456789" };
  const content = filesOf(files);
  await using dashboard = await testDashboard({ content });
  const ann = dashboard.signedIn("admin");
  const cookieOf = (headers: Headers): Headers => headers.filter(([name]) => name === "Cookie");
  const made = JSON.parse((await ticketFor(dashboard, ann, { path: "a.txt" })).body);
  expect(made).toMatchObject({ name: "a.txt", type: "file", size: 10, preview: null });
  const get = async (headers: Headers): Promise<Answer> => await dashboard.ask({ path: made.url, headers });

  expect((await get([])).status).toBe(401);
  expect((await get(cookieOf(dashboard.signedIn("admin")))).status).toBe(401);
  const first = await get([...cookieOf(ann), ["Range", "bytes=2-5"]]);
  expect([first.status, first.body, first.headers["content-range"]]).toEqual([206, "2345", "bytes 2-5/10"]);
  const tag = String(first.headers["etag"]);

  expect((await get(cookieOf(ann))).status).toBe(401);
  expect((await get([...cookieOf(ann), ["Range", "bytes=6-"]])).status).toBe(401);
  expect((await get([...cookieOf(ann), ["Range", "bytes=0-"], ["If-Range", tag]])).status).toBe(401);
  expect((await get([...cookieOf(ann), ["Range", "bytes=6-"], ["If-Range", '"other"']])).status).toBe(401);
  const rest = await get([...cookieOf(ann), ["Range", "bytes=6-"], ["If-Range", tag]]);
  expect([rest.status, rest.body]).toEqual([206, "6789"]);
  expect(content.ends).toEqual([
    { path: "a.txt", isAll: false },
    { path: "a.txt", isAll: true },
  ]);

  // It became another file meanwhile: all of it comes.
  files["a.txt"] = "changed";
  const changed = await get([...cookieOf(ann), ["Range", "bytes=3-"], ["If-Range", tag]]);
  expect([changed.status, changed.body]).toEqual([200, "changed"]);
});

test("a ticket ends after a minute, and with its session", async () => {
  await using dashboard = await testDashboard({ content: filesOf({ "a.txt": "a" }) });
  const ann = dashboard.signedIn("admin");
  const [first, second] = [
    await ticketFor(dashboard, ann, { path: "a.txt" }),
    await ticketFor(dashboard, ann, { path: "a.txt" }),
  ];
  await dashboard.ask({ method: "DELETE", path: `${API_PREFIX}/session`, headers: ann });
  expect((await dashboard.ask({ path: JSON.parse(first.body).url, headers: ann })).status).toBe(401);
  const bob = dashboard.signedIn("user");
  const own = JSON.parse((await ticketFor(dashboard, bob, { path: "a.txt" })).body).url;
  await dashboard.clock.advance(60_001);
  for (const url of [JSON.parse(second.body).url, own])
    expect((await dashboard.ask({ path: url, headers: bob })).status).toBe(401);
});

test.each([
  { path: "x.svg", holds: SVG, preview: "text", type: "text/plain; charset=utf-8" },
  { path: "x.html", holds: "<script>alert(1)</script>", preview: "text", type: "text/plain; charset=utf-8" },
  { path: "x.png", holds: SVG, preview: "image", type: "image/png" },
])("$path is shown as $type, and cannot run", async ({ path, holds, preview, type }) => {
  await using dashboard = await testDashboard({ content: filesOf({ [path]: holds }) });
  const ann = dashboard.signedIn("admin");
  const made = JSON.parse((await ticketFor(dashboard, ann, { path, use: "preview" })).body);
  expect(made.preview).toBe(preview);
  const { headers, body } = await dashboard.ask({ path: made.url, headers: ann });
  expect(body).toBe(holds);
  expect(headers).toMatchObject({
    "content-type": type,
    "content-disposition": `attachment; filename="${path}"; filename*=UTF-8''${path}`,
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  });
});

test("names cannot break out of the header, binaries are no text, and a directory is an archive", async () => {
  const name = 'a"\r\nSet-Cookie: x=1; ü/é.bin';
  const files = { [`d/${name.replaceAll("/", "_")}`]: "x", "b.bin": "\0\x01", "broken.txt": "broken" };
  await using dashboard = await testDashboard({ content: filesOf(files) });
  const ann = dashboard.signedIn("admin");
  const [path = ""] = Object.keys(files);
  const odd = await dashboard.ask({
    path: JSON.parse((await ticketFor(dashboard, ann, { path })).body).url,
    headers: ann,
  });
  expect(odd.status).toBe(200);
  expect(odd.headers["set-cookie"]).toBeUndefined();
  expect(odd.headers["content-disposition"]).toMatch(
    /^attachment; filename="[\w.,()+ -]+"; filename\*=UTF-8''[\w.%~!-]+$/,
  );

  const binary = JSON.parse((await ticketFor(dashboard, ann, { path: "b.bin", use: "preview" })).body);
  expect((await dashboard.ask({ path: binary.url, headers: ann })).status).toBe(400);
  expect((await ticketFor(dashboard, ann, { path: "", use: "preview" })).status).toBe(400);
  const archive = JSON.parse((await ticketFor(dashboard, ann, { path: "" })).body);
  const { headers } = await dashboard.ask({ path: archive.url, headers: ann });
  expect(headers).toMatchObject({ "content-type": "application/zip", "accept-ranges": "none" });

  // What breaks in the middle is cut off, so that nobody takes it for the whole.
  const broken = JSON.parse((await ticketFor(dashboard, ann, { path: "broken.txt" })).body);
  await expect(dashboard.ask({ path: broken.url, headers: ann })).rejects.toThrow();
});

test("the memory of what was sent is given back at once", async () => {
  const pieces = [new Uint8Array(200_000).fill(1), new Uint8Array(100_000).fill(2)];
  const facts = { name: "big.bin", type: "file", size: 300_000 } as const;
  const content: ContentSource = {
    look: async () => facts,
    open: async () => ({
      ...facts,
      tag: '"tag"',
      mtimeMs: 0,
      read: async function* () {
        yield* pieces;
      },
      close: async () => {},
    }),
  };
  await using dashboard = await testDashboard({ content });
  const ann = dashboard.signedIn("admin");
  const { url } = JSON.parse((await ticketFor(dashboard, ann, { path: "big.bin" })).body);
  const { status, body } = await dashboard.ask({ path: url, headers: ann });
  expect([status, body]).toEqual([200, "\u0001".repeat(200_000) + "\u0002".repeat(100_000)]);
  await expect.poll(() => pieces.map(({ length }) => length)).toEqual([0, 0]);
});
