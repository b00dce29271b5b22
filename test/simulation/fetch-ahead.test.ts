import { expect, test } from "vitest";
import { QuietWorld } from "./quiet-world.ts";

/** More than is asked for before the first file is written. */
const FILES = 2600;

test("a first sync asks for more before all that it asked for is written", async () => {
  const world = new QuietWorld("AB");
  const [from, to] = [world.node("A"), world.node("B")];
  for (let number = 0; number < FILES; number++) from.fs.user.write(`${number}.txt`, `content ${number}`);
  let asked = 0;
  const serve = from.serve.bind(from);
  from.serve = (request) => {
    asked++;
    return serve(request);
  };
  let placed = 0;
  const waits: number[] = [];
  world.beforeCall = (node, { name, to: path }) => {
    if (node !== to || name !== "renameNoReplace" || path?.endsWith(".txt") !== true) return;
    if (++placed === asked) waits.push(placed);
  };
  world.start();
  await world.settle();
  expect([placed, waits]).toEqual([FILES, [FILES]]);
});
