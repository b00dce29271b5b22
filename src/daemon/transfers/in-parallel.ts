/** Works on several things at once, and tells how far it is in between. */
import type { Clock } from "../../shared/ports.ts";

/**
 * Works on each unit, `atOnce` at a time, and gives results as they come. The
 * first failure aborts the others, waits for them, and is thrown.
 */
export async function* inParallel<U, R>(
  units: AsyncIterable<U>,
  atOnce: number,
  work: (unit: U, signal: AbortSignal) => Promise<R>,
  signal: AbortSignal,
): AsyncGenerator<R> {
  const stop = new AbortController();
  const until = AbortSignal.any([signal, stop.signal]);
  const running = new Set<Promise<void>>();
  const finished: R[] = [];
  let failure: { readonly error: unknown } | undefined;
  const start = (unit: U): void => {
    const run = work(unit, until).then(
      (result) => void finished.push(result),
      (error: unknown) => {
        failure ??= { error };
        stop.abort(error);
      },
    );
    const tracked = run.finally(() => running.delete(tracked));
    running.add(tracked);
  };
  try {
    for await (const unit of units) {
      if (failure !== undefined) break;
      start(unit);
      if (running.size >= atOnce) await Promise.race(running);
      yield* finished.splice(0);
    }
    while (running.size > 0 && failure === undefined) {
      await Promise.race(running);
      yield* finished.splice(0);
    }
    if (failure === undefined) yield* finished.splice(0);
  } finally {
    if (running.size > 0) stop.abort(new Error("nobody waits any more"));
    await Promise.allSettled(running);
  }
  if (failure !== undefined) throw failure.error;
}

/** Hands items through; while none comes, gives what `tick` says, every `everyMs`. */
export async function* withTicks<T>(
  items: AsyncIterable<T>,
  tick: () => T | undefined,
  everyMs: number,
  clock: Clock,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  const over = new AbortController();
  let pending: Promise<IteratorResult<T>> | undefined;
  try {
    for (;;) {
      pending ??= iterator.next();
      const timer = new AbortController();
      const pause = clock.sleep(everyMs, AbortSignal.any([timer.signal, over.signal])).then(
        () => undefined,
        () => undefined,
      );
      const step = await Promise.race([pending, pause]);
      timer.abort();
      if (step === undefined) {
        const said = tick();
        if (said !== undefined) yield said;
        continue;
      }
      pending = undefined;
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    over.abort();
    // Whoever left in the middle still waits for what runs to let go.
    await pending?.catch(() => undefined);
    await iterator.return?.();
  }
}
