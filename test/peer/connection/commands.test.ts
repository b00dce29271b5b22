/** Commands between two connections: flow control, limits, and how each ends. */
import { expect, test } from "vitest";
import type { AskedCommand } from "../../../src/peer/answer-commands.ts";
import type { Connection } from "../../../src/peer/connection.ts";
import { COMMAND_ID_MIN, encodeCommand, encodeCommandCredit } from "../../../src/peer/wire/command.ts";
import { encodeFrame } from "../../../src/peer/wire/frames.ts";
import { FEATURES } from "../../../src/shared/features.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { connectedSides, connectedToRaw, settle } from "./channels.ts";

const never = new AbortController().signal;
const WINDOW = LIMITS.commandWindowBytes.value;
const COMMAND = { route: "list", input: "{}", isLimited: false, session: "" };

type Run = (connection: Connection, command: AskedCommand, signal: AbortSignal) => Promise<void>;

async function sides(run: Run): Promise<ReturnType<typeof connectedSides>> {
  const connected = connectedSides({}, { events: { onCommand: run } });
  await settle();
  return connected;
}

async function readAll(connection: Connection, id: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { bytes, isLast } = await connection.readCommand(id, never);
    parts.push(bytes);
    if (isLast) return Buffer.concat(parts);
  }
}

test("an answer of many windows arrives whole and in order", async () => {
  const sent = Buffer.alloc(3 * WINDOW + 7, 1).map((_, i) => i & 0xff);
  const { a } = await sides(async (connection, { id, input }) => {
    expect(input).toBe("{}");
    for (let at = 0; at < sent.length; at += 300_000)
      await connection.replyCommand(id, sent.subarray(at, at + 300_000));
  });
  const answer = await readAll(a.connection, a.connection.askCommand(COMMAND));
  expect(answer.equals(sent)).toBe(true);
});

test("who answers waits while nobody reads, and nothing else does", async () => {
  let sentBytes = 0;
  const { a } = await sides(async (connection, { id, route }) => {
    const count = route === "list" ? 100 : 1;
    for (let i = 0; i < count; i++) {
      await connection.replyCommand(id, new Uint8Array(100_000));
      if (route === "list") sentBytes += 100_000;
    }
  });
  a.connection.askCommand(COMMAND);
  await settle();
  expect(sentBytes).toBeLessThanOrEqual(WINDOW);
  const other = await readAll(a.connection, a.connection.askCommand({ ...COMMAND, route: "other" }));
  expect(other.length).toBe(100_000);
});

test("dropping an answer tells who answers, and frees its place once that has finished", async () => {
  const finish = Promise.withResolvers<void>();
  let wasAborted = false;
  const { a, b } = await sides(async (_, __, signal) => {
    await finish.promise;
    wasAborted = signal.aborted;
  });
  a.connection.dropCommand(a.connection.askCommand(COMMAND));
  await settle();
  finish.resolve();
  await settle();
  expect(wasAborted).toBe(true);
  expect([a.reason, b.reason]).toEqual([undefined, undefined]);
});

test("more commands than the peer runs at once wait here for their turn", async () => {
  const finish = Promise.withResolvers<void>();
  let running = 0;
  const { a, b } = await sides(async () => {
    running++;
    await finish.promise;
  });
  const ids = Array.from({ length: LIMITS.commandsPerPeer.value + 5 }, () => a.connection.askCommand(COMMAND));
  await settle();
  expect(running).toBe(LIMITS.commandsPerPeer.value);
  finish.resolve();
  for (const id of ids) expect((await readAll(a.connection, id)).length).toBe(0);
  expect(b.reason).toBeUndefined();
});

test("the end of the connection ends every read, and stops who answers", async () => {
  let stopped: AbortSignal | undefined;
  const { a, b } = await sides(async (_, __, signal) => {
    stopped = signal;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const id = a.connection.askCommand(COMMAND);
  const read = a.connection.readCommand(id, never);
  await settle();
  b.connection.cut({ code: "E_NOT_ALLOWED", message: "removed" });
  await expect(read).rejects.toMatchObject({ code: "E_PEER_OFFLINE" });
  expect(stopped?.aborted).toBe(true);
});

test("a read ends with its signal, and the answer can still be read on", async () => {
  const go = Promise.withResolvers<void>();
  const { a } = await sides(async (connection, { id }) => {
    await go.promise;
    await connection.replyCommand(id, Uint8Array.of(7));
  });
  const id = a.connection.askCommand(COMMAND);
  const stop = new AbortController();
  const read = a.connection.readCommand(id, stop.signal);
  await settle();
  stop.abort(new Error("enough"));
  await expect(read).rejects.toThrow("enough");
  go.resolve();
  expect([...(await readAll(a.connection, id))]).toEqual([7]);
});

test("a peer that does not offer commands is asked none", async () => {
  const { a } = await connectedToRaw({}, [FEATURES.index, FEATURES.fetch]);
  expect(a.connection.isEstablished).toBe(true);
  expect(() => a.connection.askCommand(COMMAND)).toThrow(expect.objectContaining({ code: "E_INCOMPATIBLE" }));
});

const ID = COMMAND_ID_MIN;
const command = (id: number, body: Uint8Array = encodeCommand(COMMAND)): Uint8Array => encodeFrame("command", body, id);
const reply = (id: number, bytes: number): Uint8Array => encodeFrame("commandReply", new Uint8Array(bytes), id);

test.each([
  { name: "an id of the other kind of request", frames: [command(1)] },
  { name: "an id twice", frames: [command(ID), command(ID)] },
  { name: "a name that is none", frames: [command(ID, encodeCommand({ ...COMMAND, route: "../x" }))] },
  { name: "no protobuf", frames: [command(ID, Uint8Array.of(255, 255, 255))] },
  { name: "an answer to nothing", frames: [reply(ID, 1)] },
  { name: "more at once than it may", frames: Array.from({ length: 65 }, (_, i) => command(ID + i)) },
  { name: "a grant of nothing", frames: [command(ID), encodeFrame("commandCredit", encodeCommandCredit(0), ID)] },
  {
    name: "a grant of more than was sent",
    frames: [command(ID), encodeFrame("commandCredit", encodeCommandCredit(1), ID)],
  },
  {
    name: "a grant beyond the window",
    frames: [command(ID), encodeFrame("commandCredit", encodeCommandCredit(WINDOW + 1), ID)],
  },
])("$name ends the connection", async ({ frames }) => {
  const { a, far } = await connectedToRaw({ onCommand: () => new Promise(() => {}) });
  for (const frame of frames) far.write(frame);
  await settle();
  expect(a.reason?.code).toBe("E_PROTOCOL");
});

test("an answer beyond what was granted ends the connection", async () => {
  const { a, far } = await connectedToRaw();
  const id = a.connection.askCommand(COMMAND);
  for (let sent = 0; sent <= WINDOW; sent += LIMITS.commandReplyBytes.value) {
    const frame = reply(id, LIMITS.commandReplyBytes.value);
    frame[5] = 2;
    far.write(frame);
  }
  await settle();
  expect(a.reason?.code).toBe("E_PROTOCOL");
});
