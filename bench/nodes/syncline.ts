/** Syncline itself, as a person runs it: two nodes on loopback, paired by code. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LocalNode } from "../../src/cli/demo/local-node.ts";
import type { Status } from "../../src/shared/api-node.ts";
import type { RunningPair } from "./running-pair.ts";

export class SynclinePair implements RunningPair {
  readonly name = "syncline";
  readonly note: string | undefined = undefined;
  readonly #source: LocalNode;
  readonly #target: LocalNode;

  constructor(base: string) {
    mkdirSync(base);
    this.#source = new LocalNode(base, "desk");
    this.#target = new LocalNode(base, "lap");
  }

  /** Two nodes with an empty folder, paired. */
  static async open(base: string): Promise<SynclinePair> {
    const pair = new SynclinePair(join(base, "syncline"));
    try {
      const { listen } = await pair.#source.up();
      const { code } = await pair.#source.invite();
      await pair.#target.join(code, listen[0] ?? "");
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  get source(): string {
    return this.#source.folder;
  }

  get target(): string {
    return this.#target.folder;
  }

  async pids(): Promise<{ readonly source: readonly number[]; readonly target: readonly number[] }> {
    const [source, target] = await this.statuses();
    return { source: [source.process.pid], target: [target.process.pid] };
  }

  /** The watcher has told already. */
  async nudge(): Promise<void> {}

  async isDone(files: number): Promise<boolean> {
    const [source, target] = await this.statuses();
    return [source, target].every((status) => isSettled(status) && filesOf(status) === files);
  }

  async stopTarget(): Promise<void> {
    await this.#target.run(["down", "-q"]);
  }

  async startTarget(): Promise<void> {
    await this.#target.upAgain();
  }

  async statuses(): Promise<readonly [source: Status, target: Status]> {
    return await Promise.all([this.#source.status(), this.#target.status()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#source[Symbol.asyncDispose](), this.#target[Symbol.asyncDispose]()]);
  }
}

function isSettled({ state, peers }: Status): boolean {
  return state === "in-sync" && peers.length > 0 && peers.every((peer) => peer.state === "connected");
}

function filesOf({ folders }: Status): number {
  return folders.reduce((sum, folder) => sum + folder.files, 0);
}
