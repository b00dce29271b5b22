import { expect, test } from "vitest";
import { drawBelow, drawSecret, formatCode, parseCode } from "../../../src/peer/pairing/code.ts";
import { formatLink, isLink, type PairingLink, parseLink } from "../../../src/peer/pairing/link.ts";
import { deviceIdFromHash } from "../../../src/shared/ids.ts";
import { seededRandom } from "../support.ts";

test.each(["7-482913", " 7-482913\n", "7 482913", "7482913", "7-482-913", "7 482 913", "7.482.913"])(
  "%j is read as 7-482913",
  (text) => {
    expect(parseCode(text)).toEqual({ channel: 7, secret: "482913" });
  },
);

test.each(["", "7", "7-48291", "7-4829133", "a-482913", "7-48291x", "77-482913", "７-482913", "7--482913", "-7482913"])(
  "%j is no code, and is not repeated in the error",
  (text) => {
    const refuse = (): unknown => parseCode(text);
    expect(refuse).toThrow(expect.objectContaining({ code: "E_USAGE", message: "that is not a pairing code" }));
  },
);

test("a code keeps the zeros of its secret", () => {
  expect(formatCode({ channel: 0, secret: "000042" })).toBe("0-000042");
  expect(parseCode("0-000042")).toEqual({ channel: 0, secret: "000042" });
});

test("drawn secrets have six digits and spread over all of them", () => {
  const random = seededRandom(1);
  const secrets = Array.from({ length: 2000 }, () => drawSecret(random));
  expect(secrets.every((secret) => /^\d{6}$/.test(secret))).toBe(true);
  for (const place of [0, 5]) {
    const counts = Array.from(
      { length: 10 },
      (_, digit) => secrets.filter((secret) => secret[place] === String(digit)).length,
    );
    expect(Math.min(...counts)).toBeGreaterThan(140);
    expect(Math.max(...counts)).toBeLessThan(260);
  }
});

test("a draw outside the even range is drawn again", () => {
  const draws = [
    [0xff, 0xff, 0xff, 0xff],
    [0, 0, 0, 9],
  ].map((bytes) => Uint8Array.from(bytes));
  expect(drawBelow(10 ** 6, { bytes: () => draws.shift() ?? new Uint8Array(4), fraction: () => 0 })).toBe(9);
});

const link: PairingLink = {
  device: deviceIdFromHash(new Uint8Array(32).fill(3)),
  channel: 4,
  secret: Uint8Array.from({ length: 16 }, (_, index) => index * 16),
  addresses: [
    { host: "192.168.1.5", port: 4777 },
    { host: "fd00::5", port: 4777 },
    { host: "desk.local", port: 1 },
  ],
};

test("a link survives being written and read", () => {
  expect(parseLink(` ${formatLink(link)}\n`)).toEqual(link);
  expect(formatLink(link)).toMatch(/^syncline:pair\?[\w=&.%-]+$/);
});

test("unknown fields of a link are ignored, bad addresses skipped", () => {
  expect(parseLink(`${formatLink({ ...link, addresses: [] })}&z=1&a=%00&a=*:1&a=desk:80`).addresses).toEqual([
    { host: "desk", port: 80 },
  ]);
});

test.each([
  { name: "another scheme", text: formatLink(link).replace("syncline", "http") },
  { name: "a short secret", text: formatLink({ ...link, secret: new Uint8Array(15) }) },
  { name: "a long secret", text: formatLink({ ...link, secret: new Uint8Array(17) }) },
  { name: "a device id with a wrong check letter", text: formatLink(link).replace(/d=./, "d=7") },
  { name: "no channel", text: formatLink(link).replace("c=4", "") },
  { name: "a channel of two digits", text: formatLink(link).replace("c=4", "c=44") },
  { name: "nothing", text: "syncline:pair?" },
  { name: "a novel", text: `${formatLink(link)}&a=${"x".repeat(5000)}` },
])("a link with $name is refused without repeating it", ({ text }) => {
  expect(() => parseLink(text)).toThrow(
    expect.objectContaining({ code: "E_USAGE", message: "that is not a whole pairing link" }),
  );
});

test("a link is told from a code", () => {
  expect([isLink(formatLink(link)), isLink("SYNCLINE:pair?x"), isLink("7-482913")]).toEqual([true, true, false]);
});
