import { ERRORS, type ErrorCode, SyncError } from "../../shared/errors.ts";

/** An error as data that crosses threads: cloning would strip its class and fields. */
export interface ErrorMessage {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly stack: string;
}

export function toErrorMessage(error: unknown): ErrorMessage {
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  if (!(error instanceof SyncError)) return { code: null, message, hint: "", facts: {}, stack };
  return { code: error.code, message, hint: error.hint, facts: error.facts, stack };
}

/** The error again: the failure a user meets with its code, or a bug with the stack of where it happened. */
export function fromErrorMessage({ code, message, hint, facts, stack }: ErrorMessage): Error {
  const error = code !== null && code in ERRORS ? new SyncError(code, message, { hint, facts }) : new Error(message);
  error.stack = stack;
  return error;
}
