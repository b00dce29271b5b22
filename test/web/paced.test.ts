import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/daemon/system-ports.ts";
import { Paced } from "../../src/web/api/paced.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Something that takes a while, by the fake clock; when it was asked for, in milliseconds from now. */
function paced(takes: { ms: number }, restMs = 250): { readonly pace: Paced; readonly times: number[] } {
  const times: number[] = [];
  const begun = performance.now();
  const pace = new Paced(
    () => ({
      act: async () => {
        times.push(Math.round(performance.now() - begun));
        await systemClock.sleep(takes.ms);
      },
      tookMs: () => takes.ms,
    }),
    restMs,
  );
  return { pace, times };
}

/** A change each 100 ms. */
async function change(pace: Paced, forMs: number): Promise<void> {
  for (let ms = 0; ms < forMs; ms += 100) {
    pace.changed();
    await vi.advanceTimersByTimeAsync(100);
  }
}

test("many changes in a row are one question, a moment after the first", async () => {
  const { pace, times } = paced({ ms: 0 });
  await change(pace, 300);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(times).toEqual([250]);
});

test("nothing is asked during the rest, and after it there is none to wait for", async () => {
  const { pace, times } = paced({ ms: 10 }, 1000);
  await change(pace, 2500);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(times).toEqual([250, 1260, 2270, 3280]);
  pace.changed();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(times.at(-1)).toBe(12_500 + 250);
});

test("what takes long is asked for less often, but an answer that once took long is not shown for long", async () => {
  const takes = { ms: 100 };
  const { pace, times } = paced(takes);
  await change(pace, 3000);
  expect(times).toEqual([250, 2350]);
  takes.ms = 3000;
  await change(pace, 20_000);
  takes.ms = 10;
  await change(pace, 10_000);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  expect(Math.max(...gaps)).toBe(3000 + 5000);
});

test("what changes while it is asked is asked again, unless nobody wants it any more", async () => {
  const { pace, times } = paced({ ms: 1000 }, 0);
  pace.changed();
  await vi.advanceTimersByTimeAsync(300);
  pace.changed();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(times).toEqual([250, 6250]);
  await vi.advanceTimersByTimeAsync(10_000);
  pace.changed();
  await vi.advanceTimersByTimeAsync(300);
  pace.changed();
  pace.stop();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(times).toHaveLength(3);
});
