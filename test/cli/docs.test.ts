import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderCliDocs } from "../../scripts/write-cli-docs.ts";

test("docs/cli.md says what the tables say", () => {
  const written = readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8");
  expect(written, "run `npm run docs`").toBe(renderCliDocs());
});
