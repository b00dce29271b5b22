/** How a failure is told. */
import type { ApiError } from "../shared/api.ts";
import { ERRORS, EXIT, SyncError } from "../shared/errors.ts";
import { printable, printableLines } from "../shared/printable.ts";
import type { Io } from "./io.ts";

/** A failure that the daemon reported. */
export class ApiFailure extends Error {
  readonly document: ApiError & { readonly stack?: string };

  constructor(document: ApiError & { readonly stack?: string }) {
    super(document.message);
    this.name = "ApiFailure";
    this.document = document;
  }
}

/** The failure as scripts get it. */
function failureDocument(error: unknown): ApiError {
  if (error instanceof ApiFailure) {
    const { code, exit, message, hint } = error.document;
    return { v: 1, type: "error", code, exit, message, hint };
  }
  if (error instanceof SyncError)
    return { v: 1, type: "error", code: error.code, exit: error.exit, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { v: 1, type: "error", code: "E_INTERNAL", exit: EXIT.other, message, hint: ERRORS.E_INTERNAL.hint };
}

/** Tells it on standard error and returns the exit code. */
export function reportFailure(
  error: unknown,
  io: Io,
  how: { readonly json: boolean; readonly verbose: boolean },
): number {
  const document = failureDocument(error);
  if (how.json) io.err(`${JSON.stringify(document)}\n`);
  else io.err(`syncline: ${printable(document.message)} (${document.code})\n  next: ${printable(document.hint)}\n`);
  const stack = how.verbose ? stackOf(error) : undefined;
  if (stack !== undefined && !how.json) io.err(`${printableLines(stack)}\n`);
  return document.exit;
}

function stackOf(error: unknown): string | undefined {
  if (error instanceof ApiFailure) return error.document.stack;
  return error instanceof Error ? error.stack : undefined;
}
