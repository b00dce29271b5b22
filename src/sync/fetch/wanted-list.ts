import { addWire, NO_WIRE, type WireBytes } from "../../shared/transfer-bytes.ts";
import { decodeChunkList } from "../delta/chunk-list.ts";
import { decodeWireChunkList, toWireChunkList, type WireChunkList } from "../delta/wire-chunk-list.ts";
import type { FetchContext, WantedFile } from "./fetch-context.ts";

/** The chunk list of a wanted file: from here, from the peer's announcement, or by request. */
export async function wantedList(
  context: FetchContext,
  file: WantedFile,
  signal: AbortSignal,
): Promise<{ readonly list: WireChunkList | undefined; readonly wire: WireBytes }> {
  const stored = context.chunkList(file.contentId);
  if (stored !== undefined) return { list: toWireChunkList(decodeChunkList(stored, file.size)), wire: NO_WIRE };
  let wire = NO_WIRE;
  for (const link of context.sources.holding(file)) {
    const announced = context.sources.announcedList(link, file);
    if (announced !== undefined) return { list: announced, wire };
    try {
      const answered = await link.fetchChunkList(file.path, file.contentId, signal);
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
