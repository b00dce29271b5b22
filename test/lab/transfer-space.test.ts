/** A disk that has no room for a transfer: said before its first byte, on either side. */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mountTmpfs } from "../support/lab.ts";
import { pairedNodes, type TestNode } from "../support/nodes.ts";

const MIB = 1024 * 1024;

async function traffic(node: TestNode): Promise<number> {
  const { traffic: sums } = await node.json<{ traffic: { wireBytesSent: number; wireBytesReceived: number } }>(
    "status",
  );
  return sums.wireBytesSent + sums.wireBytesReceived;
}

test("a transfer that does not fit is refused before its first byte, and leaves nothing", {
  timeout: 300_000,
}, async (context) => {
  const [anna, bert] = await pairedNodes();
  const [small, large] = [`${anna.directory}-small`, `${anna.directory}-large`];
  const [place, target] = [join(bert.home, "..", "place"), join(bert.home, "..", "target")];
  mountTmpfs(context, small, "size=4m");
  mountTmpfs(context, target, "size=4m");
  await mkdir(large);
  await mkdir(place);
  await anna.json("folder", "add", small, "--folder-id", "small");
  await anna.json("folder", "add", large, "--folder-id", "large");
  for (const folder of ["small", "large"]) await anna.json("folder", "share", folder, "--to", "bert");
  const bytes = randomBytes(8 * MIB);
  await writeFile(join(large, "big.bin"), bytes);
  await writeFile(join(place, "big.bin"), bytes);
  await anna.json("folder", "rescan", "large");
  await anna.wait("--folder", "large", "--peer-grace", "0s").catch(() => undefined);
  const before = await traffic(bert);
  for (const command of [
    ["upload", join(place, "big.bin"), "anna:small/"],
    ["download", "anna:large/big.bin", "-o", `${target}/`],
    ["download", "anna:large", "-o", `${target}/`],
  ]) {
    const { code, stderr } = await bert.run("--json", ...command);
    expect({ command, code, error: JSON.parse(stderr) }).toMatchObject({
      command,
      code: 11,
      error: { code: "E_DISK_FULL" },
    });
  }
  expect((await traffic(bert)) - before).toBeLessThan(MIB / 4);
  expect(await readdir(target)).toEqual([]);
  expect(await readdir(small)).toEqual([".syncline"]);
  expect(await readdir(join(small, ".syncline", "stage"))).toEqual([]);
});
