import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tar } from "../../../src/cli/support/tar.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("tar unpacks what it writes", async () => {
  await using place = await temporaryDirectory();
  const contents = { "a/empty.txt": "", "a/block.txt": "x".repeat(512), "a/more.txt": "ü".repeat(700) };
  const entries = Object.entries(contents).map(([name, text]) => ({ name, content: Buffer.from(text) }));
  await writeFile(join(place.path, "x.tar"), tar(entries, 1_700_000_000));
  execFileSync("tar", ["-xf", "x.tar"], { cwd: place.path });
  for (const [name, text] of Object.entries(contents))
    expect(await readFile(join(place.path, name), "utf8")).toBe(text);
});
