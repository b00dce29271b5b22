/** What `wait` rests on: everything on the disk at that moment is in the index when a flush resolves. */
import { expect, test } from "vitest";
import type { RelPath } from "../../src/shared/ids.ts";
import { COOKIE_PREFIX } from "../../src/sync/scanner/watch.ts";
import { QuietWorld } from "./quiet-world.ts";
import { FOLDER, type SimNode } from "./sim-node.ts";

/** The watcher of a quiet world has told of everything after that, and nothing has settled yet. */
const TOLD_MS = 6;
const NAME = "note.txt";

/** A device alone and in step. Its watcher tells of a barrier's cookie, too. */
async function inStep(onRead: (node: SimNode) => void = () => {}): Promise<{ world: QuietWorld; node: SimNode }> {
  const world = new QuietWorld("A");
  world.beforeCall = (node, { name, path }) => {
    if (name === "openRead" && path === NAME) onRead(node);
    if (path.startsWith(`.syncline/${COOKIE_PREFIX}`)) world.scheduler.after(1, () => node.engine?.hint(path));
  };
  world.start();
  await world.settle();
  return { world, node: world.node("A") };
}

test("a file written just before a flush is in the index when it resolves, and covered by its sequence", async () => {
  const { world, node } = await inStep();
  node.fs.user.write(NAME, "new");
  await world.run(TOLD_MS);
  const known = (): unknown => node.index.read.local(FOLDER, NAME as RelPath);
  const flushed = node.engine?.flush(AbortSignal.timeout(10_000)).then((found) => ({ found, known: known() }));
  await world.run(1000);
  expect(await flushed).toEqual({
    found: { sequence: node.index.read.folder(FOLDER)?.sequence },
    known: expect.anything(),
  });
});

test("while a changed file is read the folder is not in step", async () => {
  const states = new Set<string | undefined>();
  const { world, node } = await inStep(({ engine }) => void states.add(engine?.status.state));
  node.fs.user.write(NAME, "new");
  await world.settle();
  expect([...states]).toEqual(["syncing"]);
});

test("who waits for a turn of a folder that ends is told, and who comes later, too", { timeout: 10_000 }, async () => {
  const { world, node } = await inStep();
  const { engine } = node;
  const stopping = node.stop();
  const queued = engine?.command(async () => "done");
  const late = stopping.then(() => engine?.command(async () => "done"));
  const ends = Promise.allSettled([queued, late]);
  await world.run(1000);
  for (const end of await ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "E_INTERRUPTED" } });
});
