/**
 * Says what a transfer saved against sending the files plain. Pure.
 *
 * Cut to one decimal, never rounded up: 99.96 % is "99.9%", so that no one
 * reads 100 % where something was sent.
 */
export interface SavedBytes {
  readonly delta: number;
  readonly reuse: number;
  readonly compression: number;
}

const NOTHING_SAVED: SavedBytes = { delta: 0, reuse: 0, compression: 0 };

/** `bandwidth saved 99.5%`, `cost 3% more`, or "" when there was nothing to send. */
export function describeSaved(fileBytes: number, wireBytes: number): string {
  if (fileBytes <= 0) return "";
  if (wireBytes <= fileBytes) return `bandwidth saved ${cutPercent(fileBytes - wireBytes, fileBytes)}%`;
  // A loss is never made to look smaller: rounded up.
  return `cost ${Math.ceil((100 * (wireBytes - fileBytes)) / fileBytes)}% more`;
}

/** `99.5`: `part` in percent of `whole`, cut to one decimal. Exact for all sizes that fit a number. */
export function cutPercent(part: number, whole: number): string {
  if (whole <= 0) return "0.0";
  const tenths = Number((BigInt(Math.floor(part)) * 1000n) / BigInt(Math.floor(whole)));
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

/**
 * Makes the parts sum to what was really saved, `fileBytes - wireBytes`:
 * framing and requests cost bytes that belong to no part, and are taken from
 * the largest. With nothing saved the parts are zero.
 */
export function settleSaved(fileBytes: number, wireBytes: number, parts: SavedBytes): SavedBytes {
  const total = fileBytes - wireBytes;
  const sum = parts.delta + parts.reuse + parts.compression;
  if (total <= 0 || sum <= 0) return NOTHING_SAVED;
  const names = ["delta", "reuse", "compression"] as const;
  const scaled = Object.fromEntries(names.map((name) => [name, Math.floor((parts[name] * total) / sum)])) as Record<
    (typeof names)[number],
    number
  >;
  const rest = total - scaled.delta - scaled.reuse - scaled.compression;
  const largest = names.reduce((most, name) => (parts[name] > parts[most] ? name : most));
  return { ...scaled, [largest]: scaled[largest] + rest };
}
