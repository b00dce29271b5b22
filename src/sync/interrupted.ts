import type { RelPath } from "../shared/ids.ts";
import { winnerOf } from "./core/heads.ts";
import type { FolderContext } from "./folder-context.ts";

/**
 * Finishes what a crash or a failed batch left half done, before anything is
 * scanned: a path that is empty only for that reason is not deleted. Returns
 * the paths to look at.
 */
export async function finishInterrupted(context: FolderContext): Promise<readonly RelPath[]> {
  const { disk, index, folder, clock, self, log } = context;
  const names = await disk.openIntents();
  if (names.length === 0) return [];
  const recovered = await disk.recover(names.filter((name) => index.read.isStored(folder, name)));
  const versions = recovered.flatMap(({ path, kept }) => {
    const row = index.read.local(folder, path);
    if (kept === null || row === undefined) return [];
    const { storeName, stamp } = kept;
    const head = winnerOf(row.heads);
    return [{ folder, path, head, storedAtMs: clock.now(), origin: "recovered", by: self, storedAs: storeName, stamp }];
  });
  if (versions.length > 0) await index.write.commitLocal(folder, [], { nowMs: clock.now(), versions });
  await disk.committed();
  if (recovered.length > 0) log.info("Finished what was interrupted", { paths: recovered.length });
  return recovered.map(({ path }) => path);
}
