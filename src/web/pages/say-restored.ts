import type { RestoreItem } from "../../shared/api-versions.ts";
import { plural } from "../text/format.ts";
import { say } from "../ui/toasts.tsx";

/** Says what came back, and what could not. */
export function sayRestored(items: readonly RestoreItem[]): void {
  const summary = items.find((item) => item.type === "summary");
  if (summary?.type !== "summary") return;
  const skipped = items.find((item) => item.type === "skipped");
  const rest =
    summary.skipped === 0
      ? ""
      : `; ${plural(summary.skipped, "file")} could not: ${skipped?.type === "skipped" ? skipped.message : ""}`;
  say(`${plural(summary.restored, "file is", "files are")} back${rest}`);
}
