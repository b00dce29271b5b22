import { closeSync, readdirSync, readFileSync } from "node:fs";

const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes what the background process got from whoever ran `syncline up`: a
 * lock or a pipe that stays open would hold its other end up for days.
 *
 * Called first of all. Node opens everything with close-on-exec and marks low
 * inherited descriptors so, too, but those behind a gap pass through it; what
 * is not marked is not ours. Only Linux tells; elsewhere nothing is closed.
 */
export function closeInherited(kept: ReadonlySet<number>): void {
  for (const descriptor of listDescriptors()) {
    if (descriptor <= 2 || kept.has(descriptor) || !isInherited(descriptor)) continue;
    try {
      closeSync(descriptor);
    } catch {
      // It was the listing's own and is gone.
    }
  }
}

function listDescriptors(): readonly number[] {
  try {
    return readdirSync("/proc/self/fd").map(Number);
  } catch {
    return [];
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false;
  }
}
