import type { FolderId, ShortId } from "../../shared/ids.ts";
import type { RemoteState } from "./index-port.ts";
import type { Statements } from "./statements.ts";

/** What is known of one device in one folder. */
export interface PeerState extends RemoteState {
  readonly num: number;
}

/** The devices that share folders, each under one number a folder. */
export class PeerTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  find(folder: number, device: ShortId): PeerState | undefined {
    return readPeer(
      this.#sql.get(
        "SELECT num, epoch, received, acked_epoch, acked FROM peer WHERE folder = ? AND device = ?",
        folder,
        device,
      ),
    );
  }

  /** The device's row, made when there is none. */
  get(folder: number, device: ShortId): PeerState {
    const found = this.find(folder, device);
    if (found !== undefined) return found;
    const row = this.#sql.get("INSERT INTO peer (folder, device) VALUES (?, ?) RETURNING num", folder, device);
    return { num: row?.[0] as number, ...NO_STATE };
  }

  setReceived(num: number, epoch: string, received: number): void {
    this.#sql.run("UPDATE peer SET epoch = ?, received = ? WHERE num = ?", epoch, received, num);
  }

  setAcked(num: number, ackedEpoch: string, acked: number): void {
    this.#sql.run("UPDATE peer SET acked_epoch = ?, acked = ? WHERE num = ?", ackedEpoch, acked, num);
  }

  /** Peers that have rows which are not applied. */
  withPending(folder: number): readonly number[] {
    return this.#sql
      .all(
        "SELECT num FROM peer WHERE folder = ? AND EXISTS (SELECT 1 FROM remote INDEXED BY remote_pending WHERE peer = num AND pending > 0)",
        folder,
      )
      .map((row) => row[0] as number);
  }
}

const NO_STATE: RemoteState = { epoch: "", received: 0, ackedEpoch: "", acked: 0 };

/** Reads the state of a device by its folder's id, for reports. */
export function readRemoteState(sql: Statements, folder: FolderId, device: ShortId): RemoteState {
  const peer = readPeer(
    sql.get(
      `SELECT p.num, p.epoch, p.received, p.acked_epoch, p.acked
       FROM folder f JOIN peer p ON p.folder = f.num WHERE f.id = ? AND p.device = ?`,
      folder,
      device,
    ),
  );
  if (peer === undefined) return NO_STATE;
  const { epoch, received, ackedEpoch, acked } = peer;
  return { epoch, received, ackedEpoch, acked };
}

function readPeer(row: readonly unknown[] | undefined): PeerState | undefined {
  if (row === undefined) return undefined;
  const [num, epoch, received, ackedEpoch, acked] = row as [number, string, number, string, number];
  return { num, epoch, received, ackedEpoch, acked };
}
