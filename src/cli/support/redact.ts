/**
 * Takes secrets out of texts that are to be shown to others. Pure.
 *
 * Two nets: what the home's own secret files hold, wherever it stands, and
 * everything that looks like a secret of Syncline's.
 */

export const REMOVED = "[removed]";

/** Shorter words of a secret file are no secrets: `null`, a name, a role. */
const SECRET_LENGTH_MIN = 16;
/** Nor are the ids of devices, which a session and a login name. */
const DEVICE_ID = /^[A-Z2-7]{7}(?:-[A-Z2-7]{5,7})+$/;

/** Names of fields, as they end up in logs and settings. */
const SECRET_NAMES =
  "password|passphrase|passwd|secret|token|cookie|authorization|private[-_]?key|key[-_]?pem|pairing[-_]?code|invite[-_]?code|api[-_]?key|credentials?";

const PATTERNS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, REMOVED],
  [/\bsyncline:pair\?[^\s"'<>\\]+/gi, REMOVED],
  // A link that signs in, whole or its end.
  [/#k=[\w%+/=-]+/g, `#k=${REMOVED}`],
  [/\$(argon2(id|i|d)|scrypt|2[aby])\$[^\s"'\\]+/g, REMOVED],
  [/\bBearer\s+[\w.~+/=-]+/gi, `Bearer ${REMOVED}`],
  [new RegExp(String.raw`("[\w-]*(?:${SECRET_NAMES})\w*"\s*:\s*)"(?:[^"\\]|\\.)*"`, "gi"), `$1"${REMOVED}"`],
  // The same in JSON inside of JSON.
  [
    new RegExp(String.raw`(\\+"[\w-]*(?:${SECRET_NAMES})\w*\\+"\s*:\s*)(\\+")(?:(?!\\+").)*\2`, "gi"),
    `$1$2${REMOVED}$2`,
  ],
  [new RegExp(String.raw`\b([\w-]*(?:${SECRET_NAMES})\w*\s*[=:]\s*)(?!["[\\])[^\s,;&"'\\]+`, "gi"), `$1${REMOVED}`],
  // A pairing code, as it is typed.
  [/(?<![\w.:-])\d-\d{3}[- ]?\d{3}(?![\w.:-])/g, REMOVED],
];

/** The words of secret files that must not be seen anywhere, longest first. */
export function secretWords(texts: readonly string[]): readonly string[] {
  const words = texts
    .flatMap((text) => text.split(/[^\w+/=.-]+/))
    .filter((word) => word.length >= SECRET_LENGTH_MIN && !DEVICE_ID.test(word));
  return [...new Set(words)].sort((a, b) => b.length - a.length);
}

export function redact(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) result = result.replaceAll(secret, REMOVED);
  for (const [pattern, replacement] of PATTERNS) result = result.replaceAll(pattern, replacement);
  return result;
}
