/**
 * What this node has in any of its folders, for downloads: none of it is
 * fetched. Without the limit that syncing has (sync/content-here.ts), because
 * a person gave the command, and may say `--no-reuse`.
 */
import { join } from "node:path";
import type { ContentId } from "../../shared/ids.ts";
import { winnerOf } from "../../sync/core/heads.ts";
import type { Base, ChunksElsewhere } from "../../sync/fetch/fetch-context.ts";
import { privatePath } from "../../sync/fs/filesystem.ts";
import type { DownloadRun } from "./download.ts";

const TWINS = 4;

type Node = Pick<DownloadRun, "index" | "rootOf">;

interface Place {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
}

/** Where a content should lie: at live paths, and as a kept version. Each may have changed since. */
export function placesHere({ index, rootOf }: Node, contentId: ContentId): readonly Place[] {
  const places: Place[] = [];
  const add = (folder: string, path: string, size: number): void => {
    const root = rootOf(folder);
    if (root !== undefined) places.push({ path: join(root, path), size });
  };
  for (const { folder, row } of index.read.localByContent(contentId, TWINS))
    if (row.stamp !== null) add(folder, row.path, winnerOf(row.heads).size);
  const kept = index.read.versionByContent(contentId);
  if (kept?.storedAs != null) add(kept.folder, privatePath("store", kept.storedAs), kept.head.size);
  return places;
}

/** Finds chunks in any file of the node. */
export function chunksHere(node: Node): ChunksElsewhere {
  const { read } = node.index;
  return {
    families: (keys) => read.chunkFamilies(keys),
    contentsOf: (family) => read.contentsOfFamily(family),
    baseOf: (contentId): Base | undefined => {
      const [first, ...others] = placesHere(node, contentId);
      if (first === undefined) return undefined;
      const byteOthers = others.map(({ path }) => ({ from: "path" as const, name: path }));
      return { contentId, size: first.size, from: "path", name: first.path, others: byteOthers };
    },
  };
}
