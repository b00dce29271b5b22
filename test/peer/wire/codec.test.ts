import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeFolderMessage,
  encodeFolderMessage,
  type FolderFrame,
  isFolderFrame,
} from "../../../src/peer/wire/codec.ts";
import { FRAMES, type FrameType } from "../../../src/peer/wire/frame-types.ts";
import { ProtoReader } from "../../../src/peer/wire/proto-reader.ts";
import { ProtoWriter } from "../../../src/peer/wire/proto-writer.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import type { FolderMessage, IndexAck } from "../../../src/shared/messages.ts";
import type { ReconcileStep } from "../../../src/shared/reconcile-messages.ts";
import { canonical, folder, messages } from "./samples.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

function only(message: FolderMessage): FolderFrame {
  const [frame, ...rest] = encodeFolderMessage(message);
  expect(rest).toEqual([]);
  return frame as FolderFrame;
}

test.each(Object.entries(messages))("%s comes back as it was, within its limit", (_, message) => {
  const { type, body } = only(message);
  expect(decodeFolderMessage(type, body, canonical)).toEqual(message);
  expect(body.length).toBeLessThanOrEqual(FRAMES[type].bodyBytesMax);
});

test("folder frames are told from all others", () => {
  const types = Object.keys(FRAMES) as FrameType[];
  expect(types.filter(isFolderFrame)).toEqual([
    "folderState",
    "indexUpdate",
    "indexAck",
    "barrier",
    "barrierReply",
    "folderClosed",
    "reconcile",
    "reconcileStep",
  ]);
});

const summary = { type: "summary", size: 1, root: new Uint8Array(16) } as const;

test.each<{ name: string; step: ReconcileStep["step"] }>([
  { name: "a sum of another length", step: { ...summary, root: new Uint8Array(15) } },
  { name: "no symbols", step: { type: "wish", first: 0, length: 0 } },
  { name: "more symbols than a message holds", step: { type: "wish", first: 0, length: 16_385 } },
  { name: "symbols beyond the last", step: { type: "wish", first: 131_072, length: 1 } },
  { name: "a part of an element", step: { type: "filled", changed: new Uint8Array(7) } },
  { name: "an origin for no record", step: { type: "origins", isLast: true, runs: [{ count: 0, origin: null }] } },
  {
    name: "more origins than a message holds",
    step: { type: "origins", isLast: true, runs: Array.from({ length: 2001 }, () => ({ count: 1, origin: null })) },
  },
])("a comparison with $name is refused", ({ step }) => {
  const { type, body } = only({ type: "reconcile-step", folder, tag: 1, step });
  expect(() => decodeFolderMessage(type, body, canonical)).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
});

test("problems are told up to their limit, and more are refused", () => {
  const problem = { path: "p".repeat(9000), code: "E_CHANGING", message: "m".repeat(9000) };
  const ack: IndexAck = { ...(messages["index-ack"] as IndexAck), problems: Array.from({ length: 50 }, () => problem) };
  const { type, body } = only(ack);
  const decoded = decodeFolderMessage(type, body, canonical) as IndexAck;
  expect(decoded.problems).toHaveLength(LIMITS.ackProblems.value);
  expect(decoded.problems[0]?.message).toHaveLength(1000);
  const writer = new ProtoWriter();
  writer.message(5, () => {});
  expect(() => decodeFolderMessage(type, Buffer.concat([body, writer.finish()]), canonical)).toThrow(
    expect.objectContaining({ code: "E_PROTOCOL" }),
  );
});

test.each<{ name: string; message: FolderMessage }>([
  {
    name: "an acknowledgement above what was received",
    message: { ...(messages["index-ack"] as IndexAck), received: 1, applied: 2 },
  },
  { name: "a code that is none", message: { type: "folder-closed", folder, code: "<script>", message: "" } },
  {
    name: "an epoch with a newline",
    message: { ...(messages["folder-state"] as never as FolderMessage & { type: "folder-state" }), epoch: "a\nb" },
  },
  { name: "a folder id that is none", message: { type: "barrier", folder: "../x" as never, id: 1 } },
  {
    name: "a folder that every object seems to have",
    message: { type: "barrier", folder: "constructor" as never, id: 1 },
  },
])("$name is refused", ({ message }) => {
  const { type, body } = only(message);
  expect(() => decodeFolderMessage(type, body, canonical)).toThrow(expect.objectContaining({ code: "E_PROTOCOL" }));
});

test(`random bytes are a message or a typed fault (seed ${seed})`, () => {
  const property = fc.property(
    fc.constantFrom(...Object.values(messages)),
    fc.uint8Array({ maxLength: 60 }),
    fc.nat(200),
    (message, noise, at) => {
      const { type, body } = only(message);
      const bytes = Buffer.concat([body.subarray(0, at), noise, body.subarray(at)]);
      try {
        decodeFolderMessage(type, bytes, canonical);
      } catch (error) {
        expect(error).toMatchObject({ code: "E_PROTOCOL" });
      }
    },
  );
  fc.assert(property, { seed, numRuns: 2000 });
});

test(`numbers of every size come back (seed ${seed})`, () => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: "grapheme" }),
    (numbers, time, text) => {
      const writer = new ProtoWriter();
      writer.uints(1, numbers);
      writer.sint64(2, time);
      writer.string(3, text);
      const reader = new ProtoReader(writer.finish());
      const got: { numbers: number[]; time: bigint; text: string } = { numbers: [], time: 0n, text: "" };
      for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
        if (field === 1) reader.uints(got.numbers, 1000);
        else if (field === 2) got.time = reader.sint64();
        else got.text = reader.string();
      }
      expect(got).toEqual({ numbers, time, text });
    },
  );
  fc.assert(property, { seed, numRuns: 500 });
});
