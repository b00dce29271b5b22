import { useEffect, useRef } from "preact/hooks";
import { changes, isSeen, link, status } from "../api/live.ts";
import { type Asked, PAUSE_MS, Paced } from "../api/paced.ts";

/**
 * With `live`, asks anew when anything happened, and while something `goesOn` also when nothing did;
 * never more often than each `restMs`. What is rendered meanwhile does not call it off.
 */
export function useWhenChanged(
  asked: Asked,
  options: { readonly live: boolean; readonly restMs?: number; readonly goesOn?: boolean },
): void {
  const { live, restMs = PAUSE_MS, goesOn = false } = options;
  const latest = useRef(asked);
  latest.current = asked;
  useEffect(() => {
    if (!live) return;
    const paced = new Paced(() => latest.current, restMs);
    let isFirst = true;
    const unsubscribe = changes.subscribe(() => {
      if (!isFirst) paced.changed();
      isFirst = false;
    });
    const timer = goesOn ? setInterval(() => isSeen.value && paced.changed(), restMs) : undefined;
    return () => {
      clearInterval(timer);
      unsubscribe();
      paced.stop();
    };
  }, [live, restMs, goesOn]);
}

/** Calls `act` when the daemon is back: what was asked before may never be answered. */
export function useReturn(act: () => Promise<void>): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    let wasLost = false;
    return link.subscribe((now) => {
      if (now === "live" && wasLost) void latest.current();
      wasLost = now === "lost";
    });
  }, []);
}

/** Calls `act` when a peer that was gone is connected again: what it was asked meanwhile has failed. */
export function usePeerReturn(peer: string | undefined, act: () => Promise<void>): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (peer === undefined) return;
    let wasGone = false;
    return status.subscribe((now) => {
      const found = now?.peers.find(({ id, name }) => id === peer || name === peer);
      if (found === undefined) return;
      const isGone = found.state !== "connected";
      if (wasGone && !isGone) void latest.current();
      wasGone = isGone;
    });
  }, [peer]);
}
