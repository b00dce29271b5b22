/** What processes use, as Linux tells it; nothing elsewhere. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";

const TICKS_PER_SECOND = 100;
const MIB = 1024;

/** Whether memory and processor time of other processes can be read here. */
export const CAN_MEASURE: boolean = existsSync("/proc/self/status");

/** Forgets the most memory that a process has used so far. */
export function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Not allowed here: the peak then covers the start as well.
  }
}

/** The most resident memory since `forgetPeak`, in MiB. */
export function peakMiB(pid: number): number {
  return memoryOf(pid, "VmHWM");
}

export function residentMiB(pid: number): number {
  return memoryOf(pid, "VmRSS");
}

/** A process and the ones that it started. */
export function familyOf(pid: number): readonly number[] {
  const threads = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  const lists = threads.map((thread) => read(`/proc/${pid}/task/${thread}/children`));
  const children = lists.join(" ").split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(familyOf)];
}

function memoryOf(pid: number, row: string): number {
  const found = new RegExp(`^${row}:\\s+(\\d+) kB`, "m").exec(read(`/proc/${pid}/status`));
  return Math.round(Number(found?.[1] ?? Number.NaN) / MIB);
}

/** Processor seconds that a process has used, all its threads together. */
export function processorSeconds(pid: number): number {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    // Ended meanwhile, or not Linux.
    return "";
  }
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
