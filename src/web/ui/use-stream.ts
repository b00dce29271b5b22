import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isSeen, link } from "../api/live.ts";
import type { Data } from "./use-data.ts";

/** Lines of so long are shown together. */
const GATHER_MS = 250;

/**
 * What a route tells line by line, without an end. Asked at once, when `key`
 * changes, and anew when the daemon is back or the page is looked at again; what was told
 * before stays until then.
 */
export function useStream<Line, T>(
  route: {
    readonly follow: (signal: AbortSignal) => AsyncIterable<Line>;
    /** Whether there is nothing to tell yet: of that a stream tells nothing, either. */
    readonly isEmpty: (signal: AbortSignal) => Promise<boolean>;
    /** What is shown once some more lines are there. */
    readonly add: (shown: T | undefined, lines: readonly Line[]) => T;
  },
  key: string,
): Data<T> {
  const value = useSignal<T | undefined>(undefined);
  const error = useSignal<unknown>(undefined);
  const shownKey = useSignal(key);
  const tries = useSignal(0);
  useEffect(() => {
    if (!isSeen.value) return;
    const stop = new AbortController();
    let shown: T | undefined;
    let gathered: Line[] = [];
    const show = (): void => {
      shown = route.add(shown, gathered);
      gathered = [];
      [value.value, shownKey.value] = [shown, key];
    };
    const follow = async (): Promise<void> => {
      for await (const line of route.follow(stop.signal)) gathered.push(line);
    };
    const ask = async (): Promise<void> => {
      if ((await route.isEmpty(stop.signal)) && shown === undefined) show();
    };
    const fail = (failure: unknown): void => {
      if (!stop.signal.aborted) error.value = failure;
    };
    const timer = setInterval(() => {
      if (gathered.length > 0) show();
    }, GATHER_MS);
    error.value = undefined;
    follow().catch(fail);
    ask().catch(fail);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [key, link.value, isSeen.value, tries.value]);
  const reload = async (): Promise<void> => {
    tries.value++;
  };
  return { value: shownKey.value === key ? value.value : undefined, error: error.value, reload };
}
