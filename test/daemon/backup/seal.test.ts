import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { seal, unseal } from "../../../src/daemon/backup/seal.ts";
import { systemRandom } from "../../../src/daemon/system-ports.ts";

const deps = { randomBytes: (length: number) => systemRandom.bytes(length) };
const PASSPHRASE = "pine otter lämp";

test("opens with its passphrase only, however its letters are composed", async () => {
  const content = Buffer.from("key and settings");
  const sealed = await seal(content, PASSPHRASE, deps);
  expect(sealed.includes(content)).toBe(false);
  expect(await unseal(sealed, PASSPHRASE.normalize("NFD"))).toEqual(content);
  await expect(unseal(sealed, "pine otter lamp")).rejects.toMatchObject({ code: "E_WRONG_PASSPHRASE" });
});

test("no byte of it can be changed unseen", async () => {
  const sealed = await seal(Buffer.from("x"), PASSPHRASE, deps);
  const firstLine = sealed.indexOf(10);
  // One place in the header's salt, one in what is closed, and the last of the tag.
  for (const at of [sealed.indexOf("salt") + 8, firstLine + 1, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[at] = changed.readUInt8(at) === 65 ? 66 : 65;
    await expect(unseal(changed, PASSPHRASE), `byte ${at}`).rejects.toMatchObject({ exit: expect.any(Number) });
  }
  await expect(unseal(sealed.subarray(0, -1), PASSPHRASE)).rejects.toMatchObject({ code: "E_WRONG_PASSPHRASE" });
});

test("what is no backup, or asks for a mountain of memory, is refused before any work", async () => {
  const sealed = (await seal(Buffer.from("x"), PASSPHRASE, deps)).toString("latin1");
  const greedy = sealed.replace(/"memoryKib":\d+/, '"memoryKib":99999999');
  const texts = ["", "hello\n", `${"x".repeat(5000)}\n`, greedy, createHash("sha256").update("x").digest("latin1")];
  for (const text of texts)
    await expect(unseal(Buffer.from(text, "latin1"), PASSPHRASE)).rejects.toMatchObject({ code: "E_BACKUP_BROKEN" });
});
