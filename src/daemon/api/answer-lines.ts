/** Documents as lines of JSON, in pieces that are worth a write each. */
import { API_VERSION } from "../../shared/api-routes.ts";

/** A piece grows until it holds this much. */
export const PIECE_CHARACTERS: number = 64 * 1024;

/** One document as a line, with the version that every document carries. */
export function lineOf(document: unknown): string {
  const text = JSON.stringify(document);
  // Written into the text: copying a document takes as long as writing it.
  return text === "{}" ? `{"v":${API_VERSION}}\n` : `{"v":${API_VERSION},${text.slice(1)}\n`;
}

/**
 * Gathers lines into larger pieces. A piece goes out when it is large, or when
 * the next line is not there within the same turn of the event loop: so a long
 * list costs few writes, and a slow one shows each line at once. Between two
 * pieces others have their turn.
 */
export async function* inPieces(lines: AsyncIterable<string>): AsyncGenerator<string> {
  const iterator = lines[Symbol.asyncIterator]();
  let text = "";
  let turn = Promise.resolve<undefined>(undefined);
  try {
    let next = iterator.next();
    for (;;) {
      const result = text === "" ? await next : await Promise.race([next, turn]);
      if (result?.done === true) break;
      if (result !== undefined) {
        // From its first line on: before that one may have waited for long.
        if (text === "") turn = nextTurn();
        text += result.value;
        next = iterator.next();
        // Whoever stops reading leaves this one behind.
        next.catch(() => {});
        if (text.length < PIECE_CHARACTERS) continue;
        await turn;
      }
      const piece = text;
      text = "";
      yield piece;
    }
    if (text !== "") yield text;
  } catch (error) {
    if (text !== "") yield text;
    throw error;
  } finally {
    await iterator.return?.();
  }
}

function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}
