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
import type { Base, FetchLink, FetchSources, WantedFile } from "../fetch/fetch-context.ts";
import { fetchLarge } from "../fetch/fetch-large.ts";
import { fetchSmall } from "../fetch/fetch-small.ts";
import { LinkBook } from "../fetch/link-book.ts";
import type { ContentSource } from "../folder-disk.ts";
import type { PeerLink } from "../peer-link.ts";
import { fetchContextOf } from "../puller/sources.ts";
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
  if (everyone.isEmpty) return found;
  const fetching = fetchContextOf(context, everyone);
  const files = distinctContents(wanted);
  for (const group of groupsOf(files.filter(isSmall))) {
    for (const result of (await fetchSmall(fetching, group, signal)).fetched)
      if (result.type === "bytes") found.set(result.file.contentId, { from: "bytes", bytes: result.bytes });
  }
  for (const file of files.filter((each) => !isSmall(each))) {
    const bases = basesOf(context, file.path);
    const result = await fetchLarge(fetching, { ...file, bases }, { total: file.size, done: 0 }, signal);
    if (result.type === "problem") {
      await context.disk.leaveStaged(file.contentId).catch(() => undefined);
      continue;
    }
    await context.index.write.putChunkLists([[file.contentId, result.chunkList]]);
    found.set(file.contentId, { from: "stage" });
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
    const missing = distinctContents(wanted).filter(({ contentId }) => !found.has(contentId));
    for (let start = 0; start < missing.length; start += PROBES_AT_ONCE) {
      const group = missing.slice(start, start + PROBES_AT_ONCE);
      const answers = await probe(context, link, group, signal);
      for (const [position, { contentId }] of group.entries())
        if (answers[position]?.length === 1) found.add(contentId);
    }
  }
  return found;
}

async function probe(
  context: KeepContext,
  link: PeerLink,
  files: readonly WantedFile[],
  signal: AbortSignal,
): Promise<readonly (Uint8Array | undefined)[]> {
  const requests = files.map(({ path, contentId }) => ({ path, contentId, offset: 0, size: 1 }));
  try {
    return (await link.fetchChunks(requests, signal)).answer;
  } catch (error) {
    signal.throwIfAborted();
    context.log.debug("A device could not be asked for kept versions", { device: link.name, error: String(error) });
    return [];
  }
}

function distinctContents(wanted: readonly WantedContent[]): readonly WantedFile[] {
  const byContent = new Map<ContentId, WantedFile>();
  for (const { path, head } of wanted) {
    const { contentId, size } = head;
    if (contentId !== null && size > 0) byContent.set(contentId, { path, contentId, size });
  }
  return [...byContent.values()];
}

function isSmall({ size }: WantedFile): boolean {
  return size <= LIMITS.smallFileBytes.value;
}

function groupsOf(files: readonly WantedFile[]): readonly (readonly WantedFile[])[] {
  const groups: WantedFile[][] = [];
  let bytes = GROUP_BYTES;
  for (const file of files) {
    const last = groups.at(-1);
    if (last === undefined || last.length >= GROUP_FILES || bytes + file.size > GROUP_BYTES) {
      groups.push([file]);
      bytes = file.size;
    } else {
      last.push(file);
      bytes += file.size;
    }
  }
  return groups;
}

/** Contents of the path that are here and likely to share chunks with the wanted one. */
export function basesOf(context: KeepContext, path: RelPath): readonly Base[] {
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
class Everyone implements FetchSources {
  readonly book: LinkBook;
  readonly #context: KeepContext;
  readonly #links: readonly PeerLink[];
  readonly #wrongAnswers = new Map<FetchLink, number>();

  constructor(context: KeepContext) {
    this.#context = context;
    this.book = new LinkBook(context.clock);
    this.#links = context.links();
  }

  get isEmpty(): boolean {
    return this.#links.length === 0;
  }

  holding(): readonly FetchLink[] {
    return this.#links.filter((link) => (this.#wrongAnswers.get(link) ?? 0) < WRONG_ANSWERS_MAX);
  }

  announcedList(): undefined {
    return undefined;
  }

  noteBadAnswer(link: FetchLink): void {
    this.#wrongAnswers.set(link, (this.#wrongAnswers.get(link) ?? 0) + 1);
    this.#context.log.warn("A device sent bytes of a kept version that do not match their hash", { device: link.name });
  }
}
