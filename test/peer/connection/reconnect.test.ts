import { expect, test } from "vitest";
import type { DialOutcome } from "../../../src/peer/dial.ts";
import { Reconnector } from "../../../src/peer/reconnect.ts";
import type { SecureChannel } from "../../../src/peer/transport/transport.ts";
import type { HostPort } from "../../../src/shared/host-port.ts";
import { ManualClock } from "../support.ts";
import { settle } from "./channels.ts";

const at: HostPort = { host: "192.0.2.7", port: 4777 };
const failed: DialOutcome = { type: "failed", failures: [] };

/** A loop whose dials are counted and answered by the test. */
function loop(options: { addresses?: HostPort[]; answer?: () => Promise<DialOutcome> } = {}) {
  const clock = new ManualClock();
  const state = { dials: [] as number[], isConnected: false, ended: Promise.withResolvers<void>() };
  const addresses = options.addresses ?? [at];
  const reconnector = new Reconnector({
    clock,
    random: { bytes: () => new Uint8Array(), fraction: () => 1 },
    addresses: () => addresses,
    isConnected: () => state.isConnected,
    dial: async () => {
      state.dials.push(clock.monotonic());
      return await (options.answer?.() ?? Promise.resolve(failed));
    },
    onChannel: () => state.ended.promise,
    onDialling: () => {},
    onFailed: () => {},
  });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      await settle(2);
    }
  };
  return { reconnector, state, addresses, pass };
}

test("each failure doubles the wait, up to a minute", async () => {
  const { reconnector, state, pass } = loop();
  await settle();
  await pass(200_000);
  const waits = state.dials.slice(1).map((dial, i) => dial - (state.dials[i] ?? 0));
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  await reconnector.end();
});

test("a wake dials at once and starts the waits anew", async () => {
  const { reconnector, state, pass } = loop();
  await pass(20_000);
  const count = state.dials.length;
  reconnector.wake();
  await settle();
  expect(state.dials).toHaveLength(count + 1);
  await pass(500);
  expect(state.dials).toHaveLength(count + 2);
  await reconnector.end();
});

test("without an address nothing is dialled until there is one", async () => {
  const { reconnector, state, addresses, pass } = loop({ addresses: [] });
  await pass(100_000);
  expect(state.dials).toEqual([]);
  addresses.push(at);
  reconnector.wake();
  await settle();
  expect(state.dials).toHaveLength(1);
  await reconnector.end();
});

test("while connected nothing is dialled; once lost, after a moment", async () => {
  const { reconnector, state, pass } = loop();
  await settle();
  state.isConnected = true;
  await pass(100_000);
  expect(state.dials.length).toBeLessThanOrEqual(2);
  const count = state.dials.length;
  state.isConnected = false;
  reconnector.lost();
  await settle();
  expect(state.dials).toHaveLength(count);
  await pass(1000);
  expect(state.dials).toHaveLength(count + 1);
  await reconnector.end();
});

test("a peer that hangs up at once does not make the loop spin", async () => {
  const channel = { stream: { destroy: () => {} } } as unknown as SecureChannel;
  const { reconnector, state, pass } = loop({ answer: async () => ({ type: "connected", channel }) });
  state.ended.resolve();
  await settle(200);
  expect(state.dials.length).toBeLessThanOrEqual(1);
  await pass(10_000);
  expect(state.dials.length).toBeLessThanOrEqual(6);
  await reconnector.end();
});

test("the end closes a channel that a dial brings afterwards", async () => {
  const answer = Promise.withResolvers<DialOutcome>();
  const { reconnector } = loop({ answer: () => answer.promise });
  await settle();
  const ended = reconnector.end();
  let isDestroyed = false;
  const stream = { destroy: () => (isDestroyed = true) };
  answer.resolve({ type: "connected", channel: { stream } as unknown as SecureChannel });
  await ended;
  expect(isDestroyed).toBe(true);
});
