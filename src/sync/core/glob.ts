/**
 * Matches paths against one gitignore pattern in time that no pattern can blow up.
 *
 * Regular expressions backtrack: four `**\/` of a pattern against a path of 240
 * parts took 35 s with the usual library. Here the last star alone is tried
 * again, both among characters and among parts, which is enough for globs:
 * the work is at most pattern length times text length.
 */

/** One part of a pattern, between slashes. */
type Part =
  | { readonly type: "any-parts" }
  | { readonly type: "literal"; readonly text: string }
  | { readonly type: "suffix"; readonly text: string }
  | { readonly type: "prefix"; readonly text: string }
  | { readonly type: "glob"; readonly tokens: readonly Token[] };

type Token =
  | { readonly type: "star" }
  | { readonly type: "one" }
  | { readonly type: "character"; readonly text: string }
  | { readonly type: "class"; readonly isNegated: boolean; readonly members: readonly Member[] };

/** Code points from `first` to `last`, both included. */
type Member = readonly [first: number, last: number];

/** A compiled pattern. */
export interface Glob {
  /** Matches the last part of a path alone, at any depth. */
  readonly isBaseNameOnly: boolean;
  readonly parts: readonly Part[];
}

/** ASCII classes as git has them. Source: git, wildmatch.c and sane-ctype.h */
const POSIX_CLASSES: ReadonlyMap<string, string> = new Map([
  ["alnum", "09AZaz"],
  ["alpha", "AZaz"],
  ["blank", "  \t\t"],
  ["cntrl", "\x00\x1f\x7f\x7f"],
  ["digit", "09"],
  ["graph", "!~"],
  ["lower", "az"],
  ["print", " ~"],
  ["punct", "!/:@[`{~"],
  ["space", "  \t\n\r\r"],
  ["upper", "AZ"],
  ["xdigit", "09AFaf"],
]);

/** Compiles what is left of a pattern line without `!` and without its final slash. Undefined when it can match nothing. */
export function compileGlob(pattern: string): Glob | undefined {
  const isBaseNameOnly = !pattern.includes("/");
  const text = pattern.startsWith("/") ? pattern.slice(1) : pattern;
  const parts: Part[] = [];
  for (const partText of text.split("/")) {
    if (partText === "") return undefined;
    if (/^\*{2,}$/.test(partText) && !isBaseNameOnly) {
      if (parts.at(-1)?.type !== "any-parts") parts.push({ type: "any-parts" });
      continue;
    }
    const part = compilePart(partText);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return { isBaseNameOnly, parts };
}

/** Whether a name matches a pattern that looks at names only. */
export function matchesName(glob: Glob, name: string): boolean {
  const part = glob.parts[0];
  return part !== undefined && matchesPart(part, name);
}

/** Whether a path, given as its parts, matches a pattern that looks at paths. */
export function matchesPath({ parts }: Glob, path: readonly string[]): boolean {
  let part = 0;
  let at = 0;
  let retryPart = -1;
  let retryAt = 0;
  while (at < path.length) {
    const wanted = parts[part];
    if (wanted?.type === "any-parts") {
      retryPart = ++part;
      retryAt = at;
    } else if (wanted !== undefined && matchesPart(wanted, path[at] as string)) {
      part++;
      at++;
    } else if (retryPart >= 0) {
      part = retryPart;
      at = ++retryAt;
    } else {
      return false;
    }
  }
  return part === parts.length;
}

function matchesPart(part: Part, name: string): boolean {
  switch (part.type) {
    case "literal":
      return name === part.text;
    case "suffix":
      return name.endsWith(part.text);
    case "prefix":
      return name.startsWith(part.text);
    case "glob":
      return matchesTokens(part.tokens, Array.from(name));
    case "any-parts":
      return true;
  }
}

function matchesTokens(tokens: readonly Token[], name: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let retryToken = -1;
  let retryAt = 0;
  while (at < name.length) {
    const wanted = tokens[token];
    if (wanted?.type === "star") {
      retryToken = ++token;
      retryAt = at;
    } else if (wanted !== undefined && matchesCharacter(wanted, name[at] as string)) {
      token++;
      at++;
    } else if (retryToken >= 0) {
      token = retryToken;
      at = ++retryAt;
    } else {
      return false;
    }
  }
  while (tokens[token]?.type === "star") token++;
  return token === tokens.length;
}

function matchesCharacter(token: Token, character: string): boolean {
  switch (token.type) {
    case "character":
      return token.text === character;
    case "class": {
      const point = character.codePointAt(0) ?? 0;
      return token.members.some(([first, last]) => first <= point && point <= last) !== token.isNegated;
    }
    case "one":
    case "star":
      return true;
  }
}

function compilePart(text: string): Part | undefined {
  const tokens = readTokens(Array.from(text));
  if (tokens === undefined) return undefined;
  const [first, last] = [tokens[0], tokens.at(-1)];
  const textOf = (list: readonly Token[]): string | undefined =>
    list.every((token) => token.type === "character") ? list.map((token) => token.text).join("") : undefined;
  const literal = textOf(tokens);
  if (literal !== undefined) return { type: "literal", text: literal };
  const suffix = first?.type === "star" ? textOf(tokens.slice(1)) : undefined;
  if (suffix !== undefined) return { type: "suffix", text: suffix };
  const prefix = last?.type === "star" ? textOf(tokens.slice(0, -1)) : undefined;
  if (prefix !== undefined) return { type: "prefix", text: prefix };
  return { type: "glob", tokens };
}

function readTokens(text: readonly string[]): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (character === "*") {
      if (tokens.at(-1)?.type !== "star") tokens.push({ type: "star" });
    } else if (character === "?") {
      tokens.push({ type: "one" });
    } else if (character === "\\") {
      const escaped = text[++i];
      if (escaped === undefined) return undefined;
      tokens.push({ type: "character", text: escaped });
    } else if (character === "[") {
      const found = readClass(text, i + 1);
      if (found === undefined) return undefined;
      tokens.push(found.token);
      i = found.end;
    } else {
      tokens.push({ type: "character", text: character });
    }
  }
  return tokens;
}

/** Reads a bracket expression from behind its `[`, member by member as git does. Undefined when it never closes. */
function readClass(
  text: readonly string[],
  start: number,
): { readonly token: Token; readonly end: number } | undefined {
  const isNegated = text[start] === "!" || text[start] === "^";
  const members: Member[] = [];
  let from: number | undefined;
  let i = isNegated ? start + 1 : start;
  // The first member is taken whatever it is, so a leading `]` is one.
  for (let isFirst = true; isFirst || text[i] !== "]"; isFirst = false) {
    let character = text[i];
    if (character === undefined) return undefined;
    if (character === "[" && text[i + 1] === ":") {
      const close = text.indexOf("]", i + 2);
      if (close === -1) return undefined;
      if (close > i + 2 && text[close - 1] === ":") {
        const points = Array.from(POSIX_CLASSES.get(text.slice(i + 2, close - 1).join("")) ?? "", codePoint);
        if (points.length === 0) return undefined;
        for (let p = 0; p < points.length; p += 2) members.push([points[p] as number, points[p + 1] as number]);
        from = undefined;
        i = close + 1;
        continue;
      }
    }
    const isRange = character === "-" && from !== undefined && text[i + 1] !== undefined && text[i + 1] !== "]";
    if (isRange) character = text[++i] as string;
    if (character === "\\") character = text[++i];
    if (character === undefined) return undefined;
    const point = codePoint(character);
    members.push([isRange ? (from as number) : point, point]);
    from = isRange ? undefined : point;
    i++;
  }
  return { token: { type: "class", isNegated, members }, end: i };
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
