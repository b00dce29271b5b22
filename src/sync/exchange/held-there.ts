/** What a connected peer is known to hold, in this folder or in another one that it shares: what it has acknowledged. */
import type { ChunkList } from "../../shared/file-info.ts";
import type { ContentId, FolderId, RelPath, ShortId } from "../../shared/ids.ts";
import { chunkKey } from "../delta/chunk-key.ts";
import { HASH_BYTES } from "../delta/chunk-list.ts";
import type { FolderContext } from "../folder-context.ts";

/** A peer that has every row of this folder up to a sequence. */
export interface Receiver {
  readonly device: ShortId;
  readonly knownUpTo: number;
}

const TWINS = 16;

/** Whether the peer has a content at another path than `path`, as a version, or in another folder. */
export function isHeldThere(
  { folder, index }: FolderContext,
  contentId: ContentId,
  { device, knownUpTo }: Receiver,
  path?: RelPath,
): boolean {
  const upTo = (id: FolderId): number => (id === folder ? knownUpTo : appliedUpTo(index, id, device));
  const twins = index.read.localByContent(contentId, TWINS, (id) => upTo(id) > 0);
  if (
    twins.some((twin) => (twin.folder !== folder || twin.row.path !== path) && twin.row.sequence <= upTo(twin.folder))
  )
    return true;
  return index.read.versionByContent(contentId, (id) => id === folder) !== undefined;
}

/** Up to which sequence of another folder's index a peer has it all. */
function appliedUpTo(index: FolderContext["index"], folder: FolderId, device: ShortId): number {
  const { acked, ackedEpoch } = index.read.remoteState(folder, device);
  return ackedEpoch === index.read.folder(folder)?.epoch ? acked : 0;
}

export interface NewFile {
  readonly path: RelPath;
  readonly contentId: ContentId | null;
  readonly list: ChunkList;
}

/** Chunks that are looked up to find what a list resembles. */
const SAMPLES = 32;
const FAMILIES = 4;
const RELATIVES = 4;

/** Contents that share chunks with a new file and that the peer has, those with most in common first; none where it has the file itself. */
export function relativesThere(
  context: FolderContext,
  { path, contentId: own, list }: NewFile,
  receiver: Receiver,
): readonly ContentId[] {
  const { read } = context.index;
  if (own !== null && isHeldThere(context, own, receiver, path)) return [];
  const families = [...read.chunkFamilies(samplesOf(list)).keys()].slice(0, FAMILIES);
  const relatives: ContentId[] = [];
  for (const contentId of families.flatMap((family) => read.contentsOfFamily(family))) {
    if (relatives.length >= RELATIVES) break;
    if (isHeldThere(context, contentId, receiver)) relatives.push(contentId);
  }
  return relatives;
}

function samplesOf({ sizes, hashes }: ChunkList): Float64Array {
  const count = Math.min(SAMPLES, sizes.length);
  const keys = Array.from({ length: count }, (_, sample) =>
    chunkKey(hashes, Math.floor(((sample + 0.5) * sizes.length) / count) * HASH_BYTES),
  );
  return Float64Array.from(new Set(keys)).sort();
}
