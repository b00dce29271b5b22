/** Work that goes on by itself until it is disposed of; that aborts its signal and waits for its end. */
export function inBackground(run: (signal: AbortSignal) => Promise<void>): AsyncDisposable {
  const stop = new AbortController();
  const done = run(stop.signal);
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await done;
    },
  };
}
