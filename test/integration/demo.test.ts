import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

test("the demo ends well and leaves nothing behind", async () => {
  const directory = mkdtempSync(join(tmpdir(), "syncline-test-"));
  try {
    const { code, output } = await runDemo(["--large", "3"], directory);
    expect(output, `exit ${code}`).toContain("✓ all arrived, byte for byte");
    expect(code).toBe(0);
    expect(output.match(/ B( {2}[\d.]+ % saved)?$/gm)).toHaveLength(9);
    expect(readdirSync(directory).filter((name) => name.startsWith("syncline-"))).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

async function runDemo(args: readonly string[], temporary: string): Promise<{ code: number | null; output: string }> {
  return await new Promise((resolve) => {
    const env = { ...process.env, TMPDIR: temporary, NO_COLOR: "1" };
    const child = execFile(
      process.execPath,
      ["src/cli/main.ts", "demo", ...args],
      { cwd: ROOT, env },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode, output: stdout + stderr });
      },
    );
  });
}
