import { expect, test } from "vitest";
import { REMOVED, redact, secretWords } from "../../../src/cli/support/redact.ts";

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg
-----END PRIVATE KEY-----
`;

test.each([
  { name: "a private key", text: `before\n${KEY}after`, secret: "MIGHAgEAMBMGByqGSM49" },
  { name: "a private key in JSON", text: JSON.stringify({ text: KEY }), secret: "MIGHAgEAMBMGByqGSM49" },
  { name: "half a private key", text: KEY.slice(0, 60), secret: "MIGHAgEAMBMGByqGSM49" },
  { name: "a pairing code", text: 'joined with "7-482913" now', secret: "482913" },
  { name: "a pairing link", text: "syncline:pair?d=ABC&c=7&k=c2VjcmV0&a=1.2.3.4", secret: "c2VjcmV0" },
  { name: "a link that signs in", text: "http://127.0.0.1:4778/#k=abc-DEF_1", secret: "abc-DEF_1" },
  { name: "a password's hash", text: "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", secret: "c2FsdA" },
  { name: "a field", text: '{"apiToken":"s3cr\\"et","n":1}', secret: "s3cr" },
  { name: "a field in JSON in JSON", text: String.raw`{"m":"{\"password\":\"hunter2\"}"}`, secret: "hunter2" },
  { name: "a setting", text: "SYNCLINE_TOKEN=hunter2 next", secret: "hunter2" },
  { name: "a header", text: "Authorization: Bearer aaa.bbb", secret: "aaa.bbb" },
])("$name is removed", ({ text, secret }) => {
  const result = redact(text, []);
  expect(result).toContain(REMOVED);
  expect(result).not.toContain(secret);
});

test.each([
  '{"code":"E_PEER_OFFLINE","exit":6}',
  '{"bytes":1234567,"time":"2026-07-01T16:00:00.000Z"}',
  "LGFPDIT-7SKNNJL-VJZA4FC-7QNCRKA-CE753K7-2BW5QDK-2FOZ7FR-FEP57QJ",
  "b3:4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b at 127.0.0.1:4777",
])("%s stays", (text) => {
  expect(redact(text, [])).toBe(text);
});

test("the words of secret files are removed wherever they stand", () => {
  const words = secretWords([KEY, '{"tokenHash":"0123456789abcdef0123","role":"admin"}']);
  expect(words).toContain("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg");
  const device = "LGFPDIT-7SKNNJL-VJZA4FC-7QNCRKA-CE753K7-2BW5QDK-2FOZ7FR-FEP57QJ";
  expect(secretWords([`{"from":"${device}"}`])).toEqual([]);
  expect(redact("x0123456789abcdef0123y admin", words)).toBe(`x${REMOVED}y admin`);
});
