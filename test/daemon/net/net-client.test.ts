import { afterEach, expect, test } from "vitest";
import { messages } from "../../peer/wire/samples.ts";
import { connectedPair, FOLDER, TestNode } from "./nodes.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node[Symbol.asyncDispose]()));
});

async function start(...args: Parameters<typeof TestNode.start>): Promise<TestNode> {
  const node = await TestNode.start(...args);
  nodes.push(node);
  return node;
}

test("two trusting devices connect, introduce themselves and exchange messages in order", async () => {
  const [a, b] = [await start({ name: "desk" }), await start({ name: "laptop" })];
  await connectedPair(a, b);
  expect(a.peer.facts).toMatchObject({
    device: b.identity.deviceId,
    name: "laptop",
    isDialled: true,
    transport: "tcp",
    folders: [{ id: FOLDER, label: "Shared" }],
  });
  expect(b.peer.facts).toMatchObject({
    device: a.identity.deviceId,
    name: "desk",
    isDialled: false,
    features: ["index/1", "fetch/1"],
  });
  const all = Object.values(messages);
  for (const message of all) a.peer.send(message);
  await b.seen("message", all.length);
  expect(b.messages).toEqual(all);
  expect(await a.peer.ping(AbortSignal.timeout(2000))).toBeLessThan(1000);
});
