/** Logs what a peer was sent, a line for each burst of requests: the sending side's record of a transfer. */
import type { ChunkSource } from "../../peer/serve-chunks.ts";
import type { Clock, LogFields } from "../../shared/ports.ts";

const QUIET_MS = 1000;

/** A source that serves one connection and tells `report` what it gave, once nothing was asked for a second. */
export function withServedLog(source: ChunkSource, clock: Clock, report: (served: LogFields) => void): ChunkSource {
  let bytes = 0;
  let files = 0;
  let startedAt = 0;
  let lastAt = 0;
  let isWaiting = false;
  const tell = async (): Promise<void> => {
    isWaiting = true;
    while (clock.monotonic() - lastAt < QUIET_MS) await clock.sleep(QUIET_MS);
    isWaiting = false;
    const ms = Math.max(1, Math.round(lastAt - startedAt));
    report({ bytes, files, ms, bytesPerSecond: Math.round((bytes * 1000) / ms) });
    bytes = 0;
    files = 0;
  };
  const count = (offset: number, size: number): void => {
    lastAt = clock.monotonic();
    if (bytes === 0) startedAt = lastAt;
    bytes += size;
    if (offset === 0) files++;
    if (!isWaiting) void tell();
  };
  return {
    read: (folder, path, contentId, offset, target) => {
      const isRead = source.read(folder, path, contentId, offset, target);
      if (isRead) count(offset, target.length);
      return isRead;
    },
    answerRegion: (folder, path, contentId, region) => {
      const answer = source.answerRegion(folder, path, contentId, region);
      if (answer !== undefined) count(region.offset, answer.length);
      return answer;
    },
    chunkList: (folder, path, contentId) => source.chunkList(folder, path, contentId),
    relatedList: (folder, path, contentId, query) => source.relatedList(folder, path, contentId, query),
    splice: (folder, path, contentId, bases) => source.splice(folder, path, contentId, bases),
    rest: () => source.rest(),
  };
}
