/**
 * Says in advance what is about to be taken from its path.
 *
 * Between taking a user's content from a path and the index commit that knows
 * where it went, a crash would leave it in the private area under a name that
 * says nothing. The log names the path, durably, before anything is taken;
 * `recover-intents.ts` reads what a crash left behind.
 */

import type { RelPath } from "../../shared/ids.ts";
import { type DiskStat, type Filesystem, type PrivatePath, privatePath, type WriteHandle } from "./filesystem.ts";

/** "What is at `path` goes to `keepAs`." */
export interface Intent {
  readonly path: RelPath;
  readonly keepAs: PrivatePath;
  /** The file that is to take the path, so that recovery knows it from the user's content. */
  readonly staged?: DiskStat;
  /** Where it goes from there: it lost a conflict, and its copy was to be made. */
  readonly conflictPath?: RelPath;
}

export const INTENTS_PREFIX = "intents-";

/**
 * The intents of one batch.
 *
 * The executor records what a batch will take, all at once (one flush), carries
 * the batch out, commits the index, then calls {@link close}. After a throw it
 * calls {@link abandon} instead and runs `recoverIntents`.
 */
export class IntentLog {
  readonly #fs: Filesystem;
  readonly #path: PrivatePath;
  readonly #recorded = new Set<PrivatePath>();
  #handle: WriteHandle | undefined;
  #size = 0;

  /** `id` names the log's file; it must be new. Nothing is written before the first {@link record}. */
  constructor(fs: Filesystem, id: string) {
    this.#fs = fs;
    this.#path = privatePath("stage", `${INTENTS_PREFIX}${id}`);
  }

  /**
   * Makes intents durable; those recorded already cost nothing.
   *
   * Every primitive that takes content from a path calls it itself, so that a
   * forgotten intent costs a flush and never a file. On failure nothing may be taken.
   */
  record(intents: readonly Intent[]): void {
    const added = intents.filter((intent) => !this.#recorded.has(intent.keepAs));
    if (added.length === 0) return;
    const isFirst = this.#handle === undefined;
    const handle = this.#handle ?? this.#fs.createStage(this.#path);
    this.#handle = handle;
    const bytes = new TextEncoder().encode(added.map((intent) => `${formatIntent(intent)}\n`).join(""));
    handle.write(bytes, this.#size);
    handle.sync();
    if (isFirst) this.#fs.syncDirectory(privatePath("stage"));
    this.#size += bytes.byteLength;
    for (const intent of added) this.#recorded.add(intent.keepAs);
  }

  /** Forgets the intents; only after the index knows what became of each. */
  close(): void {
    if (this.#handle === undefined) return;
    this.abandon();
    this.#fs.unlink(this.#path);
  }

  /** Leaves the intents for `recoverIntents`. */
  abandon(): void {
    this.#handle?.close();
    this.#handle = undefined;
    this.#recorded.clear();
  }
}

function formatIntent(intent: Intent): string {
  return JSON.stringify(intent, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

const BIGINT_KEYS: ReadonlySet<string> = new Set(["dev", "ino", "mtimeNs", "ctimeNs"]);

/** Reads the intents of one log. A crash may have cut it or filled its end with zeros; from there on nothing was acted on. */
export function parseIntents(text: string): readonly Intent[] {
  const intents: Intent[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    try {
      intents.push(
        JSON.parse(line, (key, value: unknown) => (BIGINT_KEYS.has(key) ? BigInt(String(value)) : value)) as Intent,
      );
    } catch {
      break;
    }
  }
  return intents;
}
