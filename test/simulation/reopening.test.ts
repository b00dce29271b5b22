/** An exchange may begin anew at any time: both sides go on where they stood, and nobody is told anything twice. */
import { expect, test } from "vitest";
import { QuietWorld } from "./quiet-world.ts";

const BROKEN = "does not continue";

/** Two devices in step, and what B's log says of updates that leave a gap. */
async function inStep(): Promise<{ world: QuietWorld; gaps: () => readonly string[] }> {
  const world = new QuietWorld("AB");
  world.start();
  await world.settle();
  return { world, gaps: () => world.lines.filter((line) => line.includes(BROKEN)) };
}

/** While A's news are on their way, being stored, and stored. */
test.each(Array.from({ length: 12 }, (_, ms) => ms))(
  "a folder that is paused and resumed %s ms after the other side wrote goes on where it was",
  async (ms) => {
    const { world, gaps } = await inStep();
    for (let number = 0; number < 20; number++) {
      world.node("A").fs.user.write(`${number}.txt`, `${number}`);
      await world.run(ms);
      const b = world.node("B");
      for (const isPaused of [true, false]) b.engine?.configure({ ...b.settings, isPaused });
    }
    await world.settle();
    expect(gaps()).toEqual([]);
  },
);

test.each(Array.from({ length: 12 }, (_, ms) => ms))(
  "rights that change again and again, %s ms apart, leave both in step and silent",
  async (ms) => {
    const { world, gaps } = await inStep();
    for (let number = 0; number < 20; number++) {
      world.node("A").fs.user.write(`${number}.txt`, `${number}`);
      for (const name of "ABA") {
        world.relink("AB", name);
        await world.run(ms / 2);
      }
    }
    await world.settle();
    expect(gaps()).toEqual([]);
    world.hear();
    await world.run(5000);
    expect(world.hear()).toEqual([]);
  },
);

test.each(Array.from({ length: 12 }, (_, ms) => ms))(
  "a connection that is taken up again %s ms after the other side wrote goes on where it was",
  async (ms) => {
    const { world, gaps } = await inStep();
    for (let number = 0; number < 20; number++) {
      world.node("A").fs.user.write(`${number}.txt`, `${number}`);
      await world.run(ms);
      world.cut("AB");
      world.connect("AB");
    }
    await world.settle();
    expect(gaps()).toEqual([]);
  },
);
