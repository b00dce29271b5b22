import { describe, expect, test } from "vitest";
import {
  type Asked,
  askBytes,
  deadlineMs,
  hasRoom,
  nextRate,
  pickSteal,
  remainingMs,
  windowBytes,
} from "../../../src/sync/fetch/schedule.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

function asked(part: Partial<Asked>): Asked {
  return { bytes: MIB, sinceMs: 0, aheadBytes: MIB, bytesPerMs: 1000, ...part };
}

function rate(bytesPerMs: number | undefined, inFlightBytes = 0, inFlightCount = 0) {
  return { bytesPerMs, inFlightBytes, inFlightCount };
}

describe("a device's window", () => {
  test.each([
    { name: "half a second of what it brings", bytesPerMs: 10_000, bytes: 5_000_000 },
    { name: "not too little for a slow one", bytesPerMs: 1, bytes: 128 * KIB },
    { name: "not more than a connection lets through", bytesPerMs: 10 ** 6, bytes: 12 * MIB },
    { name: "a guess before its first answer", bytesPerMs: undefined, bytes: 512 * KIB },
  ])("$name", ({ bytesPerMs, bytes }) => {
    expect(windowBytes(bytesPerMs)).toBe(bytes);
  });

  test("one request is always allowed, another one while the window has room", () => {
    expect(hasRoom(rate(1, 0, 0))).toBe(true);
    expect(hasRoom(rate(1, 100 * KIB, 1))).toBe(true);
    expect(hasRoom(rate(1, 128 * KIB, 1))).toBe(false);
    expect(hasRoom(rate(10 ** 6, 24, 24))).toBe(false);
  });
});

test("failures in a row make requests smaller, down to one chunk's worth", () => {
  expect(askBytes(10 ** 6, 0)).toBe(MIB);
  expect(askBytes(10 ** 6, 2)).toBe(MIB / 4);
  expect(askBytes(10 ** 6, 50)).toBe(32 * KIB);
});

test("a rate follows what large answers tell, and small ones move it little", () => {
  expect(nextRate(undefined, MIB, 100)).toBe(MIB / 100);
  expect(nextRate(1000, MIB, MIB / 3000)).toBeCloseTo(2000);
  expect(nextRate(1000, 1, 1)).toBeCloseTo(900.1);
});

test("an answer may take ten times what was expected, within bounds", () => {
  expect(deadlineMs({ bytesPerMs: 1000, aheadBytes: 1_000_000 })).toBe(10_000);
  expect(deadlineMs({ bytesPerMs: 1000, aheadBytes: 1000 })).toBe(5000);
  expect(deadlineMs({ bytesPerMs: undefined, aheadBytes: MIB })).toBe(60_000);
});

test("what is late may take as long again as it is late", () => {
  expect(remainingMs(asked({ aheadBytes: 100_000 }), 40)).toBe(60);
  expect(remainingMs(asked({ aheadBytes: 100_000 }), 500)).toBe(400);
});

describe("a device with nothing to do", () => {
  const slow = asked({ aheadBytes: 2 * MIB, bytesPerMs: 1 });
  const quick = asked({ bytesPerMs: 40_000 });

  test("takes what would take longest", () => {
    const held = [quick, slow, asked({ aheadBytes: MIB, bytesPerMs: 2 })];
    expect(pickSteal(held, rate(50_000), 100)).toBe(1);
  });

  test("takes nothing that comes soon anyway", () => {
    expect(pickSteal([quick], rate(100_000), 0)).toBeUndefined();
  });

  test("takes nothing when it would not be much sooner itself", () => {
    expect(pickSteal([asked({ bytesPerMs: 1000 })], rate(900), 0)).toBeUndefined();
  });

  test("takes nothing before it has shown how fast it is", () => {
    expect(pickSteal([slow], rate(undefined), 10_000)).toBeUndefined();
  });
});
