import { describe, expect, test } from "vitest";
import { inParallel, withTicks } from "../../../src/daemon/transfers/in-parallel.ts";
import { KeyedLock } from "../../../src/daemon/transfers/keyed-lock.ts";
import { shareOut } from "../../../src/daemon/transfers/share-out.ts";
import type { Clock } from "../../../src/shared/ports.ts";

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 1; number <= count; number++) yield number;
}

async function gathered<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const forever = new AbortController().signal;

describe("working on several things", () => {
  test("gives every result, and never more at once than it may", async () => {
    let running = 0;
    let most = 0;
    const work = async (number: number): Promise<number> => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn <= number % 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      running--;
      return number * 2;
    };
    const results = await gathered(inParallel(numbers(20), 3, work, forever));
    expect(results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => (i + 1) * 2));
    expect(most).toBe(3);
  });

  test("the first failure aborts the others, waits for them, and is thrown", async () => {
    const ended: number[] = [];
    const work = async (number: number, signal: AbortSignal): Promise<number> => {
      if (number === 2) throw new Error("two fails");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      ended.push(number);
      return number;
    };
    await expect(gathered(inParallel(numbers(9), 2, work, forever))).rejects.toThrow("two fails");
    expect(ended).toEqual([1]);
  });

  test("who leaves in the middle waits until what runs has let go", async () => {
    let isOver = false;
    const work = async (number: number, signal: AbortSignal): Promise<number> => {
      if (number === 1) return 1;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      isOver = true;
      return number;
    };
    for await (const result of inParallel(numbers(3), 2, work, forever)) {
      expect(result).toBe(1);
      break;
    }
    expect(isOver).toBe(true);
  });
});

test("ticks come while nothing else does, and items in their order", async () => {
  const naps: (() => void)[] = [];
  const clock = {
    sleep: (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        naps.push(resolve);
        signal?.addEventListener("abort", () => resolve(), { once: true });
      }),
  } as unknown as Clock;
  const gate = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<string> {
    yield "first";
    await gate.promise;
    yield "second";
  }
  const seen: string[] = [];
  let ticks = 0;
  const iterator = withTicks(slow(), () => `tick ${++ticks}`, 100, clock);
  seen.push((await iterator.next()).value as string);
  for (let turn = 0; turn < 2; turn++) {
    const next = iterator.next();
    await Promise.resolve();
    naps.at(-1)?.();
    seen.push((await next).value as string);
  }
  gate.resolve();
  seen.push((await iterator.next()).value as string);
  expect((await iterator.next()).done).toBe(true);
  expect(seen).toEqual(["first", "tick 1", "tick 2", "second"]);
});

test("under one key one works at a time, in order; others do not wait", async () => {
  const lock = new KeyedLock();
  const steps: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = lock.with("a", async () => {
    await gate.promise;
    steps.push("first");
  });
  const second = lock.with("a", async () => {
    steps.push("second");
    throw new Error("second fails");
  });
  const third = lock.with("a", async () => void steps.push("third"));
  await lock.with("b", async () => void steps.push("other"));
  gate.resolve();
  await expect(second).rejects.toThrow("second fails");
  await Promise.all([first, third]);
  expect(steps).toEqual(["other", "first", "second", "third"]);
});

test("shares of a cost add up to it", () => {
  const shares = shareOut({ sent: 101, received: 1003 }, [1, 2, 3, 0]);
  expect(shares.reduce((sum, { sent }) => sum + sent, 0)).toBe(101);
  expect(shares.reduce((sum, { received }) => sum + received, 0)).toBe(1003);
});
