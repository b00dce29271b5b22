/**
 * Connections over UDP beside those over TCP: for the file data of one
 * transfer each, opened by both ends after one of them has asked.
 *
 * Invariants:
 * 1. One exists only with a device that is connected over TCP, and in the
 *    same direction: who dialled there sends the first packet here.
 * 2. It proves the same key as that connection, and is cut with its trust.
 * 3. It carries requests for file data and their answers, and nothing else.
 */
import { lookup } from "node:dns/promises";
import { createSecureContext } from "node:tls";
import type { Connection, ConnectionEvents, EndReason } from "../../peer/connection.ts";
import type { Identity } from "../../peer/identity.ts";
import { clientTlsOptions, SYNC_PROTOCOL, serverTlsOptions } from "../../peer/tls.ts";
import { secureAccepted, secureDialled } from "../../peer/transport/secure-stream.ts";
import type { SecureChannel } from "../../peer/transport/transport.ts";
import { type StreamIds, UdpEndpoint } from "../../peer/transport/udp.ts";
import type { Introduction } from "../../peer/wire/greetings.ts";
import { broken } from "../../peer/wire/wire-values.ts";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort, type HostPort, parseHostPort } from "../../shared/host-port.ts";
import type { DeviceId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Log } from "../../shared/ports.ts";

export interface NetUdpDeps {
  readonly identity: Identity;
  readonly log: Log;
  readonly introductionTo: (device: DeviceId) => Introduction;
  /** Makes a connection of a channel, and counts it among the open ones until it is over. */
  readonly begin: (channel: SecureChannel, events: ConnectionEvents) => Connection;
  readonly onEnd: (connection: Connection, reason: EndReason) => void;
}

export class NetUdp implements AsyncDisposable {
  readonly #deps: NetUdpDeps;
  readonly #connections = new Set<Connection>();
  readonly #opening = new Map<DeviceId, number>();
  #endpoint: UdpEndpoint | undefined;

  constructor(deps: NetUdpDeps) {
    this.#deps = deps;
  }

  /** Every connection over UDP. */
  all(): readonly Connection[] {
    return [...this.#connections];
  }

  /** Takes packets at this address. Without the package, or at a taken port, transfers go over TCP. */
  listen(at: HostPort): void {
    this.#endpoint ??= UdpEndpoint.load();
    try {
      this.#endpoint?.bind(at);
    } catch (error) {
      const facts = { port: formatHostPort(at), error: String(error) };
      this.#deps.log.warn("The port is taken for UDP: transfers over UDP cannot come in", facts);
    }
  }

  /** Opens a connection beside `tcp`, as both ends do at once. Rejects with E_NO_TRANSPORT, or with the signal's reason. */
  async open(tcp: Connection, ids: StreamIds, signal: AbortSignal): Promise<readonly [Connection, Introduction]> {
    const { device } = tcp;
    const endpoint = this.#endpoint;
    if (endpoint === undefined)
      throw new SyncError(
        "E_NO_TRANSPORT",
        "UDP is not there on this machine: the package udx-native is not installed",
      );
    const count = this.all().filter((one) => one.device === device).length + (this.#opening.get(device) ?? 0);
    if (count >= LIMITS.udpStreamsPerPeer.value)
      throw new SyncError("E_NO_TRANSPORT", "there are too many transfers over UDP with this device");
    this.#opening.set(device, (this.#opening.get(device) ?? 0) + 1);
    try {
      const channel = await this.#secure(endpoint, tcp, ids, signal);
      return await this.#introduced(channel, signal);
    } finally {
      this.#opening.set(device, (this.#opening.get(device) ?? 1) - 1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.all()) connection.cut({ code: "E_PEER_OFFLINE", message: "Syncline stops here" });
    await this.#endpoint?.[Symbol.asyncDispose]();
  }

  async #secure(
    endpoint: UdpEndpoint,
    { channel, device }: Connection,
    ids: StreamIds,
    signal: AbortSignal,
  ): Promise<SecureChannel> {
    const { isDialled } = channel;
    const there = parseHostPort(channel.address);
    if (there === undefined) throw new Error(`bug: a connection at "${channel.address}"`);
    const raw = isDialled
      ? endpoint.dial(ids, { host: (await lookup(there.host)).address, port: there.port })
      : await endpoint.expect(ids, there.host, signal);
    const stop = (): void => {
      raw.stream.destroy(signal.reason instanceof Error ? signal.reason : new Error("given up"));
    };
    signal.addEventListener("abort", stop, { once: true });
    const facts = { transport: "udp", address: raw.address, isDialled, wireBytes: raw.wireBytes } as const;
    try {
      const secure = await (isDialled
        ? secureDialled(raw.stream, clientTlsOptions(this.#deps.identity, SYNC_PROTOCOL), facts)
        : secureAccepted(raw.stream, this.#serverSide(), facts));
      if (secure.peer.deviceId === device) return secure;
      throw new SyncError("E_NOT_ALLOWED", `another device answers there: ${secure.peer.deviceId}`);
    } catch (error) {
      raw.stream.destroy();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #serverSide(): Parameters<typeof secureAccepted>[1] {
    const tls = serverTlsOptions(this.#deps.identity, () => [SYNC_PROTOCOL]);
    return { context: createSecureContext(tls), tls };
  }

  /** Greets, as over TCP; the one with the larger id introduces itself first. */
  async #introduced(channel: SecureChannel, signal: AbortSignal): Promise<readonly [Connection, Introduction]> {
    const { introductionTo, identity, begin, onEnd } = this.#deps;
    const { promise, resolve, reject } = Promise.withResolvers<readonly [Connection, Introduction]>();
    const isFirst = identity.deviceId > channel.peer.deviceId;
    const refuse = (connection: Connection): void => connection.fail(broken("more than file data over UDP"));
    const connection = begin(channel, {
      onGreeted: (one) => {
        if (isFirst) one.introduce(introductionTo(one.device));
      },
      onIntroduced: (one, introduction) => {
        if (!isFirst) one.introduce(introductionTo(one.device));
        resolve([one, introduction]);
      },
      onFolderFrame: refuse,
      onDeviceRemoved: refuse,
      onProbe: refuse,
      onProbeReply: refuse,
      onCommand: async (one) => refuse(one),
      onEnd: (one, reason) => {
        this.#connections.delete(one);
        reject(new SyncError("E_PEER_OFFLINE", `the connection over UDP ended: ${reason.message}`));
        onEnd(one, reason);
      },
    });
    this.#connections.add(connection);
    const stop = (): void => connection.cut({ code: "E_TIMEOUT", message: "it took too long" });
    signal.addEventListener("abort", stop, { once: true });
    try {
      connection.start();
      return await promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
