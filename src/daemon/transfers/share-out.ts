import type { WireBytes } from "../../shared/transfer-bytes.ts";

/** What one request for many files cost, shared out by their sizes. The shares add up to the whole. */
export function shareOut(wire: WireBytes, sizes: readonly number[]): readonly WireBytes[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let rest = wire;
  return sizes.map((size, position) => {
    const part = (whole: number): number => Math.floor((whole * size) / Math.max(1, total));
    const share = position === sizes.length - 1 ? rest : { sent: part(wire.sent), received: part(wire.received) };
    rest = { sent: rest.sent - share.sent, received: rest.received - share.received };
    return share;
  });
}
