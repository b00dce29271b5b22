/** What an index must answer, kept the plain way: nothing is stored that can be computed. */
import type { FileInfo, Head } from "../../../src/shared/file-info.ts";
import type { RelPath, ShortId } from "../../../src/shared/ids.ts";
import { compare } from "../../../src/shared/version-vector.ts";
import { covers, joinHeads, winnerOf } from "../../../src/sync/core/heads.ts";
import type { FolderTotals, LocalChange } from "../../../src/sync/index/index-port.ts";

interface ModelRemote {
  readonly heads: readonly Head[];
  readonly sequence: number;
  isPending: boolean;
}

export class IndexModel {
  readonly local: Map<RelPath, LocalChange & { readonly sequence: number }> = new Map();
  readonly remote: Map<ShortId, Map<RelPath, ModelRemote>> = new Map();
  readonly received: Map<ShortId, { readonly epoch: string; readonly sequence: number }> = new Map();
  sequence = 0;

  commitLocal(changes: readonly LocalChange[]): void {
    for (const change of changes) {
      const old = this.local.get(change.path);
      const sequence = old !== undefined && !change.announce ? old.sequence : ++this.sequence;
      this.local.set(change.path, { ...change, sequence });
      for (const row of this.#rows(change.path)) {
        const knowsLess = old !== undefined && !covers(change.heads, old.heads);
        if (isWanted(change) || knowsLess) row.isPending = true;
        if (this.#isApplied(change.path, row.heads)) row.isPending = false;
      }
    }
  }

  commitRemote(
    device: ShortId,
    epoch: string,
    last: number,
    records: readonly { readonly sequence: number; readonly info: FileInfo }[],
  ): void {
    if (this.received.get(device)?.epoch !== epoch) this.resetRemote(device);
    const rows = this.remote.get(device) ?? new Map<RelPath, ModelRemote>();
    this.remote.set(device, rows);
    for (const { sequence, info } of records) {
      if ((rows.get(info.path)?.sequence ?? 0) > sequence) continue;
      const isPending = !this.#isApplied(info.path, info.heads);
      rows.set(info.path, { heads: info.heads, sequence, isPending });
    }
    this.received.set(device, { epoch, sequence: Math.max(last, this.received.get(device)?.sequence ?? 0) });
  }

  resetRemote(device: ShortId): void {
    this.remote.delete(device);
    this.received.delete(device);
  }

  settle(seen: readonly { readonly path: RelPath; readonly heads?: readonly Head[] }[]): void {
    for (const { path, heads } of seen)
      for (const row of this.#rows(path)) if (heads === undefined || covers(heads, row.heads)) row.isPending = false;
  }

  forgetPaths(paths: readonly RelPath[]): void {
    for (const path of paths) this.local.delete(path);
    this.settle(paths.map((path) => ({ path })));
  }

  reconsider(): void {
    for (const rows of this.remote.values()) {
      for (const [path, row] of rows) row.isPending ||= !this.#isApplied(path, row.heads);
    }
  }

  pending(kind: "live" | "deleted"): readonly RelPath[] {
    const paths = [...this.#waiting()]
      .filter(([, winner]) => winner.deleted === (kind === "deleted"))
      .map(([path]) => path);
    const ordered = paths.sort(inDirectoryOrder);
    return kind === "live" ? ordered : ordered.reverse();
  }

  pendingTotals(): { readonly files: number; readonly bytes: number } {
    const winners = [...this.#waiting().values()];
    return { files: winners.length, bytes: sum(winners.map((winner) => (winner.deleted ? 0 : winner.size))) };
  }

  appliedUpTo(device: ShortId): number {
    const pending = [...(this.remote.get(device)?.values() ?? [])]
      .filter((row) => row.isPending)
      .map((row) => row.sequence);
    return pending.length > 0 ? Math.min(...pending) - 1 : (this.received.get(device)?.sequence ?? 0);
  }

  totals(): FolderTotals {
    const live = [...this.local.values()].map((row) => winnerOf(row.heads)).filter((winner) => !winner.deleted);
    const files = live.filter((winner) => winner.type === "file");
    return {
      files: files.length,
      directories: live.filter((winner) => winner.type === "directory").length,
      symlinks: live.filter((winner) => winner.type === "symlink").length,
      bytes: sum(files.map((winner) => winner.size)),
    };
  }

  /** What the local row has, and the disk too. */
  #isApplied(path: RelPath, heads: readonly Head[]): boolean {
    const local = this.local.get(path);
    if (local === undefined || !covers(local.heads, heads)) return false;
    return !isWanted(local) || !heads.some((head) => compare(head.version, winnerOf(local.heads).version) === "equal");
  }

  #rows(path: RelPath): readonly ModelRemote[] {
    return [...this.remote.values()].flatMap((rows) => rows.get(path) ?? []);
  }

  #waiting(): ReadonlyMap<RelPath, Head> {
    const paths = new Set([...this.local.keys(), ...[...this.remote.values()].flatMap((rows) => [...rows.keys()])]);
    const waiting = new Map<RelPath, Head>();
    for (const path of paths) {
      const local = this.local.get(path);
      const pending = this.#rows(path).filter((row) => row.isPending);
      if (pending.length === 0 && !isWanted(local)) continue;
      waiting.set(path, winnerOf(pending.map((row) => row.heads).reduce(joinHeads, local?.heads ?? [])));
    }
    return waiting;
  }
}

/** Whether a row names something that the disk lacks. */
function isWanted(row: LocalChange | undefined): boolean {
  return row !== undefined && row.stamp === null && !winnerOf(row.heads).deleted;
}

/** By directory, then by name, as bytes. */
export function inDirectoryOrder(a: string, b: string): number {
  const [first, second] = [a, b].map((path) => {
    const slash = path.lastIndexOf("/");
    return slash === -1 ? ["", path] : [path.slice(0, slash), path.slice(slash + 1)];
  });
  const byDirectory = Buffer.compare(Buffer.from(first?.[0] ?? ""), Buffer.from(second?.[0] ?? ""));
  return byDirectory !== 0
    ? byDirectory
    : Buffer.compare(Buffer.from(first?.[1] ?? ""), Buffer.from(second?.[1] ?? ""));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
