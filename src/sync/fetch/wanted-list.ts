import { addWire, NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import { decodeChunkList } from "../delta/chunk-list.ts";
import { decodeWireChunkList, toWireChunkList, type WireChunkList } from "../delta/wire-chunk-list.ts";
import type { Answered, FetchContext, FetchLink, WantedFile } from "./fetch-context.ts";

/** A list takes a round trip as a rule; where another device has it, one that is silent is waited for no longer. */
const PATIENCE_MS = 5000;

/** The chunk list of a wanted file: from here, from the peer's announcement, or by request. */
export async function wantedList(
  context: FetchContext,
  file: WantedFile,
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
      const answered = await askForList(context, link, file, { signal, isLast });
      wire = addWire(wire, answered.wire);
      const bytes = answered.answer;
      if (bytes !== undefined) return { list: decodeWireChunkList(bytes, file.size), wire };
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
  { path, contentId }: WantedFile,
  { signal, isLast }: { readonly signal: AbortSignal; readonly isLast: boolean },
): Promise<Answered<Uint8Array | undefined>> {
  if (isLast) return await link.fetchChunkList(path, contentId, signal);
  const patience = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(PATIENCE_MS, done.signal).then(
    () => patience.abort(new Error("no chunk list in time")),
    () => undefined,
  );
  try {
    return await link.fetchChunkList(path, contentId, AbortSignal.any([signal, patience.signal]));
  } finally {
    done.abort();
    await timer;
  }
}
