import { type ReadonlySignal, type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { changes, link } from "../api/live.ts";

export interface Data<T> {
  /** The last answer; stays while it is asked anew. */
  readonly value: T | undefined;
  readonly error: unknown;
  readonly reload: () => Promise<void>;
}

const PAUSE_MS = 250;

/**
 * What a route answers: asked at once, when `key` changes, when the daemon is
 * back, and with `live` a moment after anything happened.
 */
export function useData<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  key: string,
  options: { readonly live?: boolean } = {},
): Data<T> {
  const value: Signal<T | undefined> = useSignal<T | undefined>(undefined);
  const error: Signal<unknown> = useSignal<unknown>(undefined);
  const shownKey = useSignal(key);
  const run = useSignal<AbortController | undefined>(undefined);
  const reload = async (): Promise<void> => {
    run.peek()?.abort();
    const mine = new AbortController();
    run.value = mine;
    try {
      const answer = await ask(mine.signal);
      if (mine.signal.aborted) return;
      value.value = answer;
      error.value = undefined;
      shownKey.value = key;
    } catch (failure) {
      if (!mine.signal.aborted) error.value = failure;
    }
  };
  useEffect(() => {
    void reload();
    return () => run.peek()?.abort();
  }, [key]);
  useWhen(options.live === true ? changes : link, reload, options.live === true);
  return { value: shownKey.value === key ? value.value : undefined, error: error.value, reload };
}

/** Calls `act` a moment after the signal changed; of many changes in a row once each quarter of a second. */
function useWhen(source: ReadonlySignal<unknown>, act: () => Promise<void>, isCounter: boolean): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isFirst = true;
    const stop = source.subscribe((now) => {
      if (isFirst || (!isCounter && now !== "live")) {
        isFirst = false;
        return;
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        void act();
      }, PAUSE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  });
}
