import { expect, test } from "vitest";
import type { ShortId } from "../../../src/shared/ids.ts";
import type { PeerLink } from "../../../src/sync/peer-link.ts";
import { Sources } from "../../../src/sync/puller/sources.ts";
import { KeepBench, path } from "../versions/keep-bench.ts";

const MINUTE_MS = 60_000;

/** Two devices that have acknowledged all that is here, and so have the file. */
async function bench() {
  const keep = await KeepBench.of({ "a.bin": "x".repeat(50_000) });
  const { context } = keep;
  const { index, folder } = context;
  const own = index.read.folder(folder);
  const links = ["liar", "honest"].map((name) => ({ device: name.toUpperCase().padEnd(12, "A") as ShortId, name }));
  const sources = new Sources(context);
  for (const link of links) {
    await index.write.setAcked(folder, link.device, own?.epoch ?? "", own?.sequence ?? 0);
    sources.add(link as PeerLink);
  }
  const head = index.read.local(folder, path("a.bin"))?.heads[0];
  if (head?.contentId == null) throw new Error("bug: the file is not here");
  const file = { path: path("a.bin"), contentId: head.contentId, size: head.size };
  const [liar, honest] = links as [PeerLink, PeerLink];
  return { keep, sources, liar, honest, asked: () => sources.holding(file).map(({ name }) => name) };
}

test("a device is dropped after three wrong answers and named, until it connects again", async () => {
  const { sources, liar, asked } = await bench();
  sources.noteBadAnswer(liar);
  sources.noteBadAnswer(liar);
  expect(asked()).toEqual(["liar", "honest"]);
  expect(sources.problems).toEqual([]);
  sources.noteBadAnswer(liar);
  expect(asked()).toEqual(["honest"]);
  expect(sources.problems).toMatchObject([{ path: "", code: "E_BAD_DATA", message: expect.stringContaining("liar") }]);
  sources.add(liar);
  expect(asked()).toEqual(["liar", "honest"]);
  expect(sources.problems).toEqual([]);
});

test("where nobody else has the file, a dropped device is asked again after a minute", async () => {
  const { keep, sources, liar, honest, asked } = await bench();
  sources.remove(honest);
  for (let i = 0; i < 3; i++) sources.noteBadAnswer(liar);
  expect(asked()).toEqual([]);
  keep.nowMs += MINUTE_MS;
  expect(asked()).toEqual(["liar"]);
});
