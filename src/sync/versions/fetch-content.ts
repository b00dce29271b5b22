/**
 * Gets content that is no longer here from the stores of connected devices.
 *
 * Nobody announces what lies in a store, so every device is asked in turn.
 * Runs outside the folder's loop: what comes is proven, staged or in memory,
 * and only then the loop is entered to put it in place.
 */
import type { Head } from "../../shared/file-info.ts";
import type { ContentId, RelPath } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Log } from "../../shared/ports.ts";
import type { ContentSource } from "../folder-disk.ts";
import type { PeerLink } from "../peer-link.ts";
import { fetchLarge, type LargeFile } from "../puller/fetch-large.ts";
import { fetchSmall, type SmallFile } from "../puller/fetch-small.ts";
import { Sources } from "../puller/sources.ts";
import type { KeepContext } from "./keep-context.ts";
import { shownHead } from "./known.ts";

/** A version of a path whose content is wanted. */
export interface WantedContent {
  readonly path: RelPath;
  readonly head: Head;
}

const PROBES_AT_ONCE = 256;
const GROUP_FILES = 256;
const GROUP_BYTES = 1024 * 1024;
const BASES_MAX = 8;

/** Fetches contents. What no connected device has is left out of the answer. Rejects only on abort. */
export async function fetchContents(
  context: KeepContext,
  wanted: readonly WantedContent[],
  signal: AbortSignal,
): Promise<ReadonlyMap<ContentId, ContentSource>> {
  const found = new Map<ContentId, ContentSource>();
  const everyone = new Everyone(context);
  if (everyone.size === 0) return found;
  const distinct = distinctContents(wanted);
  for (const group of groupsOf(distinct.filter(({ head }) => isSmall(head)))) {
    for (const result of await fetchSmall(context, everyone, group, signal)) {
      const { contentId } = result.file.head;
      if (result.type === "bytes" && contentId !== null) found.set(contentId, { from: "bytes", bytes: result.bytes });
    }
  }
  for (const { path, head } of distinct.filter((file) => !isSmall(file.head))) {
    if (head.contentId === null) continue;
    const file = { path, head, bases: basesOf(context, path) };
    const result = await fetchLarge(context, everyone, file, { total: head.size, done: 0 }, signal);
    if (result.type === "problem") continue;
    await context.index.write.putChunkLists([[head.contentId, result.chunkList]]);
    found.set(head.contentId, { from: "stage" });
  }
  return found;
}

/** Asks which contents some connected device has, one byte of each, for a dry run. */
export async function findContents(
  context: KeepContext,
  wanted: readonly WantedContent[],
  signal: AbortSignal,
): Promise<ReadonlySet<ContentId>> {
  const found = new Set<ContentId>();
  for (const link of context.links()) {
    const missing = distinctContents(wanted).filter(
      ({ head }) => head.contentId !== null && !found.has(head.contentId),
    );
    for (let start = 0; start < missing.length; start += PROBES_AT_ONCE) {
      const group = missing.slice(start, start + PROBES_AT_ONCE);
      const answers = await probe(context, link, group, signal);
      for (const [position, { head }] of group.entries()) {
        if (answers[position]?.length === 1 && head.contentId !== null) found.add(head.contentId);
      }
    }
  }
  return found;
}

async function probe(
  context: KeepContext,
  link: PeerLink,
  files: readonly WantedContent[],
  signal: AbortSignal,
): Promise<readonly (Uint8Array | undefined)[]> {
  const requests = files.map(({ path, head }) => ({
    path,
    contentId: head.contentId as ContentId,
    offset: 0,
    size: 1,
  }));
  try {
    return await link.fetchChunks(requests, signal);
  } catch (error) {
    signal.throwIfAborted();
    context.log.debug("A device could not be asked for kept versions", { device: link.name, error: String(error) });
    return [];
  }
}

function distinctContents(wanted: readonly WantedContent[]): readonly WantedContent[] {
  const byContent = new Map<ContentId, WantedContent>();
  for (const item of wanted) {
    if (item.head.contentId !== null && item.head.size > 0) byContent.set(item.head.contentId, item);
  }
  return [...byContent.values()];
}

function isSmall(head: Head): boolean {
  return head.size <= LIMITS.smallFileBytes.value;
}

function groupsOf(files: readonly SmallFile[]): readonly (readonly SmallFile[])[] {
  const groups: SmallFile[][] = [];
  let bytes = GROUP_BYTES;
  for (const file of files) {
    const last = groups.at(-1);
    if (last === undefined || last.length >= GROUP_FILES || bytes + file.head.size > GROUP_BYTES) {
      groups.push([file]);
      bytes = file.head.size;
    } else {
      last.push(file);
      bytes += file.head.size;
    }
  }
  return groups;
}

/** Contents of the path that are here and likely to share chunks with the wanted one. */
function basesOf(context: KeepContext, path: RelPath): LargeFile["bases"] {
  const { index, folder } = context;
  const shown = shownHead(index.read.local(folder, path));
  const live = shown === undefined ? [] : [{ head: shown, from: "path" as const, name: path as string }];
  const kept = index.read
    .versions(folder, path)
    .flatMap(({ head, storedAs }) => (storedAs === null ? [] : [{ head, from: "store" as const, name: storedAs }]))
    .slice(-BASES_MAX);
  return [...live, ...kept].flatMap(({ head, from, name }) =>
    head.contentId === null ? [] : [{ contentId: head.contentId, size: head.size, from, name }],
  );
}

const WRONG_ANSWERS_MAX = 3;

/** All connected devices, whatever they announced. */
class Everyone extends Sources {
  readonly #links: readonly PeerLink[];
  readonly #wrongAnswers = new Map<PeerLink, number>();

  constructor(context: KeepContext) {
    super(context);
    this.#links = context.links();
  }

  override get size(): number {
    return this.#links.length;
  }

  override holding(): readonly PeerLink[] {
    return this.#links.filter((link) => (this.#wrongAnswers.get(link) ?? 0) < WRONG_ANSWERS_MAX);
  }

  override noteBadAnswer(link: PeerLink, log: Log): void {
    this.#wrongAnswers.set(link, (this.#wrongAnswers.get(link) ?? 0) + 1);
    log.warn("A device sent bytes of a kept version that do not match their hash", { device: link.name });
  }
}
