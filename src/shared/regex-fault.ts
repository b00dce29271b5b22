/** Tells what is wrong with a regular expression, and where: the engine's own error does not say where. */
import { RegExpSyntaxError, RegExpValidator } from "@eslint-community/regexpp";

export interface RegexFault {
  readonly message: string;
  /** Position of the character, from 0, in UTF-16 units. */
  readonly index: number;
}

/**
 * The flags under which a pattern is valid: by code points where it can be,
 * else as lenient as most people's patterns are written (`\-`). Or its fault.
 */
export function regexFlags(pattern: string): { readonly flags: "u" | "" } | { readonly fault: RegexFault } {
  if (faultOf(pattern, true) === undefined) return { flags: "u" };
  const fault = faultOf(pattern, false);
  return fault === undefined ? { flags: "" } : { fault };
}

function faultOf(pattern: string, unicode: boolean): RegexFault | undefined {
  try {
    new RegExpValidator().validatePattern(pattern, 0, pattern.length, unicode);
    return undefined;
  } catch (error) {
    if (!(error instanceof RegExpSyntaxError)) throw error;
    const message = error.message.slice(error.message.lastIndexOf(": ") + 2);
    return { message, index: Math.min(error.index, pattern.length) };
  }
}
