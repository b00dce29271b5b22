/** What moved over time: statistics that outlive the daemon. */
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { StatsHistory } from "../../shared/api-transfers.ts";
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId } from "../../shared/ids.ts";
import type { HistorySum } from "../../sync/index/transfer-port.ts";
import type { NodeService } from "../api/node-service.ts";
import { resolvePeer } from "../api/resolve-names.ts";
import type { Node } from "../node.ts";

const MINUTE_MS = 60_000;

type Moved = StatsHistory["totals"];

const NOTHING: Moved = { sent: 0, received: 0, fileBytes: 0, saved: { delta: 0, reuse: 0, compression: 0 } };

export function historyRoutes(
  node: Node,
  traffic: { countRecent(): Promise<void> },
): Pick<NodeService, "statsHistory"> {
  return {
    statsHistory: async (request) => {
      if (request.to === undefined) await traffic.countRecent();
      return history(node, request);
    },
  };
}

function history(node: Node, request: RouteRequest<"statsHistory">): RouteOutput<"statsHistory"> {
  const { context, index, clock } = node.parts;
  const toMs = request.to === undefined ? clock.now() : Date.parse(request.to);
  const range = rangeOf({ fromMs: Date.parse(request.from), toMs, points: request.points });
  if (range.stretchMs <= 0) throw new SyncError("E_USAGE", "from must be before to");
  const device = request.peer === undefined ? undefined : resolvePeer(context.config.get(), request.peer);
  const sums = index.read.history({ fromMs: range.fromMs, toMs, device }, range.stretchMs);
  const devices = [...new Set(sums.flatMap((sum) => sum.device ?? []))];
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    from: iso(range.fromMs),
    to: iso(toMs),
    stretchMs: range.stretchMs,
    points: range.starts.map((startMs) => ({ time: iso(startMs), ...sumOf(sums, (sum) => sum.startMs === startMs) })),
    peers: devices.map((id) => ({
      ...{ device: id, name: node.peers.nameOf(id as DeviceId) },
      ...sumOf(sums, (sum) => sum.device === id),
    })),
    totals: sumOf(sums, () => true),
  };
}

/** Stretches of whole minutes, as few as asked for at most, aligned as the index counts. */
export function rangeOf(asked: { readonly fromMs: number; readonly toMs: number; readonly points: number }): {
  readonly fromMs: number;
  readonly stretchMs: number;
  readonly starts: readonly number[];
} {
  const { toMs, points } = asked;
  // One more begins where the range does not begin with a stretch.
  const stretchMs = Math.ceil((toMs - asked.fromMs) / Math.max(1, points - 1) / MINUTE_MS) * MINUTE_MS;
  if (stretchMs <= 0) return { fromMs: asked.fromMs, stretchMs: 0, starts: [] };
  const fromMs = asked.fromMs - (asked.fromMs % stretchMs);
  return {
    ...{ fromMs, stretchMs },
    starts: Array.from({ length: Math.ceil((toMs - fromMs) / stretchMs) }, (_, i) => fromMs + i * stretchMs),
  };
}

function sumOf(sums: readonly HistorySum[], isCounted: (sum: HistorySum) => boolean): Moved {
  return sums.filter(isCounted).reduce(
    (all, { sent, received, fileBytes, saved }) => ({
      sent: all.sent + sent,
      received: all.received + received,
      fileBytes: all.fileBytes + fileBytes,
      saved: {
        delta: all.saved.delta + saved.delta,
        reuse: all.saved.reuse + saved.reuse,
        compression: all.saved.compression + saved.compression,
      },
    }),
    NOTHING,
  );
}
