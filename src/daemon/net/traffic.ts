import type { Connection } from "../../peer/connection.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { NetCounters } from "./net-api.ts";

/** Adds up wire bytes per device, over connections that stand and those that are over. */
export class Traffic {
  readonly #closed = new Map<DeviceId, { sent: number; received: number }>();

  /** A connection is over: keeps what it counted. */
  close(connection: Connection): void {
    this.#add(this.#closed, connection);
  }

  counters(open: readonly Connection[]): NetCounters {
    const all = new Map([...this.#closed].map(([device, bytes]) => [device, { ...bytes }]));
    for (const connection of open) this.#add(all, connection);
    const peers = [...all].map(([device, bytes]) => ({ device, ...bytes }));
    return {
      sent: peers.reduce((sum, { sent }) => sum + sent, 0),
      received: peers.reduce((sum, { received }) => sum + received, 0),
      peers,
    };
  }

  #add(totals: Map<DeviceId, { sent: number; received: number }>, connection: Connection): void {
    const { sent, received } = connection.wireBytes();
    const total = totals.get(connection.device) ?? { sent: 0, received: 0 };
    totals.set(connection.device, { sent: total.sent + sent, received: total.received + received });
  }
}
