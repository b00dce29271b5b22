/** A line of the log as it is read and searched. */
import type { LogLine } from "./api-node.ts";

/** `folder=docs path=a.txt` */
export function factsText(fields: LogLine["fields"]): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

/** `info Pulled file folder=docs path=a.txt` */
export function logText({ level, message, fields }: LogLine): string {
  return `${level} ${message} ${factsText(fields)}`;
}
