import { describe, expect, test } from "vitest";
import { ListOrders, type ListSort, orderOf } from "../../../src/daemon/list/list-order.ts";
import { naturalKey } from "../../../src/daemon/list/natural-key.ts";
import type { RelPath } from "../../../src/shared/ids.ts";
import { listRow } from "./list-row.ts";

const ROWS = [
  listRow("b10.txt", { size: 5, at: "2026-07-01T00:00:00Z" }),
  listRow("b9.txt", { size: 5, at: "2026-07-02T00:00:00Z" }),
  listRow("z", { type: "directory", mtimeNs: 0n, size: 0 }),
  listRow("A.txt", { size: 9, at: "2026-06-01T00:00:00Z" }),
];

async function* inPages(): AsyncGenerator<typeof ROWS> {
  for (const row of ROWS) yield [row];
}

test.each([
  { by: undefined, first: false, expected: ["b10.txt", "b9.txt", "z", "A.txt"] },
  { by: undefined, first: true, expected: ["z", "b10.txt", "b9.txt", "A.txt"] },
  { by: "natural", first: true, expected: ["z", "A.txt", "b9.txt", "b10.txt"] },
  { by: "name", first: false, expected: ["A.txt", "b10.txt", "b9.txt", "z"] },
  { by: "mtime", first: true, expected: ["z", "b9.txt", "b10.txt", "A.txt"] },
  { by: "size", first: false, expected: ["A.txt", "b10.txt", "b9.txt", "z"] },
] as const satisfies readonly { by: ListSort | undefined; first: boolean; expected: readonly string[] }[])(
  "by $by, directories first: $first",
  async ({ by, first, expected }) => {
    expect(await orderOf(inPages(), by, first)).toEqual(expected);
  },
);

test.each([
  ["img2", "img10"],
  ["img2.txt", "IMG10.txt"],
  ["a1b9", "a1b10"],
  ["a", "b"],
  ["a007", "a8"],
  ["7", "a"],
])("%s stands before %s", (before, after) => {
  expect(naturalKey(before) < naturalKey(after)).toBe(true);
});

describe("a kept order", () => {
  const order = (...paths: readonly string[]): readonly RelPath[] => paths as readonly RelPath[];

  test("is made once for one state of the folder, and anew for the next", async () => {
    const orders = new ListOrders();
    let made = 0;
    const make = async (): Promise<readonly RelPath[]> => order(`${++made}`);
    expect(await orders.get("a", "1", make)).toEqual(["1"]);
    expect(await orders.get("a", "1", make)).toEqual(["1"]);
    expect(await orders.get("a", "2", make)).toEqual(["2"]);
    expect(await orders.get("b", "2", make)).toEqual(["3"]);
  });

  test("is made once for those who ask at the same time, and by the next when the first goes away", async () => {
    const orders = new ListOrders();
    const first = Promise.withResolvers<readonly RelPath[]>();
    const asked = [
      orders.get("a", "1", () => first.promise),
      orders.get("a", "1", async () => order("second")),
      orders.get("a", "1", async () => order("third")),
    ];
    first.reject(new Error("gone"));
    await expect(asked[0]).rejects.toThrow("gone");
    expect(await asked[1]).toEqual(["second"]);
    expect(await asked[2]).toEqual(["second"]);
  });

  test("gives way to newer ones when all together are too long", async () => {
    const orders = new ListOrders();
    const long = order(...Array.from({ length: 150_000 }, (_, number) => `${number}`));
    let made = 0;
    const make = async (): Promise<readonly RelPath[]> => {
      made++;
      return long;
    };
    for (const asked of ["a", "b", "b", "a"]) await orders.get(asked, "1", make);
    expect(made).toBe(3);
  });
});
