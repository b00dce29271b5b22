/** A dashboard's server on loopback, in front of a service of plain data, and raw requests to it. */
import { mkdir, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import type { UploadBatchDeps } from "../../../src/daemon/dashboard/batches/upload-batch.ts";
import { UploadBatches } from "../../../src/daemon/dashboard/batches/upload-batches.ts";
import type { ContentSource } from "../../../src/daemon/dashboard/content-port.ts";
import { DashboardServer } from "../../../src/daemon/dashboard/dashboard-server.ts";
import { LoginKeys } from "../../../src/daemon/dashboard/login-keys.ts";
import { PageFiles } from "../../../src/daemon/dashboard/page-files.ts";
import { Tickets } from "../../../src/daemon/dashboard/tickets.ts";
import { systemRandom } from "../../../src/daemon/system-ports.ts";
import type { Account } from "../../../src/daemon/users/accounts.ts";
import { LoginThrottle } from "../../../src/daemon/users/login-throttle.ts";
import { SessionBook } from "../../../src/daemon/users/session-book.ts";
import { signIn } from "../../../src/daemon/users/sign-in.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import { ManualClock } from "../../peer/support.ts";
import { callers } from "../../support/callers.ts";
import { type FakeService, fakeService } from "../../support/fake-node-service.ts";
import { silentLog } from "../../support/silent-log.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly path: string;
  /** As they go out, one after the other; Host is added unless it is here. */
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

export interface TestDashboard extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly sessions: SessionBook;
  readonly keys: LoginKeys;
  readonly refused: unknown[];
  readonly host: string;
  readonly origin: string;
  ask(ask: Ask): Promise<Answer>;
  /** Headers of a request from the page itself, signed in. */
  signedIn(role: "admin" | "user"): readonly (readonly [string, string])[];
}

export interface TestDashboardOptions {
  readonly service?: Partial<FakeService>;
  /** Instead of accounts: the one that a name and a password belong to. */
  readonly check?: (user: string, password: string) => Promise<Pick<Account, "name" | "role"> | undefined>;
  readonly page?: boolean;
  readonly content?: ContentSource;
  readonly upload?: UploadBatchDeps["upload"];
}

const NO_CONTENT: ContentSource = {
  look: () => Promise.reject(new SyncError("E_PATH_NOT_FOUND", "there is nothing")),
  open: () => Promise.reject(new SyncError("E_PATH_NOT_FOUND", "there is nothing")),
};

export const COOKIE = "syncline-abcdefgh";

export async function testDashboard(options: TestDashboardOptions = {}): Promise<TestDashboard> {
  const directory = await temporaryDirectory();
  const page = join(directory.path, "page");
  if (options.page !== false) {
    await mkdir(join(page, "assets"), { recursive: true });
    await writeFile(join(page, "index.html"), "<!doctype html><title>Syncline</title>");
    await writeFile(join(page, "assets/app.js"), "export {};".repeat(200));
  }
  await writeFile(join(directory.path, "secret.txt"), "nobody sees this");
  const clock = new ManualClock();
  const refused: unknown[] = [];
  const roleOf = (user: string): "user" | "admin" => (user === "ann" ? "admin" : "user");
  const sessions = new SessionBook({ clock, random: systemRandom, records: [], roleOf, save: () => {} });
  const throttle = new LoginThrottle(clock);
  const check = async (name: string, password: string): Promise<Account | undefined> => {
    const found = await options.check?.(name, password);
    return found === undefined ? undefined : { ...found, createdAtMs: 0, passwordAtMs: 0 };
  };
  const accounts = {
    check,
    all: options.check === undefined ? [] : [{ name: "bob", role: "user" as const, createdAtMs: 0, passwordAtMs: 0 }],
  };
  const onRefused = (what: unknown): void => void refused.push(what);
  const keys = new LoginKeys(clock, systemRandom);
  const batches = new UploadBatches({
    ...{ clock, random: systemRandom, log: silentLog, deviceName: () => "laptop" },
    directory: join(directory.path, "uploads"),
    upload: options.upload ?? (() => Promise.reject(new Error("nothing is uploaded here")) as never),
  });
  await batches.start();
  const server = await DashboardServer.start(
    { host: "127.0.0.1", port: 0 },
    {
      service: fakeService(options.service),
      log: silentLog,
      peers: callers.peers,
      checkOutput: true,
      device: { id: "DEVICE", name: () => "laptop" },
      version: "0.1.0",
      cookieName: COOKIE,
      users: {
        ...{ sessions, throttle },
        signIn: (attempt) => signIn({ accounts, throttle, onRefused }, attempt),
        noteSignIn: () => {},
      },
      keys,
      page: await PageFiles.open(page),
      content: { source: options.content ?? NO_CONTENT, tickets: new Tickets(clock, systemRandom) },
      batches,
      onRefused,
    },
  );
  const { port } = server.address;
  const host = `127.0.0.1:${port}`;
  const origin = `http://${host}`;
  return {
    clock,
    sessions,
    keys,
    refused,
    host,
    origin,
    ask: ({ method = "GET", path, headers = [], body }) => ask(port, method, path, headers, body),
    signedIn: (role) => {
      const { cookie, token } = sessions.open({ user: role === "admin" ? null : "bob", role }, "127.0.0.1");
      return [
        ["Cookie", `${COOKIE}=${cookie}`],
        ["X-Syncline-Token", token],
        ["Origin", origin],
      ];
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await batches[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

function ask(
  port: number,
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[],
  body: string | undefined,
): Promise<Answer> {
  const hasHost = headers.some(([name]) => name === "Host");
  const all = [...(hasHost ? [] : ([["Host", `127.0.0.1:${port}`]] as const)), ...headers];
  const sent = body === undefined ? [] : [["Content-Length", String(Buffer.byteLength(body))] as const];
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: "127.0.0.1", port, method, path, agent: false, setHost: false, headers: [...all, ...sent].flat() },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}
