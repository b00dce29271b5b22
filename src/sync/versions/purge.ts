import type { RelPath } from "../../shared/ids.ts";
import type { FolderContext } from "../folder-context.ts";
import type { VersionRow } from "../index/index-port.ts";
import type { KeepContext } from "./keep-context.ts";

/**
 * Removes versions from the store; their records stay, without bytes. What
 * changed after it was kept (a program had it open) is content of its own and
 * stays. Returns what went. When a crash comes between, the bytes are gone and
 * the record says otherwise, which the next purge and each restore put right.
 */
export function purgeVersions(context: KeepContext, versions: readonly VersionRow[]): Promise<readonly VersionRow[]> {
  if (versions.length === 0) return Promise.resolve([]);
  return context.inLoop(async () => {
    const entries = versions.flatMap(({ storedAs, stamp }) =>
      storedAs === null ? [] : [{ storeName: storedAs, stamp }],
    );
    const removed = new Set(await context.disk.purge(entries));
    const gone = versions.filter(({ storedAs }) => storedAs !== null && removed.has(storedAs));
    const changes = gone.map(({ path, version }) => ({ path, version, storedAs: null }));
    if (changes.length > 0) await context.index.write.updateVersions(context.folder, changes);
    return gone;
  });
}

/** Versions of a path whose bytes are here. */
export function keptVersions({ index, folder }: FolderContext, path: RelPath): readonly VersionRow[] {
  return index.read.versions(folder, path).filter(({ storedAs }) => storedAs !== null);
}
