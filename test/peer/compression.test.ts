import { randomFillSync } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compressBody, expandBody, looksCompressible } from "../../src/peer/compression.ts";
import { CompressionChoice } from "../../src/peer/compression-choice.ts";
import { FramePacker } from "../../src/peer/frame-packer.ts";
import { HEADER_BYTES } from "../../src/peer/wire/frames.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const text = new TextEncoder().encode("to be or not to be, that is the question. ".repeat(13_000));
const noise = randomFillSync(new Uint8Array(512 * KIB));
const fault = expect.objectContaining({ code: "E_PROTOCOL" });

describe("a sample", () => {
  test("tells text from noise", () => {
    expect(looksCompressible(text)).toBe(true);
    expect(looksCompressible(noise)).toBe(false);
  });

  test("of too little says no", () => {
    expect(looksCompressible(text.subarray(0, 100))).toBe(false);
  });
});

describe("a body", () => {
  test("comes back as it was", async () => {
    const packed = (await compressBody(text, 3)) as Uint8Array;
    expect(packed.length).toBeLessThan(text.length / 10);
    expect(Buffer.compare(expandBody(packed, text.length), text)).toBe(0);
  });

  test("that does not become shorter is left alone", async () => {
    expect(await compressBody(noise, 1)).toBeUndefined();
  });

  test.each([
    { name: "that would be longer than it may", packed: zstdCompressSync(new Uint8Array(MIB)) },
    { name: "that is noise", packed: noise },
    { name: "that is cut off", packed: zstdCompressSync(text).subarray(0, 100) },
    { name: "without bytes", packed: new Uint8Array() },
  ])("$name is refused", ({ packed }) => {
    expect(() => expandBody(packed, 512 * KIB)).toThrow(fault);
  });
});

/** Sends with the rates given until the choice has settled. */
function settled(rates: Readonly<Record<string, number>>): unknown {
  const choice = new CompressionChoice();
  for (let window = 0; window < 8; window++) {
    const rate = rates[String(choice.current)] ?? 0;
    choice.note(4 * MIB, (4 * MIB) / rate);
  }
  return choice.current;
}

describe("the choice", () => {
  test.each([
    { name: "the stronger level on a slow link", rates: { 3: 20_000, 1: 15_000, none: 10_000 }, choice: 3 },
    {
      name: "the faster level where the processor holds it up",
      rates: { 3: 150_000, 1: 300_000, none: 200_000 },
      choice: 1,
    },
    { name: "none on a fast link", rates: { 3: 150_000, 1: 300_000, none: 900_000 }, choice: "none" },
    {
      name: "what spares the network where the disk is slowest",
      rates: { 3: 100_000, 1: 100_000, none: 100_000 },
      choice: 3,
    },
  ])("is $name", ({ rates, choice }) => {
    expect(settled(rates)).toBe(choice);
  });

  test("is made anew after a while", () => {
    const choice = new CompressionChoice();
    const seen = new Set<unknown>();
    for (let window = 0; window < 40; window++) {
      if (window > 5) seen.add(choice.current);
      choice.note(4 * MIB, choice.current === "none" ? 5 : 40);
    }
    expect(seen).toEqual(new Set(["none", 3, 1]));
  });
});

describe("a frame", () => {
  const header = { type: "chunks", hasMore: false, requestId: 1 } as const;
  const pack = (body: Uint8Array, wish: "auto" | "on", content = "a") =>
    new FramePacker(() => 0).pack(body, header, { wish, content });

  test("of text is compressed, with a header that says so", async () => {
    const frame = (await pack(text, "auto")) as Uint8Array;
    expect(frame[5]).toBe(1);
    expect(Buffer.compare(expandBody(frame.subarray(HEADER_BYTES), text.length), text)).toBe(0);
  });

  test("of noise goes as it is, whatever is wished", async () => {
    expect(await pack(noise, "auto")).toBeUndefined();
    expect(await pack(noise, "on")).toBeUndefined();
  });

  test("behind noise of the same content is not looked at; of another it is", async () => {
    const packer = new FramePacker(() => 0);
    const wish = (content: string) => ({ wish: "auto" as const, content });
    expect(await packer.pack(noise, header, wish("a"))).toBeUndefined();
    expect(await packer.pack(text, header, wish("a"))).toBeUndefined();
    expect(await packer.pack(text, header, wish("b"))).toBeDefined();
  });
});
