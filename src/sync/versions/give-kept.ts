/** Kept versions go along to another folder: their bytes into its store, their records under its paths. */
import type { DiskStamp } from "../../shared/file-info.ts";
import type { RelPath } from "../../shared/ids.ts";
import { newStoreName } from "../folder-context.ts";
import type { DiskStep } from "../folder-disk.ts";
import type { VersionRow } from "../index/index-port.ts";
import type { KeepContext } from "./keep-context.ts";
import { keptVersions } from "./purge.ts";

type Taking = {
  readonly version: VersionRow;
  readonly to: RelPath;
  readonly step: Extract<DiskStep, { step: "take-kept" }>;
};

/**
 * The bytes are there, flushed, before a record says so; only then they leave
 * the old store. A version that changed after it was kept stays where it is.
 */
export async function giveKept(
  { from, to }: { readonly from: KeepContext; readonly to: KeepContext },
  paths: readonly { readonly from: RelPath; readonly to: RelPath }[],
): Promise<void> {
  const withVersions = paths.filter((path) => from.index.read.versions(from.folder, path.from).length > 0);
  if (withVersions.length === 0) return;
  const gone = await to.inLoop(async () => {
    const taking = withVersions.flatMap((path) => takingOf(from, to, path));
    const outcomes = taking.length === 0 ? [] : await to.disk.execute(taking.map(({ step }) => step));
    const taken = taking.flatMap(({ version, to: path, step }, position) => {
      const outcome = outcomes[position];
      const stamp = outcome?.type === "done" ? outcome.storedStamp : null;
      return stamp === null ? [] : [{ version, path, storedAs: step.storeName, stamp }];
    });
    const given = withVersions.map((path) => ({
      ...path,
      stored: taken
        .filter(({ version }) => version.path === path.from)
        .map(({ version: { version }, storedAs, stamp }) => ({ version, storedAs, stamp })),
    }));
    await to.index.write.giveVersions(from.folder, to.folder, given);
    await to.disk.committed();
    return taken;
  });
  const entries = gone.flatMap(({ version: { storedAs, stamp }, stamp: there }) =>
    storedAs === null ? [] : [{ storeName: storedAs, stamp: isSameInode(stamp, there) ? null : stamp }],
  );
  if (entries.length > 0) await from.inLoop(() => from.disk.purge(entries));
}

function takingOf(
  from: KeepContext,
  to: KeepContext,
  path: { readonly from: RelPath; readonly to: RelPath },
): readonly Taking[] {
  return keptVersions(from, path.from).flatMap((version): Taking[] => {
    const { storedAs, stamp, head } = version;
    if (storedAs === null) return [];
    const source = { folder: from.folder, storeName: storedAs, stamp, contentId: head.contentId };
    const step = { step: "take-kept", path: path.to, storeName: newStoreName(to.random), source } as const;
    return [{ version, to: path.to, step }];
  });
}

/** The file itself has another name now: dropping the old one loses nothing. */
function isSameInode(here: DiskStamp | null, there: DiskStamp): boolean {
  return here !== null && here.dev === there.dev && here.ino === there.ino;
}
