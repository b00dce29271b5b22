/** Uploads and downloads as people read them. */
import type { FileResult, TransferLine, TransferView } from "../../shared/api-transfers.ts";
import { describeSaved } from "../../shared/bandwidth-saved.ts";
import { printable } from "../../shared/printable.ts";
import { formatBytes, formatClock, plural } from "./format.ts";
import { bar } from "./progress.ts";

/** Rates are over this time, so that they do not jump. */
const WINDOW_MS = 5000;

type ProgressLine = Extract<TransferLine, { type: "progress" }>;
type Summary = Extract<TransferLine, { type: "summary" }>;

interface Sample {
  readonly timeMs: number;
  readonly doneBytes: number;
  readonly wireBytes: number;
}

/** Follows one transfer, or the sum of several. */
export class TransferProgress {
  readonly #samples: Sample[] = [];
  #last: ProgressLine | undefined;

  add(line: ProgressLine, timeMs: number): void {
    this.#last = line;
    this.#samples.push({ timeMs, doneBytes: line.doneBytes, wireBytes: line.wireBytes });
    while ((this.#samples[1]?.timeMs ?? Number.POSITIVE_INFINITY) < timeMs - WINDOW_MS) this.#samples.shift();
  }

  get last(): ProgressLine | undefined {
    return this.#last;
  }

  /** `a.iso  ━━━━━━━━╸  88%  1.1/1.2 GB  112.0 MB/s  wire 9.0 MB/s  ETA 0:01` */
  line(label: string): string {
    const last = this.#last;
    if (last === undefined) return printable(label);
    const name = printable(label);
    if (last.state === "paused") return `${name}  paused at ${formatBytes(last.doneBytes)}`;
    if (last.state === "waiting") return `${name}  waiting for the other device to come back`;
    if (last.state === "reading") return `${name}  looking at what there is`;
    const { fileRate, wireRate } = this.#rates();
    const rates = `${formatBytes(Math.round(fileRate))}/s  wire ${formatBytes(Math.round(wireRate))}/s`;
    if (last.bytes === null) return `${name}  ${formatBytes(last.doneBytes)}  ${rates}`;
    const share = last.bytes === 0 ? 1 : Math.min(1, last.doneBytes / last.bytes);
    const eta =
      fileRate > 0 ? `  ETA ${formatClock((Math.max(0, last.bytes - last.doneBytes) / fileRate) * 1000)}` : "";
    const files = last.files !== null && last.files > 1 ? `${last.doneFiles}/${last.files} files  ` : "";
    const done = `${files}${formatBytes(last.doneBytes)}/${formatBytes(last.bytes)}`;
    return `${name}  ${bar(share)}  ${Math.floor(share * 100)}%  ${done}  ${rates}${eta}`;
  }

  #rates(): { readonly fileRate: number; readonly wireRate: number } {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    const seconds = first === undefined || last === undefined ? 0 : (last.timeMs - first.timeMs) / 1000;
    if (first === undefined || last === undefined || seconds <= 0) return { fileRate: 0, wireRate: 0 };
    return {
      fileRate: Math.max(0, last.doneBytes - first.doneBytes) / seconds,
      wireRate: Math.max(0, last.wireBytes - first.wireBytes) / seconds,
    };
  }
}

/** What became of one file; undefined for what needs no line of its own. */
export function fileLine(file: FileResult): string {
  const name = printable(file.path);
  switch (file.outcome) {
    case "stored": {
      const hash = file.hash === null ? "" : `  ${file.hash}`;
      return `${name} → ${printable(file.storedAs ?? "")}${hash}`;
    }
    case "unchanged":
      return `${name} is there already, with the same content: nothing was changed`;
    case "skipped":
      return `${name} exists: skipped`;
    case "exists":
    case "failed":
      return printable(`${file.path}: ${file.message ?? "failed"} (${file.code ?? "E_INTERNAL"})`);
  }
}

/** The line at the end: always file bytes, wire bytes and what was saved. */
export function endLine(summary: Summary): string {
  const { stored, unchanged, skipped, failed, fileBytes, wireBytes, durationMs, transport, why } = summary;
  const counts = [
    plural(stored, "file"),
    ...(unchanged > 0 ? [`${unchanged} unchanged`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ].join(", ");
  const seconds = durationMs / 1000;
  const rate = seconds > 0 && fileBytes > 0 ? ` (${formatBytes(Math.round(fileBytes / seconds))}/s)` : "";
  const saved = describeSaved(fileBytes, wireBytes);
  const way = transport === null ? (why ?? "") : `${transport}: ${why ?? ""}`;
  return [
    counts,
    `${formatBytes(fileBytes)} in ${seconds.toFixed(1)} s${rate}`,
    `wire ${formatBytes(wireBytes)}`,
    ...(saved === "" ? [] : [saved]),
    printable(way),
  ].join("  ");
}

/** A row of `transfers list`. */
export function transferCells(view: TransferView): readonly string[] {
  const arrow = view.direction === "in" ? "↓" : "↑";
  const device = view.deviceName ?? "self";
  const who = view.user === null ? device : `${device} (${view.user})`;
  const { progress } = view;
  const done = progress === null ? view.fileBytes : progress.doneBytes;
  const whole = progress?.bytes == null ? "" : `/${formatBytes(progress.bytes)}`;
  return [
    String(view.id),
    view.state,
    `${arrow} ${view.kind}${view.side === "served" && view.kind !== "sync" ? " (by it)" : ""}`,
    who,
    view.path === "" ? view.folder : `${view.folder}/${view.path}${view.version === null ? "" : `@${view.version}`}`,
    `${formatBytes(done)}${whole}`,
    view.device === null ? "" : describeSaved(view.fileBytes, view.wireBytes),
  ];
}
