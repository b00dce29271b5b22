/** The dashboard's HTTP server: one address, with limits on what a caller can take up. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort, type HostPort } from "../../shared/host-port.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Place } from "./gate.ts";
import { type HandlerOptions, handleRequest } from "./handle-request.ts";

const REQUEST_MS = 10_000;
const HEADER_BYTES = 16 * 1024;

export class DashboardServer implements AsyncDisposable {
  readonly address: HostPort;
  readonly #server: Server;
  readonly #stop: AbortController;

  private constructor(server: Server, stop: AbortController, address: HostPort) {
    this.#server = server;
    this.#stop = stop;
    this.address = address;
  }

  /** Listens at a loopback address. Throws E_PORT_TAKEN. */
  static async start(wanted: HostPort, options: HandlerOptions): Promise<DashboardServer> {
    const stop = new AbortController();
    let place: Place = { hosts: [], scheme: "http" };
    const server = createServer(
      {
        maxHeaderSize: HEADER_BYTES,
        headersTimeout: REQUEST_MS,
        requestTimeout: REQUEST_MS,
        keepAliveTimeout: REQUEST_MS / 2,
        connectionsCheckingInterval: REQUEST_MS / 4,
      },
      (request, response) => accept(request, response, place, stop.signal, options),
    );
    server.maxConnections = LIMITS.dashboardConnections.value;
    await listen(server, wanted);
    const address = { host: wanted.host, port: (server.address() as AddressInfo).port };
    place = { hosts: hostsOf(address), scheme: "http" };
    return new DashboardServer(server, stop, address);
  }

  get url(): string {
    return `http://${formatHostPort(this.address)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function listen(server: Server, { host, port }: HostPort): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port, exclusive: true }, resolve);
  try {
    await promise;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE")
      throw new SyncError("E_START_FAILED", `the dashboard cannot listen at ${formatHostPort({ host, port })}`, {
        cause,
      });
    throw new SyncError("E_PORT_TAKEN", `port ${port} is taken: the dashboard cannot listen there`, {
      cause,
      hint: "choose another one with --dashboard HOST:PORT, or --dashboard off",
    });
  } finally {
    server.off("error", reject);
  }
}

function accept(
  request: IncomingMessage,
  response: ServerResponse,
  place: Place,
  stop: AbortSignal,
  options: HandlerOptions,
): void {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  // A caller that hangs up in mid-answer is no failure.
  response.on("error", () => {});
  void handleRequest(request, response, place, AbortSignal.any([gone.signal, stop]), options);
}

/** What a Host header may say here. */
function hostsOf({ host, port }: HostPort): readonly string[] {
  const names = new Set([formatHostPort({ host, port }), `localhost:${port}`]);
  // A browser leaves out the port that its scheme stands for.
  return port === 80 ? [...names, ...[...names].map((name) => name.replace(/:80$/, ""))] : [...names];
}
