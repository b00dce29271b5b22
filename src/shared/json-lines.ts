/** Tells on which line of a JSON text each key stands. */

export interface KeyLines {
  /** By the key's path as JSON: `["folders","docs"]`. Lines count from 1. */
  readonly lines: ReadonlyMap<string, number>;
  /** Keys given more than once in one object: `JSON.parse` would take the last without a word. */
  readonly repeated: readonly { readonly path: readonly string[]; readonly line: number }[];
}

/** Finds the lines of all keys. `text` has passed `JSON.parse`. */
export function keyLines(text: string): KeyLines {
  const lines = new Map<string, number>();
  const repeated: { path: readonly string[]; line: number }[] = [];
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}:,]|\n|[^\s"[\]{}:,]+/g);
  const stack: Level[] = [];
  let line = 1;
  for (const [token] of tokens) {
    const level = stack.at(-1);
    if (token === "\n") line++;
    else if (token === "{" || token === "[")
      stack.push({ isObject: token === "{", key: "", index: 0, expectsKey: token === "{" });
    else if (token === "}" || token === "]") stack.pop();
    else if (level === undefined) continue;
    else if (token === ",") {
      level.index++;
      level.expectsKey = level.isObject;
    } else if (token === ":") level.expectsKey = false;
    else if (level.expectsKey) {
      level.key = JSON.parse(token) as string;
      const path = stack.map((part) => (part.isObject ? part.key : String(part.index)));
      const name = JSON.stringify(path);
      if (lines.has(name)) repeated.push({ path, line });
      lines.set(name, line);
    }
  }
  return { lines, repeated };
}

interface Level {
  readonly isObject: boolean;
  key: string;
  index: number;
  expectsKey: boolean;
}
