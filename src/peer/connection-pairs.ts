/**
 * Keeps exactly one connection with each device, also when both ends dial.
 *
 * Of each pair the device with the larger id decides: it introduces itself on
 * the connection it takes and closes the others. The other device waits for
 * that introduction and lets go of what it held. So both always agree.
 *
 * A second connection while one stands means that both dialled at once, or
 * that the old one is dead and only the peer knows. A peer that was restarted
 * says so in its hello; else the old connection is asked for a sign of life,
 * and the new one is taken when there is none.
 */
import type { DeviceId } from "../shared/ids.ts";
import type { Connection, EndReason } from "./connection.ts";
import { GOODBYE, type Introduction } from "./wire/greetings.ts";
import { broken } from "./wire/wire-values.ts";

/** Connections of one device that are not established yet. */
const CANDIDATES_MAX = 4;
const ALIVE_MS = 3000;

export interface ConnectionPairsDeps {
  readonly self: DeviceId;
  /** What is said to a device when it is greeted. */
  readonly introductionTo: (device: DeviceId) => Introduction;
  readonly onConnected: (connection: Connection, introduction: Introduction) => void;
  /** A later introduction on a connection that stands. */
  readonly onChanged: (connection: Connection, introduction: Introduction) => void;
  /** Only of connections that were reported as connected. */
  readonly onLost: (connection: Connection, reason: EndReason) => void;
}

interface Pair {
  /** The connection that was taken. */
  current: Connection | undefined;
  /** Whether `current` was reported. */
  isConnected: boolean;
  readonly candidates: Set<Connection>;
}

export class ConnectionPairs {
  readonly #deps: ConnectionPairsDeps;
  readonly #pairs = new Map<DeviceId, Pair>();

  constructor(deps: ConnectionPairsDeps) {
    this.#deps = deps;
  }

  /** The established connection with a device. */
  connectionOf(device: DeviceId): Connection | undefined {
    const pair = this.#pairs.get(device);
    return pair?.isConnected === true ? pair.current : undefined;
  }

  /** Every established connection. */
  established(): readonly Connection[] {
    return [...this.#pairs.values()].flatMap(({ current, isConnected }) =>
      current !== undefined && isConnected ? [current] : [],
    );
  }

  /** Every connection, established or not. */
  all(): readonly Connection[] {
    return [...this.#pairs.values()].flatMap(({ current, candidates }) => [
      ...candidates,
      ...(current === undefined ? [] : [current]),
    ]);
  }

  /** Takes a new connection in. False: there are too many with this device, and it was cut. */
  add(connection: Connection): boolean {
    const pair = this.#pairOf(connection.device);
    if (pair.candidates.size >= CANDIDATES_MAX) {
      connection.cut({ code: GOODBYE.duplicate, message: "too many connections at once" });
      return false;
    }
    pair.candidates.add(connection);
    return true;
  }

  /** A hello was accepted. */
  async greeted(connection: Connection): Promise<void> {
    if (!this.#decides(connection.device)) return;
    const pair = this.#pairOf(connection.device);
    for (
      let { current } = pair;
      current !== undefined && current.peerRun === connection.peerRun;
      current = pair.current
    ) {
      if (await current.isAlive(ALIVE_MS)) {
        connection.close({ code: GOODBYE.duplicate, message: "there is a connection already" });
        return;
      }
      if (pair.current === current) break;
    }
    if (!connection.isOver) this.#accept(pair, connection);
  }

  /** An introduction came. */
  introduced(connection: Connection, introduction: Introduction): void {
    const pair = this.#pairOf(connection.device);
    if (pair.current === connection && pair.isConnected) {
      this.#deps.onChanged(connection, introduction);
      return;
    }
    if (!this.#decides(connection.device)) this.#accept(pair, connection);
    else if (pair.current !== connection) connection.fail(broken("its introduction before it was asked for"));
    // On the deciding side this answers the introduction that took the connection.
    if (pair.current !== connection || !connection.isEstablished) return;
    pair.isConnected = true;
    this.#deps.onConnected(connection, introduction);
  }

  /** A connection is over. */
  ended(connection: Connection, reason: EndReason): void {
    const pair = this.#pairOf(connection.device);
    pair.candidates.delete(connection);
    if (pair.current === connection) {
      const wasConnected = pair.isConnected;
      pair.current = undefined;
      pair.isConnected = false;
      if (wasConnected) this.#deps.onLost(connection, reason);
    }
    if (pair.current === undefined && pair.candidates.size === 0) this.#pairs.delete(connection.device);
  }

  #accept(pair: Pair, connection: Connection): void {
    const { current } = pair;
    if (current === connection) return;
    current?.cut({ code: GOODBYE.duplicate, message: "a newer connection took its place" });
    pair.candidates.delete(connection);
    pair.current = connection;
    pair.isConnected = false;
    // `ended` may have let go of the pair.
    this.#pairs.set(connection.device, pair);
    connection.introduce(this.#deps.introductionTo(connection.device));
  }

  #decides(device: DeviceId): boolean {
    return this.#deps.self > device;
  }

  #pairOf(device: DeviceId): Pair {
    const known = this.#pairs.get(device);
    if (known !== undefined) return known;
    const pair: Pair = { current: undefined, isConnected: false, candidates: new Set() };
    this.#pairs.set(device, pair);
    return pair;
  }
}
