/** Daemons that lack something: permission, descriptors, watches, the right time. */
import { chmod, chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { attempt, need, needRoot } from "../support/lab.ts";
import { type TestNode, testNodes, until } from "../support/nodes.ts";
import { readTree, tree } from "../support/tree.ts";

const NOBODY = 65_534;
const many = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, `content ${i}`]));

async function joined(a: TestNode, b: TestNode): Promise<void> {
  await b.join(a);
  await b.wait();
}

test("a directory that can no longer be read: named, nothing is deleted anywhere, and it goes on when it can", async (context) => {
  needRoot(context);
  const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "env", "HOME=/nonexistent"];
  need(context, ["setpriv", ...asNobody.slice(1), "true"]);
  const [a, b] = await testNodes("anna", "bert");
  b.via = asNobody;
  // Everybody may pass through, nobody else's node is touched.
  await chmod(dirname(b.home), 0o711);
  for (const directory of [b.home, b.directory]) {
    await mkdir(directory, { mode: 0o700 });
    await chown(directory, NOBODY, NOBODY);
  }
  await tree(a.directory, { "top.txt": "top", locked: { "one.txt": "1", sub: { "two.txt": "2" } } });
  await a.up();
  await joined(a, b);
  const before = await readTree(a.directory);
  const locked = join(b.directory, "locked");
  await chmod(locked, 0);
  // Also over a restart, when all is scanned anew.
  await b.down();
  await b.start();
  await until(async () => (await b.run("why", locked)).stdout.includes("E_UNREADABLE"), "why to name the directory");
  await writeFile(join(a.directory, "top.txt"), "changed");
  await until(async () => (await readFile(join(b.directory, "top.txt"), "utf8")) === "changed", "the rest to go on");
  expect(await readTree(a.directory)).toEqual({ ...before, "top.txt": "changed" });
  await chmod(locked, 0o755);
  await b.json("folder", "rescan", (await b.json<{ folders: { id: string }[] }>("status")).folders[0]?.id ?? "");
  await b.wait("--peer", "anna", "--peer-grace", "20s");
  expect(await readTree(a.directory)).toEqual({ ...before, "top.txt": "changed" });
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
});

test("96 descriptors, of which an idle daemon has 59, and 2,000 files: no crash, ends equal", async () => {
  const [a, b] = await testNodes("anna", "bert");
  b.daemonVia = ["sh", "-c", 'ulimit -n 96; exec "$@"', "sh"];
  const tops = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`dir-${i}`, many(50)]));
  await tree(a.directory, tops);
  await a.up();
  await b.join(a);
  const pid = await b.pid();
  await b.wait();
  expect(await b.pid()).toBe(pid);
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
  await rm(join(a.directory, "dir-0/f0"));
  await writeFile(join(b.directory, "dir-1/new.txt"), "new");
  await b.wait();
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
}, 120_000);

test("5 watches for 12 directories: one warning with the setting to raise, and it converges all the same", async (context) => {
  const limited = ["unshare", "-Ur", "sh", "-c", 'echo 5 > /proc/sys/user/max_inotify_watches && exec "$@"', "sh"];
  need(context, ["unshare", ...limited.slice(1), "true"]);
  const [a, b] = await testNodes("anna", "bert");
  b.daemonVia = limited;
  await tree(a.directory, Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`dir-${i}`, many(2)])));
  await a.up();
  await joined(a, b);
  await writeFile(join(b.directory, "dir-11/new.txt"), "new");
  await b.wait();
  expect(await readTree(b.directory)).toEqual(await readTree(a.directory));
  const logs = (await b.run("logs")).stdout;
  expect(logs.split("sysctl fs.inotify.max_user_watches").length - 1, logs).toBe(1);
});

test.for(["+10y", "-10y"])(
  "a clock that is wrong by %s: converges, keeps what was deleted, and a causal edit wins",
  async (shift, context) => {
    const missing = attempt("faketime", "-f", shift, "true");
    if (missing !== undefined) context.skip(`not possible here: ${missing}`);
    const [a, b] = await testNodes("anna", "bert");
    b.daemonVia = ["faketime", "-f", shift];
    await tree(a.directory, { "edited.txt": "before", "gone.txt": "gone" });
    await a.up();
    await joined(a, b);
    await writeFile(join(b.directory, "edited.txt"), "by bert");
    await b.wait();
    await writeFile(join(a.directory, "edited.txt"), "by anna, who saw it");
    await rm(join(a.directory, "gone.txt"));
    await a.wait();
    expect(await readTree(b.directory)).toEqual({ "edited.txt": "by anna, who saw it" });
    expect(await readTree(a.directory)).toEqual(await readTree(b.directory));
    await b.down();
    b.daemonVia = [];
    await b.start();
    await b.wait("--peer", "anna", "--peer-grace", "20s");
    expect((await b.run("trash", "list")).stdout).toContain("gone.txt");
  },
);
