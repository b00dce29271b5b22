import { once } from "node:events";
import { lstat, mkdir, stat, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ControlServer } from "../../../src/daemon/api/control-server.ts";
import { matchRoute } from "../../../src/daemon/api/route-match.ts";
import { API } from "../../../src/shared/api.ts";
import { ROUTES } from "../../../src/shared/api-routes.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { callers } from "../../support/callers.ts";
import { type FakeService, fakeService } from "../../support/fake-node-service.ts";
import { silentLog } from "../../support/silent-log.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function serve(
  changes: Partial<FakeService> = {},
): Promise<{ readonly socket: string; readonly server: ControlServer } & AsyncDisposable> {
  const directory = await temporaryDirectory();
  const socket = join(directory.path, "control.sock");
  const server = new ControlServer({
    service: fakeService(changes),
    log: silentLog,
    checkOutput: true,
    ...callers,
    sockets: [socket],
  });
  await server.start();
  return {
    socket,
    server,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

async function ask(socketPath: string, method: string, path: string, body?: string | Buffer): Promise<Answer> {
  const request = httpRequest({ socketPath, method, path, agent: false });
  request.end(body);
  const [response] = await once(request, "response");
  let text = "";
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, body: text };
}

describe("the control server", () => {
  test("listens on a socket for its owner alone, and leaves none behind", async () => {
    const served = await serve();
    expect((await lstat(served.socket)).isSocket()).toBe(true);
    expect((await stat(served.socket)).mode & 0o777).toBe(0o600);
    await served.server[Symbol.asyncDispose]();
    await expect(lstat(served.socket)).rejects.toThrow("ENOENT");
    await served[Symbol.asyncDispose]();
  });

  test("takes the place of a socket that a killed daemon left", async () => {
    await using directory = await temporaryDirectory();
    const socket = join(directory.path, "control.sock");
    const dead = createServer().listen(socket);
    await once(dead, "listening");
    // Closing it would remove the file, which a killed daemon does not do.
    await using server = new ControlServer({
      service: fakeService(),
      log: silentLog,
      checkOutput: true,
      ...callers,
      sockets: [socket],
    });
    await server.start();
    expect((await ask(socket, "GET", "/api/v1/version")).status).toBe(200);
    dead.close();
  });

  test("does not remove what is no socket", async () => {
    await using directory = await temporaryDirectory();
    const socket = join(directory.path, "control.sock");
    await writeFile(socket, "precious");
    const server = new ControlServer({
      service: fakeService(),
      log: silentLog,
      checkOutput: true,
      ...callers,
      sockets: [socket],
    });
    await expect(server.start()).rejects.toMatchObject({
      code: "E_START_FAILED",
      message: expect.stringContaining("in the way"),
    });
    expect((await stat(socket)).size).toBe(8);
  });

  test("goes to the next place where a file system has no sockets", async () => {
    await using directory = await temporaryDirectory();
    const second = join(directory.path, "second.sock");
    await mkdir(join(directory.path, "x"));
    await using server = new ControlServer({
      service: fakeService(),
      log: silentLog,
      checkOutput: true,
      ...callers,
      sockets: ["/proc/control.sock", second],
    });
    await server.start();
    expect(server.socket).toBe(second);
  });

  test("gives documents with v 1", async () => {
    await using served = await serve();
    const { status, body } = await ask(served.socket, "GET", "/api/v1/peers/desk");
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ v: 1, name: "desk" });
  });

  test("gives lines with v 1", async () => {
    await using served = await serve();
    const { status, body } = await ask(served.socket, "POST", "/api/v1/wait", "{}");
    expect(status).toBe(200);
    const lines = body
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toEqual([
      expect.objectContaining({ v: 1, type: "progress" }),
      expect.objectContaining({ v: 1, type: "result" }),
    ]);
  });

  test.each([
    ["an unknown path", "GET", "/api/v1/nothing", undefined, 400, "E_USAGE"],
    ["a path outside the interface", "GET", "/", undefined, 400, "E_USAGE"],
    ["another method", "DELETE", "/api/v1/status", undefined, 400, "E_USAGE"],
    ["an unknown field", "POST", "/api/v1/invites", '{"folder":"x"}', 400, "E_USAGE"],
    ["a field of another type", "POST", "/api/v1/invites", '{"folders":"x"}', 400, "E_USAGE"],
    ["a query that is given twice", "GET", "/api/v1/events?limit=1&limit=2", undefined, 400, "E_USAGE"],
    ["what is no JSON", "POST", "/api/v1/invites", "{", 400, "E_USAGE"],
    ["a list", "POST", "/api/v1/invites", "[]", 400, "E_USAGE"],
    ["a failure of the service", "GET", "/api/v1/peers/x", undefined, 404, "E_PEER_NOT_FOUND"],
    ["a prototype", "POST", "/api/v1/invites", '{"__proto__":{"x":1}}', 400, "E_USAGE"],
    [
      "a body beyond the limit",
      "POST",
      "/api/v1/invites",
      Buffer.alloc(LIMITS.apiBodyBytes.value + 1, 32),
      400,
      "E_USAGE",
    ],
  ])("answers %s with an error document", async (_, method, path, body, status, code) => {
    await using served = await serve();
    const answer = await ask(served.socket, method, path, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ v: 1, type: "error", code });
  });

  test("a stream that fails ends with an error line", async () => {
    const wait = async function* (): ReturnType<FakeService["wait"]> {
      yield { type: "progress", message: "scanning", needFiles: 0, needBytes: 0 };
      throw new SyncError("E_PEER_OFFLINE", "desk is offline");
    };
    await using served = await serve({ wait });
    const { status, body } = await ask(served.socket, "POST", "/api/v1/wait", "{}");
    expect(status).toBe(200);
    expect(JSON.parse(body.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({
      type: "error",
      code: "E_PEER_OFFLINE",
      exit: 6,
    });
  });

  test("a caller that hangs up ends its stream", async () => {
    const ended = Promise.withResolvers<void>();
    const watch = async function* (
      _: object,
      { signal }: { readonly signal: AbortSignal },
    ): ReturnType<FakeService["watch"]> {
      yield {
        type: "event",
        event: {
          id: 1,
          time: "2026-07-01T00:00:00Z",
          type: "x",
          folder: null,
          path: null,
          device: null,
          user: null,
          data: {},
        },
      };
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      ended.resolve();
    };
    await using served = await serve({ watch });
    const request = httpRequest({ socketPath: served.socket, path: "/api/v1/watch", agent: false });
    request.on("error", () => {});
    request.end();
    const [response] = await once(request, "response");
    await once(response, "data");
    request.destroy();
    await ended.promise;
  });

  test("stopping ends open streams with a reason, and idle connections", async () => {
    const watch = async function* (
      _: object,
      { signal }: { readonly signal: AbortSignal },
    ): ReturnType<FakeService["watch"]> {
      yield {
        type: "event",
        event: {
          id: 1,
          time: "2026-07-01T00:00:00Z",
          type: "x",
          folder: null,
          path: null,
          device: null,
          user: null,
          data: {},
        },
      };
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    };
    await using served = await serve({ watch });
    const idle = connect(served.socket);
    idle.on("error", () => {});
    await once(idle, "connect");
    const answer = ask(served.socket, "GET", "/api/v1/watch");
    const first = await ask(served.socket, "GET", "/api/v1/version");
    expect(first.status).toBe(200);
    await served.server[Symbol.asyncDispose]();
    expect((await answer).body).toContain('"code":"E_NOT_RUNNING"');
  });
});

describe("routes", () => {
  test("every route has its shapes, and its path is its own", () => {
    expect(Object.keys(API).sort()).toEqual(Object.keys(ROUTES).sort());
    const keys = Object.values(ROUTES).map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each(Object.entries(ROUTES))("%s is found by its method and path", (name, { method, path }) => {
    const filled = path.replaceAll(/\{\w+\}/g, "a%20b");
    const parameters = Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => [parameter, "a b"]));
    expect(matchRoute(method, `/api/v1${filled}`)).toEqual({ name, parameters });
  });

  test.each(["/api/v1", "/api/v1/", "/api/v1/peers/", "/api/v1/peers/%zz", "/api/v2/status", "/api/v1/status/"])(
    "%s is none",
    (path) => {
      expect(matchRoute("GET", path)).toBeUndefined();
    },
  );
});
