/**
 * Accepts connections, finishes their handshakes and hands them on.
 *
 * A stranger costs a slot for ten seconds at most, and there are few slots:
 * who floods the port keeps out others who are not known yet, never a
 * connection that stands.
 */
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext, type SecureContext } from "node:tls";
import { SyncError } from "../shared/errors.ts";
import { formatHostPort, formatRemote, type HostPort } from "../shared/host-port.ts";
import { LIMITS } from "../shared/limits.ts";
import type { Clock, Log } from "../shared/ports.ts";
import type { Identity } from "./identity.ts";
import { type Protocol, serverTlsOptions } from "./tls.ts";
import { acceptTcp } from "./transport/tcp.ts";
import type { SecureChannel } from "./transport/transport.ts";

export interface ListenerDeps {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Log;
  /** Which protocols are open now; asked in each handshake. */
  readonly offers: () => readonly Protocol[];
  /** Takes a channel whose other end proved a key. `release` gives the stranger's slot back: at a greeting, or at the end. */
  readonly onChannel: (channel: SecureChannel, release: () => void) => void;
}

export class Listener implements AsyncDisposable {
  readonly #deps: ListenerDeps;
  readonly #server: Server;
  readonly #context: SecureContext;
  readonly #strangers = new Set<Socket>();

  constructor(deps: ListenerDeps) {
    this.#deps = deps;
    this.#context = createSecureContext(serverTlsOptions(deps.identity, deps.offers));
    this.#server = createServer({ noDelay: true }, (socket) => {
      void this.#accept(socket);
    });
  }

  /** Binds; port 0 picks a free one. Throws E_PORT_TAKEN. */
  async start(at: HostPort): Promise<HostPort> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (cause: NodeJS.ErrnoException) => reject(listenError(at, cause)));
      // Without a host it listens on all addresses of both families.
      this.#server.listen({ port: at.port, ...(at.host === "*" ? {} : { host: at.host }) }, resolve);
    });
    this.#server.on("error", (error) => this.#deps.log.warn("Listener failed", { error: error.message }));
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") throw new Error("bug: a TCP listener without a port");
    return { host: at.host, port: bound.port };
  }

  /** Stops accepting; handshakes in progress end, channels that were handed on stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#strangers) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #accept(socket: Socket): Promise<void> {
    socket.on("error", () => {});
    if (this.#strangers.size >= LIMITS.strangersMax.value) {
      socket.destroy();
      return;
    }
    this.#strangers.add(socket);
    const release = (): void => {
      this.#strangers.delete(socket);
    };
    socket.once("close", release);
    const { identity, offers, clock, log, onChannel } = this.#deps;
    const isDone = new AbortController();
    const deadline = new AbortController();
    clock.sleep(LIMITS.handshakeMs.value, isDone.signal).then(
      () => deadline.abort(),
      () => {},
    );
    try {
      const channel = await acceptTcp(socket, {
        context: this.#context,
        tls: serverTlsOptions(identity, offers),
        signal: deadline.signal,
      });
      onChannel(channel, release);
    } catch (error) {
      release();
      log.debug("Handshake failed", {
        address: formatRemote(socket),
        error: String(error),
      });
    } finally {
      isDone.abort();
    }
  }
}

function listenError(at: HostPort, cause: NodeJS.ErrnoException): SyncError {
  const where = formatHostPort(at);
  if (cause.code === "EADDRINUSE")
    return new SyncError("E_PORT_TAKEN", `${where} is in use by another program`, { cause, facts: { port: at.port } });
  if (cause.code === "EACCES")
    return new SyncError("E_PERMISSION", `${where}: this user may not listen there`, {
      hint: "choose a port above 1023 with --listen HOST:PORT",
      cause,
    });
  return new SyncError("E_BAD_CONFIG", `cannot listen on ${where}: ${cause.message}`, {
    hint: "choose an address of this machine with --listen HOST:PORT",
    cause,
  });
}
