import type { Check } from "../../shared/api-node.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { plural } from "../render/format.ts";
import type { Session } from "../session.ts";

const MARKS = { ok: ["✓", "green"], warn: ["!", "yellow"], fail: ["✗", "red"], skip: ["-", "dim"] } as const;

/** Shows every check with a fix for what is wrong. Exit 3 when one fails. */
export const doctor: CommandHandler = async (session) => {
  const document = await session.call("doctor", {});
  if (session.globals.json) session.json(document);
  else session.print(renderChecks(session, document.checks));
  if (document.ok) return undefined;
  const failed = document.checks.filter(({ result }) => result === "fail").length;
  throw new SyncError("E_DOCTOR", `${plural(failed, "check")} failed`);
};

function renderChecks(session: Session, checks: readonly Check[]): string {
  if (session.globals.plain) {
    return checks
      .map(({ name, result, message, fix }) => [name, result, message, fix ?? ""].map(printable).join("\t"))
      .join("\n");
  }
  const width = Math.max(0, ...checks.map(({ title }) => title.length));
  const lines = checks.map(({ title, result, message, fix }) => {
    const [mark, style] = MARKS[result];
    const line = `${session.style(style, mark)} ${printable(title).padEnd(width)}  ${printable(message)}`;
    return fix === null ? line : `${line}\n    fix: ${printable(fix)}`;
  });
  const isWell = checks.every(({ result }) => result === "ok" || result === "skip");
  return isWell ? [...lines, "", "All is well."].join("\n") : lines.join("\n");
}
