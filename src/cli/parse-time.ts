import { SyncError } from "../shared/errors.ts";
import { readDuration } from "./parse-duration.ts";

const LONG_UNITS: Readonly<Record<string, string>> = {
  second: "s",
  sec: "s",
  minute: "m",
  min: "m",
  hour: "h",
  hr: "h",
  day: "d",
  week: "w",
};

/**
 * Reads a moment: `2h` and `2h ago`, `3 days ago`, `now`, `today`,
 * `yesterday`, `yesterday 18:00`, `2026-07-01`, `2026-07-31T18:00`, any
 * RFC 3339. In the local zone unless it names one; a day alone is its start.
 * Throws E_USAGE.
 */
export function parseTime(text: string, now: Date): Date {
  const plain = text.trim().toLowerCase();
  const time = readAgo(plain, now) ?? readDay(plain, now) ?? readIso(text.trim());
  if (time !== undefined && !Number.isNaN(time.getTime())) return time;
  throw new SyncError("E_USAGE", `"${text}" is not a time`, {
    hint: "write it as 2h, '2h ago', yesterday, 2026-07-01 or 2026-07-01T18:00",
  });
}

function readAgo(text: string, now: Date): Date | undefined {
  if (text === "now") return now;
  const bare = text.replace(/\s*ago$/, "").replaceAll(/(\d)\s*([a-z]+?)s?\b/g, (whole, digit: string, unit: string) => {
    const short = LONG_UNITS[unit];
    return short === undefined ? whole : digit + short;
  });
  const compact = bare.replaceAll(/[\s,]+/g, "");
  // A bare number would be seconds, which nobody means by `--at 2026`.
  const ms = /^\d+$/.test(compact) ? undefined : readDuration(compact);
  return ms === undefined ? undefined : new Date(now.getTime() - ms);
}

function readDay(text: string, now: Date): Date | undefined {
  const match = /^(today|yesterday)(?:\s+(?:at\s+)?(\d{1,2}):(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const back = match[1] === "yesterday" ? 1 : 0;
  const [hours, minutes] = [Number(match[2] ?? 0), Number(match[3] ?? 0)];
  if (hours > 23 || minutes > 59) return undefined;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - back, hours, minutes);
}

function readIso(text: string): Date | undefined {
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(
      text,
    );
  if (match === null) return undefined;
  const [year, month, day, hours, minutes, seconds] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const isReal =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= new Date(year, month, 0).getDate() &&
    hours < 24 &&
    minutes < 60 &&
    seconds < 60;
  if (!isReal) return undefined;
  if (match[8] !== undefined)
    return new Date(
      text
        .replace(" ", "T")
        .replace(/\s+/g, "")
        .replace(/([+-]\d{2})(\d{2})$/, "$1:$2"),
    );
  const ms = Number((match[7] ?? "0").padEnd(3, "0").slice(0, 3));
  return new Date(year, month - 1, day, hours, minutes, seconds, ms);
}
