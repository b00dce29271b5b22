/** What names and passwords of accounts may be: one rule for the daemon and what asks for them. Pure. */

/** Bounds that limits.ts tells of; apart from it, because the page has the rules but not all limits. */
export const PASSWORD_CHARACTERS_MIN = 8;
export const PASSWORD_BYTES_MAX = 1024;
const USER_NAME_CHARACTERS_MAX = 32;
/** Stands for whoever came by a link of `syncline open`, where a user is to be named. No account can have this name. */
export const LINK_USER = "@link";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Why a text is no name of an account; undefined when it is one. */
export function userNameFault(name: string): string | undefined {
  if (name === "") return "a user needs a name";
  if (name.length > USER_NAME_CHARACTERS_MAX) return `a user's name has at most ${USER_NAME_CHARACTERS_MAX} characters`;
  if (!NAME.test(name))
    return "a user's name is made of the letters a to z, digits, dots, dashes and underscores, and begins with a letter or digit";
  return undefined;
}

/** Why a text is no password for an account; undefined when it is one. Length is what counts; no kinds of characters are asked for (NIST SP 800-63B). */
export function passwordFault(password: string, name: string): string | undefined {
  const characters = [...password].length;
  if (characters === 0) return "the password is empty";
  if (characters < PASSWORD_CHARACTERS_MIN)
    return `the password is too short: it needs at least ${PASSWORD_CHARACTERS_MIN} characters`;
  if (new TextEncoder().encode(password).length > PASSWORD_BYTES_MAX)
    return `the password is longer than ${PASSWORD_BYTES_MAX} bytes`;
  if (password.toLowerCase() === name.toLowerCase()) return "the password is the user's name";
  if (new Set(password).size === 1) return "the password is one character over and over";
  return undefined;
}
