import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { changes, link } from "../api/live.ts";

const PAUSE_MS = 250;
/** What takes long is asked for less often: a list of 100,000 files is not read four times a second. */
const REST_FACTOR = 20;

/**
 * Calls `act` when the daemon is back, and with `live` a moment after anything
 * happened: once for many changes in a row. What is rendered meanwhile does not
 * call it off. `tookMs` says how long it took the last time.
 */
export function useWhenChanged(
  act: () => Promise<void>,
  { live, tookMs }: { readonly live: boolean; readonly tookMs: () => number },
): void {
  const latest = useRef({ act, tookMs });
  latest.current = { act, tookMs };
  const source: ReadonlySignal<unknown> = live ? changes : link;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isFirst = true;
    const stop = source.subscribe((now) => {
      if (isFirst || (!live && now !== "live")) {
        isFirst = false;
        return;
      }
      timer ??= setTimeout(
        () => {
          timer = undefined;
          void latest.current.act();
        },
        Math.max(PAUSE_MS, latest.current.tookMs() * REST_FACTOR),
      );
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [source, live]);
}
