/** The deadline that every pairing run has, so that nobody holds a slot by saying nothing. */
import type { Duplex } from "node:stream";
import { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Clock } from "../../shared/ports.ts";

/** Runs `body`; destroys the stream when the deadline passes or `signal` is aborted, which makes every read in `body` fail. */
export async function withDeadline<T>(
  stream: Duplex,
  limits: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
  body: () => Promise<T>,
): Promise<T> {
  const finished = new AbortController();
  const stop = (): void => {
    stream.destroy(new SyncError("E_INTERRUPTED", "pairing was interrupted"));
  };
  // Errors reach the reader; without a listener a late one would end the process.
  stream.on("error", () => {});
  limits.signal?.addEventListener("abort", stop, { signal: finished.signal });
  if (limits.signal?.aborted === true) stop();
  limits.clock.sleep(LIMITS.handshakeMs.value, finished.signal).then(
    () => stream.destroy(new SyncError("E_TIMEOUT", "the other side did not finish pairing in time")),
    () => {},
  );
  try {
    return await body();
  } finally {
    finished.abort();
  }
}
