import * as fc from "fast-check";
import { expect, test } from "vitest";
import { cleanText } from "../../../src/peer/pairing/byte-fields.ts";
import { decodeMessage, encodeMessage, type PairingMessage } from "../../../src/peer/pairing/messages.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import { parseFolderId } from "../../../src/shared/ids.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { hex } from "./hex.ts";

const tag = new Uint8Array(64).fill(5);
const share = new Uint8Array(32).fill(6);
const addresses = [
  { host: "10.0.0.7", port: 4777 },
  { host: "fd00::7", port: 4777 },
];
const folders = [{ id: parseFolderId("docs-k3v9q"), label: "Docs & Ärger", rights: "write" as const }];

const MESSAGES: readonly PairingMessage[] = [
  { type: "start", kind: "code", channel: 7, share },
  { type: "start", kind: "link", channel: 0, share },
  { type: "share", share },
  { type: "proof", tag },
  { type: "wrong", triesLeft: 2 },
  { type: "ended", tag, reason: "used", by: "10.0.0.9" },
  { type: "ended", tag, reason: "expired", by: undefined },
  { type: "offer", tag, offer: { deviceName: "desk", role: "user", folders, addresses } },
  { type: "offer", tag, offer: { deviceName: "desk", role: "admin", folders: [], addresses: [] } },
  { type: "details", details: { deviceName: "läptop", addresses } },
  { type: "declined", code: "E_FOLDER_OVERLAP" },
  { type: "done" },
];

function isRefused(bytes: Uint8Array): boolean {
  try {
    decodeMessage(bytes);
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(SyncError);
    expect((error as SyncError).code).toBe("E_PROTOCOL");
    return true;
  }
}

test.each(MESSAGES)("a message survives being written and read: $type", (message) => {
  expect(decodeMessage(encodeMessage(message))).toEqual(message);
});

test.each(MESSAGES)("every cut and every surplus byte is refused: $type", (message) => {
  const bytes = encodeMessage(message);
  for (let end = 0; end < bytes.length; end++) expect(isRefused(bytes.subarray(0, end))).toBe(true);
  expect(isRefused(Uint8Array.from([...bytes, 0]))).toBe(true);
});

test("the bytes are kept: another implementation relies on them", () => {
  expect(hex(encodeMessage({ type: "start", kind: "code", channel: 7, share }))).toBe(`000007${"06".repeat(32)}`);
  expect(hex(encodeMessage({ type: "wrong", triesLeft: 2 }))).toBe("0302");
  expect(
    hex(encodeMessage({ type: "details", details: { deviceName: "ab", addresses: [{ host: "1.2.3.4", port: 5 }] } })),
  ).toBe("060261620109312e322e332e343a35");
  expect(hex(encodeMessage({ type: "done" }))).toBe("08");
});

test("bytes of any kind give a message or E_PROTOCOL", () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void isRefused(bytes)),
    { numRuns: 2000 },
  );
  const mutated = fc.tuple(fc.constantFrom(...MESSAGES), fc.nat(), fc.integer({ min: 0, max: 255 }));
  void fc.assert(
    fc.property(mutated, ([message, at, value]) => {
      const bytes = encodeMessage(message);
      bytes[at % bytes.length] = value;
      isRefused(bytes);
    }),
    { numRuns: 2000 },
  );
});

test("the largest offer fits into one message, and a longer message is refused unread", () => {
  const offer = {
    deviceName: "n".repeat(500),
    role: "user" as const,
    folders: Array.from({ length: LIMITS.inviteFolders.value }, () => ({
      id: parseFolderId("f".repeat(64)),
      label: "ü".repeat(300),
      rights: "read" as const,
    })),
    addresses: Array.from({ length: 30 }, (_, index) => ({ host: `${"h".repeat(70)}${10 + index}`, port: 65_535 })),
  };
  const bytes = encodeMessage({ type: "offer", tag, offer });
  expect(bytes.length).toBeLessThanOrEqual(LIMITS.pairingMessageBytes.value);
  expect(isRefused(bytes)).toBe(false);
  expect(isRefused(new Uint8Array(LIMITS.pairingMessageBytes.value + 1))).toBe(true);
});

test.each([
  { name: "a colour code", text: "desk\u001b[31m", clean: "desk [31m" },
  { name: "a line break", text: "de\nsk", clean: "de sk" },
  { name: "a right-to-left mark", text: "a\u202eb", clean: "a b" },
  { name: "half a character", text: "a\ud800", clean: "a\ufffd" },
  { name: "spaces around", text: "  desk ", clean: "desk" },
])("a name with $name is cleaned before sending", ({ text, clean }) => {
  expect(cleanText(text, 64)).toBe(clean);
});

test("a name is cut between characters", () => {
  expect(cleanText("ü".repeat(40), 64)).toBe("ü".repeat(32));
  expect(cleanText("🦦".repeat(17), 64)).toBe("🦦".repeat(16));
});

test("a name with control characters is refused when received", () => {
  expect(isRefused(Uint8Array.from([6, 3, 0x61, 0x1b, 0x62, 0]))).toBe(true);
  expect(isRefused(Uint8Array.from([6, 2, 0xff, 0xfe, 0]))).toBe(true);
  expect(isRefused(Uint8Array.from([6, 0, 0]))).toBe(true);
});
