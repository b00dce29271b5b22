/** The dashboard's HTTP server: one address, with limits on what a caller can take up. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort, type HostPort } from "../../shared/host-port.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Place } from "./gate.ts";
import { type HandlerOptions, handleRequest } from "./handle-request.ts";
import { allowedHosts, isEveryAddress } from "./own-hosts.ts";
import type { DashboardCertificate } from "./tls-certificate.ts";

/** An import reads all that http offers, a WebSocket client among it: 20 ms of each start. */
const { createServer } = process.getBuiltinModule("node:http");

const REQUEST_MS = 10_000;
const HEADER_BYTES = 16 * 1024;

export class DashboardServer implements AsyncDisposable {
  readonly address: HostPort;
  /** Of the certificate that browsers are shown; null where it is plain HTTP on loopback. */
  readonly fingerprint: string | null;
  readonly #server: Server;
  readonly #stop: AbortController;

  private constructor(server: Server, stop: AbortController, address: HostPort, fingerprint: string | null) {
    this.#server = server;
    this.#stop = stop;
    this.address = address;
    this.fingerprint = fingerprint;
  }

  /** Listens at an address; without a certificate it must be one of loopback. Throws E_PORT_TAKEN. */
  static async start(
    wanted: HostPort,
    options: HandlerOptions,
    certificate?: DashboardCertificate,
  ): Promise<DashboardServer> {
    const stop = new AbortController();
    const scheme = certificate === undefined ? "http" : "https";
    let place = (): Place => ({ hosts: [], scheme });
    const limits = {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: REQUEST_MS / 2,
      connectionsCheckingInterval: REQUEST_MS / 4,
    };
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      accept(request, response, place(), stop.signal, options);
    const server =
      certificate === undefined
        ? createServer(limits, answer)
        : createTlsServer(
            { ...limits, key: certificate.pem, cert: certificate.pem, handshakeTimeout: REQUEST_MS },
            answer,
          );
    server.maxConnections = LIMITS.dashboardConnections.value;
    await listen(server, wanted);
    const address = { host: wanted.host, port: (server.address() as AddressInfo).port };
    const hosts = allowedHosts(address, scheme);
    // The addresses of a machine come and go.
    place = () => ({ hosts: isEveryAddress(address.host) ? allowedHosts(address, scheme) : hosts, scheme });
    return new DashboardServer(server, stop, address, certificate?.fingerprint ?? null);
  }

  /** For a browser on this machine. */
  get url(): string {
    const { host, port } = this.address;
    const scheme = this.fingerprint === null ? "http" : "https";
    return `${scheme}://${formatHostPort({ host: isEveryAddress(host) ? "127.0.0.1" : host, port })}`;
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
  server.listen({ ...(host === "*" ? {} : { host }), port, exclusive: true }, resolve);
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
