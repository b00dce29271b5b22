import type { Log, LogFields } from "../../shared/ports.ts";
import type { NetEvent } from "./net-api.ts";

type Level = Extract<NetEvent, { type: "log" }>["level"];

/** A log whose lines are written by main. Fields must survive the way between threads. */
export function threadLog(post: (event: NetEvent) => void, bound: LogFields = {}): Log {
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}): void => {
      post({ type: "log", level, message, fields: { ...bound, ...fields } });
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => threadLog(post, { ...bound, ...fields }),
  };
}
