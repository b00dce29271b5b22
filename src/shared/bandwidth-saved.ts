/**
 * Says what a transfer saved against sending the files plain. Pure.
 *
 * Cut to one decimal, never rounded up: 99.96 % is "99.9%", so that no one
 * reads 100 % where something was sent.
 */
/** `bandwidth saved 99.5%`, `cost 3% more`, or "" when there was nothing to send. */
export function describeSaved(fileBytes: number, wireBytes: number): string {
  if (fileBytes <= 0) return "";
  if (wireBytes <= fileBytes) return `bandwidth saved ${cutPercent(fileBytes - wireBytes, fileBytes)}%`;
  // A loss is never made to look smaller: rounded up, to a tenth where it is that small.
  const tenths = Math.ceil((1000 * (wireBytes - fileBytes)) / fileBytes);
  return `cost ${tenths < 10 ? `0.${tenths}` : Math.ceil(tenths / 10)}% more`;
}

/** `99.5`: `part` in percent of `whole`, cut to one decimal. Exact for all sizes that fit a number. */
export function cutPercent(part: number, whole: number): string {
  if (whole <= 0) return "0.0";
  const tenths = Number((BigInt(Math.floor(part)) * 1000n) / BigInt(Math.floor(whole)));
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}
