/** All uploads from browsers: those that run, and those of the last days, each its own person's. */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SessionRequest } from "../../../shared/api.ts";
import type { Batch } from "../../../shared/api-browser.ts";
import { SyncError } from "../../../shared/errors.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { Random } from "../../../shared/ports.ts";
import type { Actor } from "../../api/actor.ts";
import { BatchDirectory } from "./batch-directory.ts";
import { UploadBatch, type UploadBatchDeps } from "./upload-batch.ts";

export interface UploadBatchesDeps extends UploadBatchDeps {
  /** In the home. */
  readonly directory: string;
  readonly random: Random;
}

export class UploadBatches implements AsyncDisposable {
  readonly #deps: UploadBatchesDeps;
  readonly #batches = new Map<string, UploadBatch>();

  constructor(deps: UploadBatchesDeps) {
    this.#deps = deps;
  }

  /** Takes up what an earlier run left; what nobody asked for in days goes. */
  async start(): Promise<void> {
    const { directory, log } = this.#deps;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const id of await readdir(directory)) {
      const place = new BatchDirectory(join(directory, id));
      try {
        this.#batches.set(id, await UploadBatch.load(this.#deps, place));
      } catch (error) {
        log.warn("What is left of an upload from a browser cannot be read", { batch: id, error: String(error) });
        // Without its facts it had not begun. What only cannot be read now may hold what nobody else has.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") await rm(place.path, { recursive: true, force: true });
      }
    }
    await this.#forgetOld();
  }

  async open(request: SessionRequest<"batchOpen">, { user, role }: Actor): Promise<Batch> {
    await this.#forgetOld();
    if (this.#batches.size >= LIMITS.batchesMax.value) await this.#forgetOldestDone();
    const id = Buffer.from(this.#deps.random.bytes(8)).toString("hex");
    const { peer, folder, path, onDuplicate } = request;
    const createdMs = this.#deps.clock.now();
    const facts = { id, user, role, peer, folder, path, onDuplicate, createdMs, isSealed: false, isUndone: false };
    const batch = await UploadBatch.begin(this.#deps, new BatchDirectory(join(this.#deps.directory, id)), facts);
    this.#batches.set(id, batch);
    return batch.view;
  }

  /** The latest first. */
  list(actor: Actor): readonly Batch[] {
    return [...this.#batches.values()]
      .filter((batch) => isOf(batch, actor))
      .map(({ view }) => view)
      .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  }

  /** Somebody else's is none. */
  get(id: string, actor: Actor): UploadBatch {
    const batch = this.#batches.get(id);
    if (batch === undefined || !isOf(batch, actor))
      throw new SyncError("E_BATCH_NOT_FOUND", "there is no such upload, or no longer");
    return batch;
  }

  async remove(id: string, actor: Actor): Promise<void> {
    const batch = this.get(id, actor);
    this.#batches.delete(id);
    await batch.remove();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#batches.values()].map((batch) => batch.close()));
  }

  async #forgetOld(): Promise<void> {
    const endMs = this.#deps.clock.now() - LIMITS.stagedKeptMs.value;
    for (const [id, batch] of this.#batches) {
      if (batch.facts.createdMs > endMs) continue;
      this.#batches.delete(id);
      await batch.remove();
    }
  }

  async #forgetOldestDone(): Promise<void> {
    const done = [...this.#batches].filter(([, { view }]) => view.state === "done" || view.state === "undone");
    const [oldest] = done.toSorted(([, a], [, b]) => a.facts.createdMs - b.facts.createdMs);
    if (oldest === undefined)
      throw new SyncError("E_USAGE", `there are ${LIMITS.batchesMax.value} uploads that are not done yet`, {
        hint: "finish or end some of them",
      });
    this.#batches.delete(oldest[0]);
    await oldest[1].remove();
  }
}

function isOf({ facts }: UploadBatch, { user }: Actor): boolean {
  return facts.user === user;
}
