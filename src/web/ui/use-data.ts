import { type ReadonlySignal, type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { changes, link } from "../api/live.ts";

export interface Data<T> {
  /** The last answer; stays while it is asked anew. */
  readonly value: T | undefined;
  readonly error: unknown;
  readonly reload: () => Promise<void>;
}

const PAUSE_MS = 250;
/** What takes long is asked for less often: a list of 100,000 files is not read four times a second. */
const REST_FACTOR = 10;

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
  const tookMs = useSignal(0);
  const run = useSignal<AbortController | undefined>(undefined);
  const reload = async (): Promise<void> => {
    run.peek()?.abort();
    const mine = new AbortController();
    run.value = mine;
    const begun = performance.now();
    try {
      const answer = await ask(mine.signal);
      if (mine.signal.aborted) return;
      value.value = answer;
      error.value = undefined;
      shownKey.value = key;
      tookMs.value = performance.now() - begun;
    } catch (failure) {
      if (!mine.signal.aborted) error.value = failure;
    }
  };
  useEffect(() => {
    void reload();
    return () => run.peek()?.abort();
  }, [key]);
  const pauseMs = (): number => Math.max(PAUSE_MS, tookMs.peek() * REST_FACTOR);
  useWhen(options.live === true ? changes : link, reload, { isCounter: options.live === true, pauseMs });
  return { value: shownKey.value === key ? value.value : undefined, error: error.value, reload };
}

/**
 * Calls `act` a moment after the signal changed, and once for many changes in
 * a row. What is rendered meanwhile does not call it off.
 */
function useWhen(
  source: ReadonlySignal<unknown>,
  act: () => Promise<void>,
  { isCounter, pauseMs }: { readonly isCounter: boolean; readonly pauseMs: () => number },
): void {
  const latest = useRef({ act, pauseMs });
  latest.current = { act, pauseMs };
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
        void latest.current.act();
      }, latest.current.pauseMs());
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [source, isCounter]);
}
