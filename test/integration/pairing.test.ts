import { mkdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { pairedNodes, testNodes } from "../support/nodes.ts";

test("a wrong code is refused with exit 10, three of them end the invite", async () => {
  const [a, b] = await testNodes("anna", "bert");
  await a.up();
  const { code } = await a.json<{ code: string }>("peer", "invite");
  const wrong = `${code.slice(0, -1)}${(Number(code.at(-1)) + 1) % 10}`;
  const at = await a.address();
  for (let tries = 0; tries < 3; tries++) {
    const refused = await b.run("join", wrong, b.directory, "--at", at, "--listen", "127.0.0.1:0", "--no-discovery");
    expect(refused.code, refused.stderr).toBe(10);
  }
  const late = await b.run("--json", "join", code, b.directory, "--at", at);
  expect(late.code, late.stderr).toBe(10);
  expect(JSON.parse(late.stderr)).toMatchObject({ v: 1, type: "error", exit: 10 });
});

test("a code is used up by the first device that joins", async () => {
  const [a, b, c] = await testNodes("anna", "bert", "cleo");
  await a.up();
  const { code } = await a.json<{ code: string }>("peer", "invite");
  const at = await a.address();
  const flags = ["--at", at, "--listen", "127.0.0.1:0", "--no-discovery"];
  expect((await b.run("join", code, b.directory, ...flags)).code).toBe(0);
  const second = await c.run("--json", "join", code, c.directory, ...flags);
  expect(second.code, second.stderr).toBe(10);
  expect(JSON.parse(second.stderr)).toMatchObject({ code: "E_CODE_USED" });
});

test("a link pairs like a code, and both ends show the same three words", async () => {
  const [a, b] = await testNodes("anna", "bert");
  await a.up();
  const { link } = await a.json<{ link: string }>("peer", "invite");
  await b.json("join", link, b.directory, "--listen", "127.0.0.1:0", "--no-discovery", "--name", "bert");
  const ours = await a.json<{ words: string[] }>("peer", "show", "bert");
  const theirs = await b.json<{ words: string[] }>("peer", "show", "anna");
  expect(ours.words).toHaveLength(3);
  expect(theirs.words).toEqual(ours.words);
});

test("up again changes nothing; joining the same folder elsewhere is refused with exit 8", async () => {
  const [a, b] = await pairedNodes();
  const before = await a.json<{ folders: unknown[]; device: unknown }>("status");
  expect((await a.run("up", a.directory)).code).toBe(0);
  const after = await a.json<{ folders: unknown[]; device: unknown }>("status");
  expect(after.device).toEqual(before.device);
  expect(after.folders).toHaveLength(1);
  const { code } = await a.json<{ code: string }>("peer", "invite");
  await mkdir(`${b.directory}-other`);
  const elsewhere = await b.run("join", code, `${b.directory}-other`, "--at", await a.address());
  expect(elsewhere.code, elsewhere.stderr).toBe(8);
});

test("a removed peer is cut off at once and told so", async () => {
  const [a, b] = await pairedNodes();
  await a.json("peer", "remove", "bert", "-y");
  const { peers } = await b.json<{ peers: { state: string }[] }>("status");
  expect(peers[0]?.state).toBe("refused");
});
