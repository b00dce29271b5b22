/** Numbers and times as people read them, in the browser's own language and zone. */
const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
/** Made once: making one costs more than a row of a list. */
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** `1.2 GB`, in powers of 1000. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  // 999,950 would show as 1000.0 kB.
  while (value >= 999.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? String(Math.round(value)) : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** `1 file`, `14 files`. */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** `lap`, `lap and desk`, `lap, desk and tower`. */
export function list(words: readonly string[]): string {
  const [last = "", ...rest] = [...words].reverse();
  return rest.length === 0 ? last : `${rest.reverse().join(", ")} and ${last}`;
}

/** `0:07`, `12:30`, `3:04:05`: what is left. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (number: number): string => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `just now`, `5 min ago`, `2 h ago`, `yesterday`, then the date. */
export function age(time: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - time.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 60 * 24) return `${Math.floor(minutes / 60)} h ago`;
  const days = Math.floor(minutes / (60 * 24));
  return days < 7 ? `${plural(days, "day")} ago` : day(time);
}

/** `1 Jul 2026`. */
function day(time: Date): string {
  return DAY.format(time);
}

/** `1 Jul 2026, 18:00:05`, in the local zone. */
export function moment(time: Date): string {
  return MOMENT.format(time);
}

/** `0.4 ms`, `12 ms`. */
export function latency(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** What a share of the whole was not sent: `99.5 %`, cut, never rounded up. */
export function savedPercent(fileBytes: number, savedBytes: number): string | undefined {
  if (fileBytes <= 0 || savedBytes <= 0) return undefined;
  return `${(Math.floor((savedBytes / fileBytes) * 1000) / 10).toFixed(1)} %`;
}
