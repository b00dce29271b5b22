/** One event, log line or problem as a line. */
import type { LogLine, NodeEvent } from "../../shared/api-node.ts";
import { printable } from "../../shared/printable.ts";
import { formatTime } from "./format.ts";

/** `2026-07-01 18:00:05  file.changed  docs/a.txt  desk` */
export function eventLine(event: NodeEvent): string {
  const place =
    event.folder === null ? event.path : event.path === null ? event.folder : `${event.folder}/${event.path}`;
  const data = Object.entries(event.data).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const parts = [event.type.padEnd(16), place, event.device, event.user, ...data].filter(
    (part) => part !== null && part !== "",
  );
  return `${formatTime(event.time)}  ${parts.map((part) => printable(part ?? "")).join("  ")}`;
}

/** `2026-07-01 18:00:05 INFO  Pulled file folder=docs path=a.txt` */
export function logLine({ time, level, message, fields }: LogLine): string {
  const facts = Object.entries(fields).map(([key, value]) => ` ${key}=${factText(value)}`);
  return printable(`${formatTime(time)} ${level.toUpperCase().padEnd(5)} ${message}${facts.join("")}`);
}

function factText(value: unknown): string {
  if (typeof value === "object" && value !== null && "message" in value) return String(value.message);
  if (typeof value === "string") return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? "";
}
