import type { StatsHistory } from "../../shared/api-transfers.ts";

const HEAD = "from,received,sent,file_bytes,saved_delta,saved_reuse,saved_compression";

/** Statistics as a table for other programs: bytes, and times in UTC. */
export function historyCsv({ points }: Pick<StatsHistory, "points">): string {
  const rows = points.map(({ time, received, sent, fileBytes, saved }) =>
    [time, received, sent, fileBytes, saved.delta, saved.reuse, saved.compression].join(","),
  );
  return `${[HEAD, ...rows].join("\r\n")}\r\n`;
}
