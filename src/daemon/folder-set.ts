/** The folders of a node, kept as the configuration says. */
import type { Config } from "../shared/config-schema.ts";
import { SyncError } from "../shared/errors.ts";
import type { FolderId } from "../shared/ids.ts";
import { FolderRuntime } from "./folder-runtime.ts";
import type { NodeParts } from "./node-parts.ts";

export interface FolderSetHooks {
  /** A folder runs now, or no longer does: peers that share it attach or detach. */
  changed(): void;
}

export class FolderSet implements AsyncDisposable {
  readonly #parts: NodeParts;
  readonly #hooks: FolderSetHooks;
  readonly #running = new Map<FolderId, FolderRuntime>();
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: NodeParts, hooks: FolderSetHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  get all(): readonly FolderRuntime[] {
    return [...this.#running.values()];
  }

  get(id: FolderId): FolderRuntime {
    const runtime = this.#running.get(id);
    if (runtime === undefined) throw new SyncError("E_FOLDER_NOT_FOUND", `there is no folder "${id}" here`);
    return runtime;
  }

  find(id: FolderId): FolderRuntime | undefined {
    return this.#running.get(id);
  }

  /** Starts, changes and stops folders until they are as configured. Calls run one after the other. */
  apply(config: Config): Promise<void> {
    const turn = this.#work.then(() => this.#apply(config));
    this.#work = turn.catch((error: unknown) =>
      this.#parts.log.error("Folders not as configured", { error: String(error) }),
    );
    return turn;
  }

  async #apply(config: Config): Promise<void> {
    if (this.#isClosed) return;
    const wanted = Object.entries(config.folders) as [FolderId, Config["folders"][FolderId]][];
    for (const runtime of this.all) {
      const next = config.folders[runtime.id];
      if (next === undefined || next.path !== runtime.config.path) await this.#stop(runtime);
    }
    for (const [id, folder] of wanted) {
      const running = this.#running.get(id);
      if (running !== undefined) running.configure(folder);
      else {
        const runtime = new FolderRuntime(this.#parts, id, folder);
        this.#running.set(id, runtime);
        await runtime.start();
      }
    }
    this.#hooks.changed();
  }

  /** Starts a folder anew, with a fresh look at its disk: after its marker was repaired. */
  restart(id: FolderId): Promise<void> {
    const turn = this.#work.then(async () => {
      const runtime = this.#running.get(id);
      if (runtime === undefined || this.#isClosed) return;
      const { config } = runtime;
      await this.#stop(runtime);
      const fresh = new FolderRuntime(this.#parts, id, config);
      this.#running.set(id, fresh);
      await fresh.start();
      this.#hooks.changed();
    });
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async #stop(runtime: FolderRuntime): Promise<void> {
    this.#running.delete(runtime.id);
    this.#hooks.changed();
    await runtime[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    await Promise.all(this.all.map((runtime) => runtime[Symbol.asyncDispose]()));
    this.#running.clear();
  }
}
