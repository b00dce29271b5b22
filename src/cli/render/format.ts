/** Numbers, times and paths as people read them. */
import { printable } from "../../shared/printable.ts";

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** `1.2 GB`, in powers of 1000. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999,950 would show as 1000.0 kB.
  while (value >= 999.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** `1 file`, `14 files`. */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** `0:07`, `12:30`, `3:04:05`: what is left. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (number: number): string => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `2026-07-01 18:00:05`, in the local zone. */
export function formatTime(time: string): string {
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `just now`, `5 min ago`, `2 h ago`, `3 days ago`. */
export function formatAge(time: string | null, now: Date): string {
  if (time === null) return "never";
  const minutes = Math.floor((now.getTime() - new Date(time).getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 60 * 24) return `${Math.floor(minutes / 60)} h ago`;
  return `${plural(Math.floor(minutes / (60 * 24)), "day")} ago`;
}

/** `0.4 ms`, `12 ms`, or a dash. */
export function formatMs(ms: number | null): string {
  return ms === null ? "-" : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** `~/Shared` for what lies in the person's home directory; safe to print. */
export function formatPath(path: string, userHome: string): string {
  const isBelow = userHome.length > 1 && (path === userHome || path.startsWith(`${userHome}/`));
  return printable(isBelow ? `~${path.slice(userHome.length)}` : path);
}
