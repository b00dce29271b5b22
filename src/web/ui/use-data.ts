import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isLost } from "../api/client.ts";
import { useReturn, useWhenChanged } from "./use-when.ts";

export interface Data<T> {
  /** The last answer; stays while it is asked anew. */
  readonly value: T | undefined;
  readonly error: unknown;
  readonly reload: () => Promise<void>;
}

interface Run {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * What a route answers: asked at once, when `key` changes, when the daemon is
 * back, and with `live` a moment after anything happened.
 */
export function useData<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  key: string,
  options: {
    readonly live?: boolean;
    readonly restMs?: number;
    /** Whether what was answered changes though nothing happens, or, before there is an answer, is worth another try. */
    readonly goesOn?: (value: T | undefined) => boolean;
    /** What was answered for another key stays until the next answer is there: a page of the same list. */
    readonly keeps?: boolean;
  } = {},
): Data<T> {
  const value: Signal<T | undefined> = useSignal<T | undefined>(undefined);
  const error: Signal<unknown> = useSignal<unknown>(undefined);
  const shownKey = useSignal(key);
  const tookMs = useSignal(0);
  const run = useSignal<Run | undefined>(undefined);
  const load = async (mine: AbortController): Promise<void> => {
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
  const reload = async (): Promise<void> => {
    run.peek()?.stop.abort();
    const stop = new AbortController();
    const done = load(stop);
    run.value = { stop, done };
    await done;
  };
  // Waits for the answer on its way: what takes longer than the next change would else never come.
  const refresh = async (): Promise<void> => {
    const running = run.peek();
    await running?.done;
    // Gone, or asked for something else meanwhile.
    if (running === undefined || (running === run.peek() && !running.stop.signal.aborted)) await reload();
  };
  useEffect(() => {
    void reload();
    return () => run.peek()?.stop.abort();
  }, [key]);
  // It is asked anew; until it is answered it has not failed.
  useReturn(async () => {
    if (isLost(error.peek())) error.value = undefined;
    await reload();
  });
  const { live = false, restMs } = options;
  const pace = { live, goesOn: options.goesOn?.(value.value) ?? false };
  useWhenChanged({ act: refresh, tookMs: () => tookMs.peek() }, restMs === undefined ? pace : { ...pace, restMs });
  const isShown = options.keeps === true || shownKey.value === key;
  return { value: isShown ? value.value : undefined, error: error.value, reload };
}
