/**
 * The daemon's log: JSON lines in rotating files of the home, readable lines
 * on the terminal in the foreground, and a feed for `syncline logs -f`.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Logger, pino, stdSerializers } from "pino";
import buildRoll, { type RollStream } from "pino-roll";
import type { LogLine } from "../shared/api-node.ts";
import { LOG_LEVELS, type LogLevel } from "../shared/config-settings.ts";
import { SyncError } from "../shared/errors.ts";
import type { Log, LogFields } from "../shared/ports.ts";
import { formatLogLine, parseLogLine } from "./log-line.ts";

/** Lines are written together, at least so often. Warnings and errors are written at once. */
const FLUSH_MS = 200;
const FLUSH_BYTES = 8192;
const BUFFER_BYTES_MAX = 4 * 1024 * 1024;
const FILE_SIZE = "10m";
/** Files kept beside the one in use. */
const OLD_FILES = 4;
const LOG_NAME = "syncline";
/** Secrets have no place in a log; this catches what slips into one. */
const SECRET_FIELDS = [
  "password",
  "secret",
  "token",
  "keyPem",
  "privateKey",
  "pairingCode",
  "inviteCode",
  "link",
  "authorization",
  "cookie",
];

export interface DaemonLog extends Log, AsyncDisposable {
  setLevel(level: LogLevel): void;
  /** Hands over every line from now on; everything before is in the files by then. Returns how to stop it. */
  subscribe(listener: (line: LogLine) => void): () => void;
  /** Writes out what is buffered. For the moment before the process ends. */
  flush(): void;
}

export interface LogOptions {
  readonly directory: string;
  readonly level: LogLevel;
  /** Where readable lines go; undefined in the background. */
  readonly terminal: ((line: string) => void) | undefined;
}

/** Opens the log. */
export async function openLog(options: LogOptions): Promise<DaemonLog> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const file = await buildRoll({
    file: join(options.directory, LOG_NAME),
    extension: ".log",
    size: FILE_SIZE,
    limit: { count: OLD_FILES, removeOtherLogFiles: true },
    mode: 0o600,
    sync: true,
    minLength: FLUSH_BYTES,
    periodicFlush: FLUSH_MS,
    maxLength: BUFFER_BYTES_MAX,
  });
  // A full disk must not stop the daemon; lines are dropped until there is space again.
  file.on("error", () => {});
  return new RollingLog(file, options);
}

class RollingLog implements DaemonLog {
  readonly #file: RollStream;
  readonly #listeners = new Set<(line: LogLine) => void>();
  readonly #leaf: LeafLog;

  constructor(file: RollStream, options: LogOptions) {
    this.#file = file;
    const { terminal } = options;
    if (terminal !== undefined) this.#listeners.add((line) => terminal(formatLogLine(line)));
    const root = pino(
      {
        level: "debug",
        base: null,
        timestamp: () => `,"time":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: errorFacts },
        redact: { paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]), censor: "[secret]" },
      },
      { write: (text) => this.#write(text) },
    );
    this.#leaf = new LeafLog(
      root,
      { least: LOG_LEVELS.indexOf(options.level) },
      {
        hand: () => this.#hand(),
        flush: () => this.flush(),
      },
    );
  }

  debug(message: string, fields?: LogFields): void {
    this.#leaf.debug(message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#leaf.info(message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#leaf.warn(message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#leaf.error(message, fields);
  }

  child(fields: LogFields): Log {
    return this.#leaf.child(fields);
  }

  setLevel(level: LogLevel): void {
    this.#leaf.threshold.least = LOG_LEVELS.indexOf(level);
  }

  subscribe(listener: (line: LogLine) => void): () => void {
    this.flush();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flush(): void {
    try {
      this.#file.flushSync();
    } catch {
      // The disk is full or gone: there is nowhere to say so.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.flush();
    const closed = new Promise<void>((resolve) => this.#file.once("close", resolve));
    this.#file.end();
    await closed;
  }

  /** To the system, which keeps it when the daemon is killed; a flush to the disk would stop this thread for milliseconds, at each of a thousand warnings. */
  #hand(): void {
    try {
      this.#file.flush();
    } catch {
      // As in `flush`.
    }
  }

  #write(text: string): void {
    this.#file.write(text);
    if (this.#listeners.size === 0) return;
    const line = parseLogLine(text);
    if (line === undefined) return;
    for (const listener of this.#listeners) listener(line);
  }
}

/** Where lines go that must not wait for the next of their kind. */
interface LogFile {
  hand(): void;
  flush(): void;
}

/** A logger with its bindings. The level is judged here, so that a change reaches the children that are there already. */
class LeafLog implements Log {
  readonly threshold: { least: number };
  readonly #pino: Logger;
  readonly #file: LogFile;

  constructor(logger: Logger, threshold: { least: number }, file: LogFile) {
    this.#pino = logger;
    this.threshold = threshold;
    this.#file = file;
  }

  debug(message: string, fields: LogFields = {}): void {
    if (this.threshold.least <= 0) this.#pino.debug(fields, message);
  }

  info(message: string, fields: LogFields = {}): void {
    if (this.threshold.least <= 1) this.#pino.info(fields, message);
  }

  warn(message: string, fields: LogFields = {}): void {
    if (this.threshold.least <= 2) this.#pino.warn(fields, message);
    this.#file.hand();
  }

  error(message: string, fields: LogFields = {}): void {
    this.#pino.error(fields, message);
    this.#file.flush();
  }

  child(fields: LogFields): Log {
    return new LeafLog(this.#pino.child(fields), this.threshold, this.#file);
  }
}

/** An expected failure is its code and message; a bug needs its stack. */
function errorFacts(error: unknown): unknown {
  if (error instanceof SyncError) return { code: error.code, message: error.message };
  return error instanceof Error ? stdSerializers.err(error) : error;
}
