import { expect, test } from "vitest";
import { type RowPage, RowWindow } from "../../src/web/api/row-window.ts";

interface Question {
  readonly offset: number;
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly answer: (total?: number) => Promise<void>;
  readonly fail: (error: Error) => Promise<void>;
}

/** A window whose questions are answered by hand. */
function asked(): { readonly rows: RowWindow<string>; readonly questions: Question[] } {
  const questions: Question[] = [];
  const rows = new RowWindow<string>("key", ({ offset, limit }, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<RowPage<string>>();
    questions.push({
      ...{ offset, limit, signal },
      answer: async (total = 100_000) => {
        const count = Math.max(0, Math.min(limit, total - offset));
        resolve({ rows: Array.from({ length: count }, (_, index) => `${questions.length}:${offset + index}`), total });
        await settle();
      },
      fail: async (error) => {
        reject(error);
        await settle();
      },
    });
    return promise;
  });
  return { rows, questions };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

const placesOf = (questions: readonly Question[]) => questions.map(({ offset, limit }) => [offset, limit]);

test("what is in sight is asked for once, and then known", async () => {
  const { rows, questions } = asked();
  void rows.refresh();
  rows.see(0, 30);
  expect(rows.total.value).toBeUndefined();
  await questions[0]?.answer();
  expect([rows.total.value, rows.at(0), rows.at(199), rows.at(200)]).toEqual([100_000, "1:0", "1:199", undefined]);
  rows.see(10, 60);
  rows.see(190, 230);
  await questions[1]?.answer();
  expect(rows.at(230)).toBe("2:230");
  expect(placesOf(questions)).toEqual([
    [0, 200],
    [200, 200],
  ]);
});

test("scrolling on calls off the question for what is no longer in sight", async () => {
  const { rows, questions } = asked();
  rows.see(0, 30);
  await questions[0]?.answer();
  rows.see(5000, 5030);
  rows.see(9000, 9030);
  expect(questions[1]?.signal.aborted).toBe(true);
  await questions[1]?.answer();
  await questions[2]?.answer();
  expect([rows.at(5000), rows.at(9000)]).toEqual([undefined, "3:9000"]);
});

test("a refresh waits for the question that is open, and its answer stands alone", async () => {
  const { rows, questions } = asked();
  rows.see(0, 30);
  await questions[0]?.answer();
  rows.see(300, 330);
  await questions[1]?.answer();
  void rows.refresh();
  void rows.refresh();
  expect(questions.length).toBe(3);
  void rows.refresh();
  expect(questions[2]?.signal.aborted).toBe(false);
  await questions[2]?.answer(350);
  expect([rows.at(0), rows.at(300), rows.total.value]).toEqual([undefined, "3:300", 350]);
  expect(questions.length).toBe(4);
});

test("a failure is told, and gone with the next answer", async () => {
  const { rows, questions } = asked();
  void rows.refresh();
  await questions[0]?.fail(new Error("lost"));
  expect(rows.error.value).toEqual(new Error("lost"));
  void rows.refresh();
  await questions[1]?.answer();
  expect([rows.error.value, rows.at(3)]).toEqual([undefined, "2:3"]);
});

test("what was stopped asks no more, until it is told to", async () => {
  const { rows, questions } = asked();
  void rows.refresh();
  rows.stop();
  expect(questions[0]?.signal.aborted).toBe(true);
  rows.see(0, 30);
  await rows.refresh();
  expect([questions.length, rows.isStopped.value]).toEqual([1, true]);
  void rows.restart();
  await questions[1]?.answer();
  expect([rows.at(0), rows.isStopped.value]).toEqual(["2:0", false]);
});
