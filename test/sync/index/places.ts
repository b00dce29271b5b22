import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Gives paths for indexes, each in a directory of its own, that go with the test file. Called once, at its top. */
export function indexPlaces(): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const directory of made) rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    const directory = mkdtempSync(join(tmpdir(), "syncline-index-"));
    made.push(directory);
    return join(directory, "index.db");
  };
}
