import type { FolderId, ShortId } from "../../shared/ids.ts";
import { encodeChunkList } from "../delta/chunk-list.ts";
import { WHOLE_FILE_BYTES_MAX } from "../delta/cut-row.ts";
import type { IndexWriter, LocalMoveResult, MoveReadiness } from "./index-port.ts";
import type { LocalExtra } from "./index-writer.ts";
import type { StoredList } from "./keep-writer.ts";
import type { IndexMeetings } from "./meeting-port.ts";
import type { PruneStep } from "./pruner.ts";
import { QueuedMeetings } from "./queued-meetings.ts";
import type { AnnouncedRecord, RemotePlace } from "./remote-writer.ts";
import type { WriteMethod } from "./write-group.ts";

/** Runs one write, here or in another thread, and answers after its transaction is durable. Calls keep their order. */
export type RunWrite = (method: WriteMethod, args: readonly unknown[]) => Promise<unknown>;

type Args<K extends Exclude<keyof IndexWriter, "meetings">> = Parameters<IndexWriter[K]>;

/**
 * The writes of an index as calls on data.
 *
 * What is handed on is plain and owns its bytes: a view on a large buffer would
 * drag the whole buffer into the other thread.
 */
export class QueuedWriter implements IndexWriter {
  readonly meetings: IndexMeetings;
  readonly #run: RunWrite;

  constructor(run: RunWrite) {
    this.meetings = new QueuedMeetings((step, args) => run("meet", [step, args]));
    this.#run = run;
  }

  openFolder(...args: Args<"openFolder">): Promise<{ readonly isNew: boolean }> {
    return this.#run("openFolder", args) as Promise<{ isNew: boolean }>;
  }

  async renewFolder(...args: Args<"renewFolder">): Promise<void> {
    await this.#run("renewFolder", args);
  }

  async skipSequences(...args: Args<"skipSequences">): Promise<void> {
    await this.#run("skipSequences", args);
  }

  async forgetFolder(...args: Args<"forgetFolder">): Promise<void> {
    await this.#run("forgetFolder", args);
  }

  commitLocal(folder: FolderId, changes: Args<"commitLocal">[1], extra?: Args<"commitLocal">[2]): Promise<number> {
    const stored: LocalExtra = {
      nowMs: extra?.nowMs ?? 0,
      chunkLists: storedLists(extra?.chunkLists ?? []),
      versions: extra?.versions ?? [],
      conflicts: extra?.conflicts ?? [],
      notes: extra?.notes ?? [],
      movedVersions: extra?.movedVersions ?? [],
    };
    return this.#run("commitLocal", [folder, changes, stored]) as Promise<number>;
  }

  async commitRemote(...[folder, device, epoch, lastSequence, records]: Args<"commitRemote">): Promise<void> {
    const owned = records.map(
      (record): AnnouncedRecord =>
        record.chunkList === null ? record : { ...record, chunkList: record.chunkList.slice() },
    );
    await this.#run("commitRemote", [folder, device, epoch, lastSequence, owned]);
  }

  moveDirectory(...args: Args<"moveDirectory">): Promise<LocalMoveResult> {
    return this.#run("moveDirectory", args) as Promise<LocalMoveResult>;
  }

  receiveMove(...args: Args<"receiveMove">): Promise<boolean> {
    return this.#run("receiveMove", args) as Promise<boolean>;
  }

  checkMove(...args: Args<"checkMove">): Promise<MoveReadiness> {
    return this.#run("checkMove", args) as Promise<MoveReadiness>;
  }

  async applyMove(...args: Args<"applyMove">): Promise<void> {
    await this.#run("applyMove", args);
  }

  async dissolveMove(...args: Args<"dissolveMove">): Promise<void> {
    await this.#run("dissolveMove", args);
  }

  async resetRemote(...args: Args<"resetRemote">): Promise<void> {
    await this.#run("resetRemote", args);
  }

  async settle(...args: Args<"settle">): Promise<void> {
    await this.#run("settle", args);
  }

  async forgetPaths(...args: Args<"forgetPaths">): Promise<void> {
    await this.#run("forgetPaths", args);
  }

  async reconsider(folder: FolderId): Promise<void> {
    let after: RemotePlace | null = { peer: 0, directory: 0, name: "" };
    while (after !== null) after = (await this.#run("reconsiderStep", [folder, after])) as RemotePlace | null;
  }

  async setAcked(...args: Args<"setAcked">): Promise<void> {
    await this.#run("setAcked", args);
  }

  async putChunkLists(lists: Args<"putChunkLists">[0]): Promise<void> {
    await this.#run("putChunkLists", [storedLists(lists)]);
  }

  async putContentHashes(...args: Args<"putContentHashes">): Promise<void> {
    await this.#run("putContentHashes", args);
  }

  addEvents(...args: Args<"addEvents">): Promise<readonly number[]> {
    return this.#run("addEvents", args) as Promise<readonly number[]>;
  }

  async updateVersions(...args: Args<"updateVersions">): Promise<void> {
    await this.#run("updateVersions", args);
  }

  async giveVersions(...args: Args<"giveVersions">): Promise<void> {
    await this.#run("giveVersions", args);
  }

  async settleConflict(...args: Args<"settleConflict">): Promise<void> {
    await this.#run("settleConflict", args);
  }

  async setNote(...args: Args<"setNote">): Promise<void> {
    await this.#run("setNote", args);
  }

  openTransfer(...args: Args<"openTransfer">): Promise<number> {
    return this.#run("openTransfer", args) as Promise<number>;
  }

  async changeTransfer(...[id, change, files]: Args<"changeTransfer">): Promise<void> {
    await this.#run("changeTransfer", [id, change, files ?? []]);
  }

  interruptTransfers(...args: Args<"interruptTransfers">): Promise<number> {
    return this.#run("interruptTransfers", args) as Promise<number>;
  }

  async countSync(...args: Args<"countSync">): Promise<void> {
    await this.#run("countSync", args);
  }

  addNotices(...args: Args<"addNotices">): Promise<readonly number[]> {
    return this.#run("addNotices", args) as Promise<readonly number[]>;
  }

  async forgetNotices(...args: Args<"forgetNotices">): Promise<void> {
    await this.#run("forgetNotices", args);
  }

  noticesRead(...args: Args<"noticesRead">): Promise<number> {
    return this.#run("noticesRead", args) as Promise<number>;
  }

  async putUser(...args: Args<"putUser">): Promise<void> {
    await this.#run("putUser", args);
  }

  async removeUser(...args: Args<"removeUser">): Promise<void> {
    await this.#run("removeUser", args);
  }

  /** Prunes in steps of one transaction, so that other writes pass between them. */
  async prune(
    folder: FolderId,
    devices: readonly ShortId[],
    beforeMs: number,
  ): Promise<{ readonly tombstones: number }> {
    let tombstones = 0;
    let after: number | null = 0;
    while (after !== null) {
      const step: PruneStep = (await this.#run("pruneStep", [folder, devices, beforeMs, after])) as PruneStep;
      tombstones += step.tombstones;
      after = step.next;
    }
    return { tombstones };
  }
}

/** The content id of a small file is its only chunk's hash, so that its list is not stored. A larger file may have one chunk, too, but its id binds the list. */
function storedLists(lists: Args<"putChunkLists">[0]): readonly StoredList[] {
  return lists
    .filter(([, list]) => list.sizes.length > 1 || (list.sizes[0] ?? 0) > WHOLE_FILE_BYTES_MAX)
    .map(([contentId, list]) => [contentId, encodeChunkList(list)]);
}
