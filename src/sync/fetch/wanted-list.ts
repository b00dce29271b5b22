import { FEATURES } from "../../shared/features.ts";
import type { ContentId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import { addWire, NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import { decodeChunkList, decodeStoredList } from "../delta/chunk-list.ts";
import { describeList, rebuildList } from "../delta/list-query.ts";
import { createRegionKernel } from "../delta/region-kernel.ts";
import { decodeSplice } from "../delta/splice.ts";
import {
  decodeWireChunkList,
  encodeWireChunkList,
  toWireChunkList,
  type WireChunkList,
} from "../delta/wire-chunk-list.ts";
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
      for (const asking of askings(context, link, file.bases)) {
        const wanted = { path, contentId, ...asking };
        const answered = await askForList(context, link, wanted, { signal, isLast });
        wire = addWire(wire, answered.wire);
        if (answered.answer === undefined) break;
        const list = readList(context, asking, answered.answer, file.size);
        if (list !== undefined) return { list, wire };
      }
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

/** What an answer may be told by. */
interface Asking extends Pick<WantedList, "bases" | "query"> {
  /** The list that the query describes, in its wire form. */
  readonly held: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** The ways in which a device is asked, one after the other, until an answer is of use. */
function* askings(context: FetchContext, link: FetchLink, bases: readonly Base[] = []): Generator<Asking> {
  const anew = bases.find(({ list }) => list !== undefined)?.list;
  if (anew !== undefined && link.speaks(FEATURES.anySplice)) {
    const held = encodeWireChunkList(anew);
    for (const tier of ["sketch", "signature"] as const) {
      const query = describeList(held, tier, { kernel: createRegionKernel() });
      if (query !== undefined) yield { bases: [], query, held };
    }
  }
  yield { bases: basesOf(context, bases), query: NOTHING, held: NOTHING };
}

/** Contents whose lists are here. */
function basesOf(context: FetchContext, bases: readonly Base[]): readonly ContentId[] {
  return bases
    .filter(({ list }) => list === undefined)
    .map(({ contentId }) => contentId)
    .filter((contentId) => context.chunkList(contentId) !== undefined)
    .slice(0, LIMITS.listBases.value);
}

/** Undefined when it has to be asked for in another way. Throws E_PROTOCOL when what came cannot be the file's list. */
function readList(
  context: FetchContext,
  { held, query }: Asking,
  { bytes, base, relatedBytes }: ListAnswer,
  fileSize: number,
): WireChunkList | undefined {
  if (relatedBytes !== null) {
    const tools = { kernel: createRegionKernel() };
    const list = rebuildList({ held, query, listBytes: relatedBytes }, bytes, tools);
    return list === undefined ? undefined : decodeWireChunkList(list, fileSize);
  }
  if (base === null) return decodeWireChunkList(bytes, fileSize);
  const stored = context.chunkList(base);
  return stored === undefined ? undefined : decodeSplice(bytes, toWireChunkList(decodeStoredList(stored)), fileSize);
}
