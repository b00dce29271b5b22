import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { ApiFailure } from "../failure.ts";
import type { Session } from "../session.ts";

/**
 * Runs a command for each path that was named: a failure of one does not keep
 * the others from their turn. Throws that failure when there was one path,
 * else E_PARTIAL with what is wrong with each.
 */
export async function forEachPath(
  session: Session,
  texts: readonly string[],
  run: (text: string) => Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  for (const text of texts) {
    try {
      await run(text);
    } catch (error) {
      const isExpected = error instanceof SyncError || error instanceof ApiFailure;
      if (!isExpected || texts.length === 1 || session.signal.aborted) throw error;
      failures.push(`${text}: ${error.message}`);
    }
  }
  if (failures.length > 0)
    throw new SyncError("E_PARTIAL", `${failures.length} of ${texts.length} failed: ${printable(failures.join("; "))}`);
}
