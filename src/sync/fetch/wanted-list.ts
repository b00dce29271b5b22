import type { ContentId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { addWire, NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import { decodeChunkList, decodeStoredList } from "../delta/chunk-list.ts";
import { decodeSplice } from "../delta/splice.ts";
import { decodeWireChunkList, toWireChunkList, type WireChunkList } from "../delta/wire-chunk-list.ts";
import type { Answered, Base, FetchContext, FetchLink, ListAnswer, WantedFile, WantedList } from "./fetch-context.ts";

/** A list takes a round trip as a rule; where another device has it, one that is silent is waited for no longer. */
const PATIENCE_MS = 5000;

/** The chunk list of a wanted file: from here, from the peer's announcement, or by request. */
export async function wantedList(
  context: FetchContext,
  file: WantedFile & { readonly bases?: readonly Base[] },
  signal: AbortSignal,
): Promise<{ readonly list: WireChunkList | undefined; readonly wire: WireBytes }> {
  const stored = context.chunkList(file.contentId);
  if (stored !== undefined) return { list: toWireChunkList(decodeChunkList(stored, file.size)), wire: NO_WIRE };
  let wire = NO_WIRE;
  const links = context.sources.holding(file);
  for (const [position, link] of links.entries()) {
    const announced = context.sources.announcedList(link, file);
    if (announced !== undefined) return { list: announced, wire };
    try {
      const isLast = position === links.length - 1;
      const { path, contentId } = file;
      const wanted = { path, contentId, bases: basesOf(context, file.bases) };
      const answered = await askForList(context, link, wanted, { signal, isLast });
      wire = addWire(wire, answered.wire);
      const list = answered.answer === undefined ? undefined : readList(context, answered.answer, file.size);
      if (list !== undefined) return { list, wire };
    } catch (error) {
      signal.throwIfAborted();
      const { path } = file;
      context.log.debug("Chunk list not had; another device is asked", {
        path,
        device: link.name,
        error: String(error),
      });
    }
  }
  return { list: undefined, wire };
}

async function askForList(
  { clock }: FetchContext,
  link: FetchLink,
  wanted: WantedList,
  { signal, isLast }: { readonly signal: AbortSignal; readonly isLast: boolean },
): Promise<Answered<ListAnswer | undefined>> {
  if (isLast) return await link.fetchChunkList(wanted, signal);
  const patience = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(PATIENCE_MS, done.signal).then(
    () => patience.abort(new Error("no chunk list in time")),
    () => undefined,
  );
  try {
    return await link.fetchChunkList(wanted, AbortSignal.any([signal, patience.signal]));
  } finally {
    done.abort();
    await timer;
  }
}

/** Contents whose lists are here: an answer may be told by one of them. */
function basesOf(context: FetchContext, bases: readonly Base[] = []): readonly ContentId[] {
  return bases
    .map(({ contentId }) => contentId)
    .filter((contentId) => context.chunkList(contentId) !== undefined)
    .slice(0, LIMITS.listBases.value);
}

/** Throws E_PROTOCOL when what came cannot be the file's list. */
function readList(context: FetchContext, { bytes, base }: ListAnswer, fileSize: number): WireChunkList | undefined {
  if (base === null) return decodeWireChunkList(bytes, fileSize);
  const stored = context.chunkList(base);
  return stored === undefined ? undefined : decodeSplice(bytes, toWireChunkList(decodeStoredList(stored)), fileSize);
}
