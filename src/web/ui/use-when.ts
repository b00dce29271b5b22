import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { changes, link } from "../api/live.ts";

const PAUSE_MS = 250;
/** What takes long is asked for less often: a list of 100,000 files is not read four times a second. */
const REST_FACTOR = 20;

/**
 * Calls `act` when the daemon is back, and with `live` a moment after anything
 * happened: once for many changes in a row. What is rendered meanwhile does not
 * call it off. `tookMs` says how long it took the last time, `restMs` how long at
 * least nothing is asked.
 */
export function useWhenChanged(
  act: () => Promise<void>,
  options: { readonly live: boolean; readonly tookMs: () => number; readonly restMs?: number | undefined },
): void {
  const { live, tookMs, restMs = PAUSE_MS } = options;
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
        Math.max(restMs, latest.current.tookMs() * REST_FACTOR),
      );
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [source, live, restMs]);
}
