import { afterEach, expect, test } from "vitest";
import type { JoinOffer, PairedDevice } from "../../../src/daemon/net/net-api.ts";
import type { InviteGrant } from "../../../src/peer/pairing/invite-book.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import { FOLDER, TestNode } from "./nodes.ts";

const nodes: TestNode[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node[Symbol.asyncDispose]()));
});

async function start(...args: Parameters<typeof TestNode.start>): Promise<TestNode> {
  const node = await TestNode.start(...args);
  nodes.push(node);
  return node;
}

const soon = (): AbortSignal => AbortSignal.timeout(8000);
const grant: InviteGrant = { role: "user", folders: [{ id: FOLDER, label: "Shared", rights: "write" }] };

/** An inviter that stores and trusts whom it paired with, as the daemon does. */
async function inviter(): Promise<{ node: TestNode; paired: PairedDevice[] }> {
  const paired: PairedDevice[] = [];
  const node: TestNode = await start(
    { name: "desk" },
    {
      onPaired: async (device) => {
        paired.push(device);
        await node.net.setTrust([{ id: device.device, addresses: [], isPaused: false }]);
      },
    },
  );
  return { node, paired };
}

async function joiner(onOffer?: () => void): Promise<{ node: TestNode; offers: JoinOffer[] }> {
  const offers: JoinOffer[] = [];
  const node: TestNode = await start(
    { name: "laptop" },
    {
      onOffer: async (offer) => {
        offers.push(offer);
        onOffer?.();
        return { deviceName: "laptop", addresses: [] };
      },
    },
  );
  return { node, offers };
}

test("a code pairs two nodes: both store first, both see the same words, and then they connect", async () => {
  const [a, b] = [await inviter(), await joiner()];
  const invite = await a.node.net.invite(grant, { isAsked: true });
  const joined = await b.node.net.join({ code: invite.code, at: a.node.at }, soon());
  expect(a.paired).toHaveLength(1);
  expect(a.paired[0]).toMatchObject({
    device: b.node.identity.deviceId,
    details: { deviceName: "laptop" },
    words: joined.words,
  });
  expect(joined).toMatchObject({
    device: a.node.identity.deviceId,
    offer: { deviceName: "desk", role: "user", folders: grant.folders },
  });
  expect(b.offers).toEqual([joined]);
  expect(joined.words).toMatch(/^[a-z]+-[a-z]+-[a-z]+$/);
  await a.node.seen("invite paired");
  await a.node.seen("invite-ended used");
  expect(await a.node.net.invites()).toEqual([]);
  await b.node.net.setTrust([a.node.asTrusted()]);
  await b.node.seen("connected desk");
});

test("a link pairs without a code and without naming an address", async () => {
  const [a, b] = [await inviter(), await joiner()];
  const { link } = await a.node.net.invite(grant, { isAsked: true });
  expect((await b.node.net.join({ code: link, at: null }, soon())).device).toBe(a.node.identity.deviceId);
  expect(a.paired).toHaveLength(1);
});

test("three wrong codes kill the invite, each told as what it is", async () => {
  const [a, b] = [await inviter(), await joiner()];
  const { code } = await a.node.net.invite(grant, { isAsked: true });
  const wrong = code.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
  for (const left of [2, 1, 0]) {
    const error = await b.node.net.join({ code: wrong, at: a.node.at }, soon()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SyncError);
    expect(error).toMatchObject({ code: "E_CODE_WRONG", facts: { triesLeft: left } });
  }
  await a.node.seen("invite wrong", 3);
  await a.node.seen("invite-ended killed");
  await expect(b.node.net.join({ code, at: a.node.at }, soon())).rejects.toMatchObject({ code: "E_CODE_USED" });
  expect([a.paired, b.offers]).toEqual([[], []]);
});

test("with no invite, a cancelled one included, nobody pairs", async () => {
  const [a, b] = [await inviter(), await joiner()];
  await expect(b.node.net.join({ code: "7-123456", at: a.node.at }, soon())).rejects.toMatchObject({
    code: "E_CODE_EXPIRED",
  });
  const { id, code } = await a.node.net.invite(grant, { isAsked: true });
  await a.node.net.cancelInvite(id);
  await a.node.seen("invite-ended withdrawn");
  await expect(b.node.net.join({ code, at: a.node.at }, soon())).rejects.toMatchObject({ code: "E_CODE_EXPIRED" });
});

test("an offer that is turned down leaves nothing paired", async () => {
  const a = await inviter();
  const b = await joiner(() => {
    throw new SyncError("E_FOLDER_OVERLAP", "the directory is inside another folder");
  });
  const { code } = await a.node.net.invite(grant, { isAsked: true });
  const join = b.node.net.join({ code, at: a.node.at }, soon());
  await expect(join).rejects.toMatchObject({
    code: "E_FOLDER_OVERLAP",
    message: "the directory is inside another folder",
  });
  expect(a.paired).toEqual([]);
  await a.node.seen("invite declined");
});

test("when the inviter cannot store the pairing, the joiner is not told that it is paired", async () => {
  const a = await start({}, { onPaired: () => Promise.reject(new Error("disk full")) });
  const b = await joiner();
  const { code } = await a.net.invite(grant, { isAsked: true });
  await expect(b.node.net.join({ code, at: a.at }, soon())).rejects.toMatchObject({ code: "E_PEER_OFFLINE" });
});

test("an address where nobody listens is named", async () => {
  const b = await joiner();
  const join = b.node.net.join({ code: "7-123456", at: { host: "127.0.0.1", port: 1 } }, soon());
  await expect(join).rejects.toMatchObject({ code: "E_PEER_OFFLINE", message: expect.stringContaining("127.0.0.1:1") });
});

test("a link whose address belongs to another device pairs with nobody", async () => {
  const [a, other, b] = [await inviter(), await inviter(), await joiner()];
  const { link } = await a.node.net.invite(grant, { isAsked: true });
  await other.node.net.invite(grant, { isAsked: true });
  const forged = link.replace(
    encodeURIComponent(`127.0.0.1:${a.node.at.port}`),
    encodeURIComponent(`127.0.0.1:${other.node.at.port}`),
  );
  expect(forged).not.toBe(link);
  await expect(b.node.net.join({ code: forged, at: null }, soon())).rejects.toMatchObject({
    message: expect.stringContaining("another device answers"),
  });
  expect([a.paired, other.paired]).toEqual([[], []]);
});

test("giving up ends a join at once", async () => {
  const b = await joiner();
  const controller = new AbortController();
  const join = b.node.net.join({ code: "7-123456", at: null }, controller.signal);
  controller.abort(new SyncError("E_INTERRUPTED", "the person gave up"));
  await expect(join).rejects.toMatchObject({ code: "E_INTERRUPTED" });
});
