/** The outside world, as the engine sees it. Simulation and daemon hand in their own. */

export interface Clock {
  /** Milliseconds since 1970. May jump; never used to order versions of other devices. */
  now(): number;
  /** Milliseconds from some start; never jumps. */
  monotonic(): number;
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array;
  /** A number in [0, 1). */
  fraction(): number;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Event phrase first, facts as fields. info: a user may want to know; warn: it will retry; error: a person must act. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

/** Hashes bytes; handed to pure code so that it stays free of native packages. */
export interface Hasher {
  /** BLAKE3-256 of the bytes: the hash of one chunk. */
  chunk(bytes: Uint8Array): Uint8Array;
  /** BLAKE3-256 in key-derivation mode with Syncline's chunk list context: the content id of a file of many chunks. Never equal to a chunk hash. */
  list(bytes: Uint8Array): Uint8Array;
}
