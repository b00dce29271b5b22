import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** So long nothing more is typed, before it is looked for. */
export const TYPING_MS = 200;

/** A value once it has been the same for so long; `first` (else the value itself) until then. */
export function useSettled<T>(value: T, ms: number, first: T = value): T {
  const settled = useSignal(first);
  useEffect(() => {
    const timer = setTimeout(() => (settled.value = value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled.value;
}
