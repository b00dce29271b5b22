/**
 * Stands between deletions and their taking effect: counts them with the
 * brake, remembers what it let through and what a person approved.
 *
 * One owner: the folder's loop. The window is written to the index, so that a
 * restart does not forget what was deleted before it.
 */
import type { Head } from "../shared/file-info.ts";
import type { RelPath } from "../shared/ids.ts";
import { type BrakeWindow, EMPTY_WINDOW, judgeDeletions, observeFiles } from "./core/brake.ts";
import { joinHeads, winnerOf } from "./core/heads.ts";
import type { FolderContext } from "./folder-context.ts";
import { countDeletions, livesElsewhere } from "./local-changes.ts";

const NOTE = "brake";

export interface Held {
  /** Files whose deletion here waits to be announced. */
  readonly here: number;
  /** Files whose deletion by others waits to be applied. */
  readonly received: number;
  readonly reason: string;
}

export class DeletionGuard {
  readonly #context: FolderContext;
  #window: BrakeWindow;
  /** Deletions by others that may be applied: passed or approved, by exact version. */
  readonly #allowed = new Set<string>();
  /** Deletions that were announced because a person here said yes. */
  readonly #approved = new Set<string>();
  #heldHere: readonly RelPath[] = [];
  #heldReceived: readonly RelPath[] = [];
  #reason = "";

  constructor(context: FolderContext) {
    this.#context = context;
    const note = context.index.read.note(context.folder, NOTE);
    this.#window = note === undefined ? EMPTY_WINDOW : (JSON.parse(note) as BrakeWindow);
  }

  get held(): Held | undefined {
    if (this.#heldHere.length === 0 && this.#heldReceived.length === 0) return undefined;
    return { here: this.#heldHere.length, received: this.#heldReceived.length, reason: this.#reason };
  }

  get heldHere(): readonly RelPath[] {
    return this.#heldHere;
  }

  get heldReceived(): readonly RelPath[] {
    return this.#heldReceived;
  }

  /** Notes how much there is to lose. */
  observe(): void {
    this.#window = observeFiles(this.#window, this.#files(), this.#context.clock.now());
  }

  /** Judges what a scan found missing. Returns what may be announced; the rest is held. */
  async judgeHere(missing: readonly RelPath[]): Promise<readonly RelPath[]> {
    const { counted } = countDeletions(this.#context, missing);
    const verdict = judgeDeletions(this.#window, counted, this.#files(), this.#context.clock.now());
    await this.#keep(verdict.window);
    if (verdict.type === "pass") {
      this.#heldHere = [];
      return missing;
    }
    this.#reason = verdict.reason;
    this.#heldHere = missing;
    return [];
  }

  /** Judges all deletions by others that wait. Afterwards `isAllowed` answers for each. */
  async judgeReceived(waiting: readonly RelPath[]): Promise<void> {
    const going = new Set<string>(waiting);
    const fresh = waiting.filter((path) => !this.#allowed.has(this.#key(path)));
    const counted = fresh.filter((path) => this.#counts(path, going)).length;
    const verdict = judgeDeletions(this.#window, counted, this.#files(), this.#context.clock.now());
    await this.#keep(verdict.window);
    if (verdict.type === "pass") {
      for (const path of fresh) this.#allowed.add(this.#key(path));
      this.#heldReceived = [];
      return;
    }
    this.#reason = verdict.reason;
    this.#heldReceived = fresh;
  }

  isAllowed(path: RelPath): boolean {
    return this.#allowed.has(this.#key(path));
  }

  /** A person said yes to exactly what is held. Returns what is to be announced. */
  approve(): readonly RelPath[] {
    for (const path of this.#heldReceived) this.#allowed.add(this.#key(path));
    const here = this.#heldHere;
    this.#heldHere = [];
    this.#heldReceived = [];
    return here;
  }

  /** A person said no. Returns what is to come back. */
  reject(): { readonly here: readonly RelPath[]; readonly received: readonly RelPath[] } {
    const rejected = { here: this.#heldHere, received: this.#heldReceived };
    this.#heldHere = [];
    this.#heldReceived = [];
    return rejected;
  }

  /** Whether a person here approved this very deletion: said to peers with the record, until a restart. */
  isApproved(path: RelPath, heads: readonly Head[]): boolean {
    return this.#approved.has(keyOf(path, heads));
  }

  /** An admin's approval came with these records: they may be applied as they are known now. */
  allowApproved(paths: readonly RelPath[]): void {
    for (const path of paths) this.#allowed.add(this.#key(path));
  }

  /** Remembers what was committed as approved. */
  noteApproved(paths: readonly RelPath[]): void {
    for (const path of paths) {
      const row = this.#context.index.read.local(this.#context.folder, path);
      if (row !== undefined) this.#approved.add(keyOf(path, row.heads));
    }
  }

  #counts(path: RelPath, going: ReadonlySet<string>): boolean {
    const row = this.#context.index.read.local(this.#context.folder, path);
    if (row?.stamp == null) return false;
    const shown = winnerOf(row.heads);
    if (shown.deleted || shown.type === "directory") return false;
    return shown.contentId === null || !livesElsewhere(this.#context, shown.contentId, going);
  }

  #key(path: RelPath): string {
    const { index, folder } = this.#context;
    const local = index.read.local(folder, path)?.heads ?? [];
    const heads = index.read
      .remote(folder, path)
      .map((remote) => remote.heads)
      .reduce(joinHeads, local);
    return keyOf(path, heads);
  }

  #files(): number {
    const totals = this.#context.index.read.totals(this.#context.folder);
    return totals.files + totals.symlinks;
  }

  async #keep(window: BrakeWindow): Promise<void> {
    const text = JSON.stringify(window);
    if (text === JSON.stringify(this.#window)) return;
    this.#window = window;
    await this.#context.index.write.setNote(this.#context.folder, NOTE, text);
  }
}

/** Names a path in exactly these versions. */
function keyOf(path: RelPath, heads: readonly Head[]): string {
  return `${path}\0${JSON.stringify(heads.map((head) => head.version))}`;
}
