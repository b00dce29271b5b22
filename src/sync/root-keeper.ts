/**
 * Whether a folder's root is there, and tells of the same life of the folder
 * as its index. One owner: the folder's loop.
 */
import type { PathProblem } from "../shared/file-info.ts";
import type { FolderContext } from "./folder-context.ts";
import type { HaltCode, RootState } from "./folder-disk.ts";
import { beginLife, isSameIndex, newEpoch, renewEpoch } from "./index-lives.ts";

const REBORN_NOTE = "reborn";

export interface RootHooks {
  /** The root was away: nobody knows what happened to it. */
  cameBack(): void;
  /** The index began anew: everything is to be scanned, and told. */
  began(): void;
  /** The index goes on under another name: it is to be compared with the disk, and told. */
  renewed(): void;
}

export class RootKeeper {
  readonly #context: FolderContext;
  readonly #hooks: RootHooks;
  #state: RootState | undefined;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #wasHalted = false;
  /** The index was opened by this run of the folder. */
  #hasBegun = false;

  constructor(context: FolderContext, hooks: RootHooks) {
    this.#context = context;
    this.#hooks = hooks;
  }

  /** Why nothing can be done in the folder, as far as its root is to blame. */
  get halted(): PathProblem | undefined {
    return this.#state?.type === "halted"
      ? { path: "", code: this.#state.code, message: this.#state.message }
      : undefined;
  }

  /** The index is one that was lost: what it finds counts as older than what peers know. */
  get isReborn(): boolean {
    return this.#context.index.read.note(this.#context.folder, REBORN_NOTE) !== undefined;
  }

  /** All that a reborn index could find is found. */
  async grownUp(): Promise<void> {
    await this.#context.index.write.setNote(this.#context.folder, REBORN_NOTE, null);
  }

  /** The marker is read anew each time something rests on it; `maxAgeMs` only spares idle turns. */
  async check(maxAgeMs = 0): Promise<RootState> {
    const now = this.#context.clock.monotonic();
    if (this.#state?.type === "ok" && now - this.#checkedAt < maxAgeMs) return this.#state;
    const root = await this.#context.disk.check();
    this.#state = root;
    this.#checkedAt = now;
    if (root.type === "halted" && !this.#wasHalted)
      this.#context.log.error("Folder halted", { code: root.code, message: root.message });
    if (root.type === "ok" && this.#wasHalted) this.#hooks.cameBack();
    this.#wasHalted = root.type === "halted";
    if (root.type === "ok") await this.#matchEpoch(root.epoch);
    return root;
  }

  /** The root went while it was scanned or written to. */
  halt(code: HaltCode, message: string): void {
    this.#state = { type: "halted", code, message };
    this.#wasHalted = true;
  }

  /** Something failed: whether the root is there is not known any more. */
  doubt(): void {
    this.#state = undefined;
  }

  /**
   * Goes on with an index that turned out to be an older copy of itself. Its
   * rows are true, only old: what it knew of a path stays the base of what is
   * found there now, and peers tell what came after (trust F4).
   */
  async renewEpoch(reason: string): Promise<void> {
    this.#context.log.warn("Started a new index epoch", { reason, epoch: await renewEpoch(this.#context) });
    this.#hooks.renewed();
  }

  /** Marker and index must tell of the same life of the folder; else one of them was lost, restored or copied. */
  async #matchEpoch(markerEpoch: string): Promise<void> {
    const known = this.#context.index.read.folder(this.#context.folder);
    if (known !== undefined && (await isSameIndex(this.#context, known.epoch, markerEpoch))) {
      if (!this.#hasBegun) await beginLife(this.#context);
      this.#hasBegun = true;
      return;
    }
    const isNew = known === undefined && markerEpoch === "";
    await this.#startNewEpoch(
      isNew
        ? "the folder is new"
        : known === undefined
          ? "the index was lost"
          : "marker and index do not belong together",
      { isReborn: !isNew },
    );
  }

  /**
   * Begins the index anew: peers forget what they held of it, and everything
   * is scanned. What a reborn index finds counts as older than whatever peers
   * know, because it may be: content that loses goes to the version store
   * (trust P9).
   */
  async #startNewEpoch(reason: string, { isReborn }: { readonly isReborn: boolean }): Promise<void> {
    const { index, folder, disk, log } = this.#context;
    const epoch = newEpoch(this.#context);
    log.info("Started a new index epoch", { reason, epoch });
    await index.write.openFolder(folder, epoch);
    if (isReborn) await index.write.setNote(folder, REBORN_NOTE, "1");
    await disk.writeEpoch(epoch);
    this.#hooks.began();
  }
}
