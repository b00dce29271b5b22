/** The node's interface on a socket that only its owner can open. */
import { chmod, lstat, rm } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import process from "node:process";
import { USER_HEADER } from "../../shared/api-routes.ts";
import { SyncError } from "../../shared/errors.ts";
import type { Actor } from "./actor.ts";
import { type DispatchOptions, dispatch } from "./dispatch.ts";

/** An import reads all that http offers, a WebSocket client among it: 20 ms of each start. */
const { createServer } = process.getBuiltinModule("node:http");

/** A caller that has not sent its request by then is cut off. */
const REQUEST_MS = 10_000;
/** What answers may still take when the daemon stops. */
const STOP_MS = 1000;
const CONNECTIONS_MAX = 128;
/** A file system without sockets says one of these. */
const NO_SOCKETS: ReadonlySet<string> = new Set([
  "EOPNOTSUPP",
  "ENOTSUP",
  "ENOSYS",
  "EPERM",
  "EINVAL",
  "EACCES",
  "EROFS",
  "ENAMETOOLONG",
]);

export interface ControlServerOptions extends DispatchOptions {
  /** Places for the socket, best first. */
  readonly sockets: readonly string[];
  /** Who calls: whoever can open the socket. */
  readonly actor: () => Actor;
}

/**
 * Serves the routes over HTTP on a Unix socket of mode 0600. Started last, so
 * that who can connect finds a node that is ready; stopped first. The caller
 * holds the home's lock, so a socket that is there already is a dead one.
 */
export class ControlServer implements AsyncDisposable {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #socket = "";

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => this.#accept(request, response));
    this.#server.headersTimeout = REQUEST_MS;
    this.#server.requestTimeout = REQUEST_MS;
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Where it listens. */
  get socket(): string {
    return this.#socket;
  }

  async start(): Promise<void> {
    let fault: unknown;
    for (const socket of this.#options.sockets) {
      try {
        await this.#listen(socket);
        this.#socket = socket;
        return;
      } catch (error) {
        if (error instanceof SyncError || !NO_SOCKETS.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
        fault = error;
      }
    }
    throw new SyncError("E_START_FAILED", `no socket can be made at ${this.#options.sockets.join(" or ")}`, {
      cause: fault,
      hint: "set XDG_RUNTIME_DIR to a directory of yours with mode 0700, on a file system that has sockets",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, STOP_MS);
    await Promise.race([Promise.allSettled(this.#running), late.promise]);
    clearTimeout(timer);
    this.#server.closeAllConnections();
    await closed;
    if (this.#isFile()) await rm(this.#socket, { force: true });
  }

  async #listen(socket: string): Promise<void> {
    if (!socket.startsWith("\\\\")) await removeDeadSocket(socket);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once("error", reject);
    this.#server.listen(socket, resolve);
    await promise.finally(() => this.#server.off("error", reject));
    if (!socket.startsWith("\\\\")) await chmod(socket, 0o600);
  }

  #isFile(): boolean {
    return this.#socket !== "" && !this.#socket.startsWith("\\\\");
  }

  #accept(request: IncomingMessage, response: ServerResponse): void {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    // A caller that hangs up in mid-answer is no failure.
    response.on("error", () => {});
    const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
    const user = request.headers[USER_HEADER.toLowerCase()];
    const context = { signal, actor: this.#options.actor(), asUser: typeof user === "string" ? user : undefined };
    const work = dispatch(request, response, context, this.#options).finally(() => this.#running.delete(work));
    this.#running.add(work);
  }
}

async function removeDeadSocket(socket: string): Promise<void> {
  const found = await lstat(socket).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new SyncError("E_START_FAILED", `${socket} is in the way: it is not a socket`, {
      hint: `look what it is, and move it away`,
    });
  }
  await rm(socket);
}
