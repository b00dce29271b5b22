/**
 * Numbers the connections, so that main can name them, and bounds what main
 * was handed and has not taken yet: above that, the peer's socket is not read.
 */
import type { Connection } from "../../peer/connection.ts";
import { SyncError } from "../../shared/errors.ts";

/** Bytes of frames of one peer that wait in main. */
const UNTAKEN_BYTES_MAX = 4 * 1024 * 1024;

interface Open {
  readonly id: number;
  readonly connection: Connection;
  untakenBytes: number;
  isHeld: boolean;
}

export class OpenConnections {
  readonly #byConnection = new Map<Connection, Open>();
  readonly #byId = new Map<number, Open>();
  #nextId = 1;

  get size(): number {
    return this.#byId.size;
  }

  all(): readonly Connection[] {
    return [...this.#byConnection.keys()];
  }

  add(connection: Connection): void {
    const open: Open = { id: this.#nextId++, connection, untakenBytes: 0, isHeld: false };
    this.#byConnection.set(connection, open);
    this.#byId.set(open.id, open);
  }

  remove(connection: Connection): void {
    const open = this.#byConnection.get(connection);
    this.#byConnection.delete(connection);
    if (open !== undefined) this.#byId.delete(open.id);
  }

  idOf(connection: Connection): number | undefined {
    return this.#byConnection.get(connection)?.id;
  }

  find(id: number): Connection | undefined {
    return this.#byId.get(id)?.connection;
  }

  /** Throws E_PEER_OFFLINE when it is over. */
  get(id: number): Connection {
    const connection = this.find(id);
    if (connection === undefined) throw new SyncError("E_PEER_OFFLINE", "the connection has ended");
    return connection;
  }

  /** Bytes are handed to main. */
  handed(connection: Connection, bytes: number): void {
    const open = this.#byConnection.get(connection);
    if (open === undefined) return;
    open.untakenBytes += bytes;
    this.#hold(open, open.isHeld || open.untakenBytes > UNTAKEN_BYTES_MAX);
  }

  /** Main has taken bytes. */
  taken(id: number, bytes: number): void {
    const open = this.#byId.get(id);
    if (open === undefined) return;
    open.untakenBytes -= bytes;
    this.#hold(open, open.isHeld && open.untakenBytes > UNTAKEN_BYTES_MAX / 2);
  }

  #hold(open: Open, isHeld: boolean): void {
    if (open.isHeld === isHeld) return;
    open.isHeld = isHeld;
    open.connection.hold(isHeld);
  }
}
