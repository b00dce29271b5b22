import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { expect, test } from "vitest";
import { tryLock } from "../../src/daemon/instance-lock.ts";
import { parseRunInfo } from "../../src/shared/run-info.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("one holder at a time; free again when it lets go", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "lock.db");
  const first = await tryLock(file, 0);
  expect(first).toBeDefined();
  expect(await tryLock(file, 0)).toBeUndefined();
  first?.[Symbol.dispose]();
  const second = await tryLock(file, 0);
  expect(second).toBeDefined();
  second?.[Symbol.dispose]();
});

test("the kernel frees it when the holder is killed", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "lock.db");
  const program = `import { tryLock } from ${JSON.stringify(join(import.meta.dirname, "../../src/daemon/instance-lock.ts"))};
    await tryLock(${JSON.stringify(file)}, 0);
    console.log("held");
    process.stdin.resume();`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  expect(await tryLock(file, 0)).toBeUndefined();
  holder.kill("SIGKILL");
  await once(holder, "exit");
  const lock = await tryLock(file, 0);
  expect(lock).toBeDefined();
  lock?.[Symbol.dispose]();
});

test("a file that a power cut left as noise is no obstacle", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "lock.db");
  await writeFile(file, "noise".repeat(1000));
  const lock = await tryLock(file, 0);
  expect(lock).toBeDefined();
  lock?.[Symbol.dispose]();
});

test("a home that cannot be written is told, not taken for a held lock", async () => {
  await expect(tryLock("/nowhere/at/all/lock.db", 0)).rejects.toMatchObject({ code: "E_START_FAILED" });
});

test.each(["", "{", "null", "[]", '{"pid":0,"version":"1","startedAt":"x","socket":null}', '{"pid":"1"}', "\0\0\0"])(
  "run.json with %j is nothing to trust",
  (text) => {
    expect(parseRunInfo(text)).toBeUndefined();
  },
);
