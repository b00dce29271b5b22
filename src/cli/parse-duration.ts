import { SyncError } from "../shared/errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
/** What a timer can hold. */
const DURATION_MS_MAX = 2 ** 31 - 1;

/** Reads `500ms`, `30s`, `1.5h`, `1h30m`; a bare number is seconds. Throws E_USAGE that names `what`. */
export function parseDuration(text: string, what: string): number {
  const ms = readDuration(text);
  if (ms !== undefined && ms <= DURATION_MS_MAX) return ms;
  throw new SyncError("E_USAGE", `${what}: "${text}" is not a length of time`, {
    hint: "write it as 500ms, 30s, 5m, 2h or 1d",
  });
}

/** As {@link parseDuration}; undefined when it is none. Not limited. */
export function readDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g))
    ms += Number(number) * (UNIT_MS[unit ?? ""] ?? 0);
  return Math.round(ms);
}
