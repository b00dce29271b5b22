import { signal } from "@preact/signals";

const STEP_MS = 15_000;

/** The time, renewed often enough for "5 min ago". */
export const minute = signal(Date.now());

setInterval(() => {
  if (!document.hidden) minute.value = Date.now();
}, STEP_MS);
