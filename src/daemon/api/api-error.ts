/** Failures as documents: what HTTP, the command line and `--json` show. */
import type { z } from "zod";
import type { ApiError } from "../../shared/api.ts";
import { EXIT, SyncError } from "../../shared/errors.ts";

const STATUS_BY_EXIT: Readonly<Record<number, number>> = {
  [EXIT.usage]: 400,
  [EXIT.notFound]: 404,
  [EXIT.notAllowed]: 403,
  [EXIT.offline]: 503,
  [EXIT.notRunning]: 503,
  [EXIT.duplicate]: 409,
  [EXIT.badCode]: 403,
  [EXIT.diskFull]: 507,
};

const STATUS_BY_CODE: Readonly<Record<string, number>> = {
  E_NOT_SIGNED_IN: 401,
  E_TOO_MANY_TRIES: 429,
  E_BAD_DATA: 422,
};

/** The failure that a caller is told of: bugs and strange errors are E_INTERNAL. */
export function asSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error;
  if (error instanceof Error && error.name === "AbortError")
    return new SyncError("E_NOT_RUNNING", "the daemon is stopping", { cause: error });
  return new SyncError("E_INTERNAL", error instanceof Error ? error.message : String(error), { cause: error });
}

export function errorDocument(error: SyncError): ApiError {
  const { code, exit, message, hint } = error;
  const { index } = error.facts;
  return { v: 1, type: "error", code, exit, message, hint, ...(typeof index === "number" ? { index } : {}) };
}

export function httpStatus(error: SyncError): number {
  return STATUS_BY_CODE[error.code] ?? STATUS_BY_EXIT[error.exit] ?? 500;
}

/** What is wrong with a request's input, as E_USAGE. */
export function badInput(error: z.ZodError): SyncError {
  const issue = error.issues[0];
  const field = issue?.path.join(".") ?? "";
  const about = field === "" ? "the request" : field;
  return new SyncError("E_USAGE", `${about}: ${issue?.message ?? "is not allowed"}`);
}
