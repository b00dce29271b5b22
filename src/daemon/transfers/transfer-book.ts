/** All transfers of this node: those that run, and the rows of those that are over. */
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import type { Clock, Log, Random } from "../../shared/ports.ts";
import type { FolderIndex } from "../../sync/index/index-port.ts";
import type { NewTransfer, TransferRow } from "../../sync/index/transfer-port.ts";
import { Job } from "./job.ts";
import { KeyedLock } from "./keyed-lock.ts";

export interface TransferBookDeps {
  readonly index: FolderIndex;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class TransferBook {
  readonly #deps: TransferBookDeps;
  readonly #jobs = new Map<number, Job>();
  readonly #listeners = new Set<() => void>();
  /** One at a time works on a staged file, whoever asked. */
  readonly locks = new KeyedLock();

  constructor(deps: TransferBookDeps) {
    this.#deps = deps;
  }

  /** Ends the rows that a crash left running. */
  async start(): Promise<void> {
    const ended = await this.#deps.index.write.interruptTransfers(this.#deps.clock.now());
    if (ended > 0) this.#deps.log.info("Transfers were interrupted", { transfers: ended });
  }

  get running(): readonly Job[] {
    return [...this.#jobs.values()];
  }

  find(id: number): Job | undefined {
    return this.#jobs.get(id);
  }

  /** The row of a transfer. Throws E_TRANSFER_NOT_FOUND. */
  row(id: number): TransferRow {
    const row = this.#deps.index.read.transfer(id);
    if (row === undefined) throw new SyncError("E_TRANSFER_NOT_FOUND", `there is no transfer ${id}`);
    return row;
  }

  newKey(): string {
    return Buffer.from(this.#deps.random.bytes(16)).toString("hex");
  }

  newToken(): FolderId {
    return `offer-${this.newKey()}` as FolderId;
  }

  /** Opens the row of a transfer that was asked for here. */
  async open(
    facts: Pick<NewTransfer, "key" | "kind" | "folder" | "path" | "local" | "request"> & {
      readonly device: DeviceId | null;
      readonly user?: string | null;
      readonly version?: number | undefined;
    },
  ): Promise<Job> {
    const { index, clock, log } = this.#deps;
    const id = await index.write.openTransfer({
      user: null,
      ...facts,
      version: facts.version ?? null,
      side: "asked",
      direction: facts.kind === "upload" ? "out" : "in",
      transport: null,
      why: null,
      state: "running",
      code: null,
      message: null,
      startedAtMs: clock.now(),
      endedAtMs: null,
    });
    const job = new Job({ index, clock, log, onChange: () => this.changed() }, this.row(id));
    this.#jobs.set(id, job);
    log.info("Transfer begun", { transfer: id, kind: facts.kind, folder: facts.folder, path: facts.path });
    this.changed();
    return job;
  }

  close(job: Job): void {
    this.#jobs.delete(job.id);
    this.changed();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
