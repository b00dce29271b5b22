import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type Duplex, duplexPair } from "node:stream";
import { connect, createServer, type TLSSocket } from "node:tls";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Identity } from "../../../src/peer/identity.ts";
import { bindingAtInviter, bindingAtJoiner } from "../../../src/peer/pairing/binding.ts";
import { type Invite, InviteBook } from "../../../src/peer/pairing/invite-book.ts";
import type { ChannelBinding } from "../../../src/peer/pairing/key-exchange.ts";
import type { JoinerDetails, Offer } from "../../../src/peer/pairing/messages.ts";
import { type InviterResult, type RunInviterDeps, runInviter } from "../../../src/peer/pairing/run-inviter.ts";
import { type JoinResult, runJoiner } from "../../../src/peer/pairing/run-joiner.ts";
import { clientTlsOptions, PAIRING_PROTOCOL, peerIdentityOf, serverTlsOptions } from "../../../src/peer/tls.ts";
import { SyncError } from "../../../src/shared/errors.ts";
import { LIMITS } from "../../../src/shared/limits.ts";
import { makeIdentity } from "../certificates.ts";
import { ManualClock, realRandom } from "../support.ts";

const offer: Offer = { deviceName: "desk", role: "user", folders: [], addresses: [{ host: "10.0.0.1", port: 4777 }] };
const details: JoinerDetails = { deviceName: "laptop", addresses: [] };

let desk: Identity;
let laptop: Identity;
let mallory: Identity;
let clock: ManualClock;
let book: InviteBook;
let invite: Invite;
const cleanups: (() => void)[] = [];

beforeAll(async () => {
  [desk, laptop, mallory] = [await makeIdentity(), await makeIdentity(), await makeIdentity()];
});
beforeEach(() => {
  clock = new ManualClock();
  book = new InviteBook({ clock, random: realRandom });
  invite = book.create({ role: "user", folders: [] }, { isAsked: true });
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A TLS connection between two identities, as the pairing protocol makes it. */
async function connectTls(client: Identity, server: Identity): Promise<{ near: TLSSocket; far: TLSSocket }> {
  const listener = createServer(serverTlsOptions(server, () => [PAIRING_PROTOCOL]));
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const accepted = once(listener, "secureConnection") as Promise<[TLSSocket]>;
  const near = connect({
    ...clientTlsOptions(client, PAIRING_PROTOCOL),
    host: "127.0.0.1",
    port: (listener.address() as AddressInfo).port,
  });
  await once(near, "secureConnect");
  const [far] = await accepted;
  cleanups.push(() => {
    near.destroy();
    far.destroy();
    listener.close();
  });
  return { near, far };
}

interface Overrides {
  readonly secret?: string;
  readonly channel?: number;
  readonly onPaired?: RunInviterDeps["onPaired"];
  readonly onOffer?: (offer: Offer, words: string) => Promise<JoinerDetails>;
}

function invitePeer(stream: Duplex, binding: ChannelBinding, overrides: Overrides = {}): Promise<InviterResult> {
  return runInviter(stream, {
    book,
    random: realRandom,
    clock,
    binding,
    joiner: laptop.deviceId,
    address: "10.0.0.9",
    offerFor: () => offer,
    onPaired: overrides.onPaired ?? (async () => {}),
  });
}

function join(stream: Duplex, binding: ChannelBinding, overrides: Overrides = {}): Promise<JoinResult> {
  const password = new TextEncoder().encode(overrides.secret ?? invite.code.slice(2));
  return runJoiner(stream, {
    inputs: { kind: "code", channel: overrides.channel ?? invite.channel, password, binding },
    random: realRandom,
    clock,
    address: "desk:4777",
    onOffer: overrides.onOffer ?? (async () => details),
  });
}

async function pairOverTls(
  overrides: Overrides = {},
): Promise<{ joined: Promise<JoinResult>; invited: Promise<InviterResult> }> {
  const { near, far } = await connectTls(laptop, desk);
  const invited = invitePeer(far, bindingAtInviter(desk, far), overrides);
  const joined = join(near, bindingAtJoiner(laptop, near), overrides);
  joined.catch(() => {});
  return { joined, invited };
}

const plain: ChannelBinding = {
  joinerCertificate: new Uint8Array([1]),
  inviterCertificate: new Uint8Array([2]),
  exporter: new Uint8Array([3]),
};

async function errorOf(promise: Promise<unknown>): Promise<SyncError> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(SyncError);
  return error as SyncError;
}

async function failureOf(result: Promise<InviterResult>): Promise<unknown> {
  const outcome = await result;
  return outcome.type === "failed"
    ? ((outcome.error as { code?: unknown }).code ?? (outcome.error as Error).message)
    : outcome.type;
}

test("over TLS, both ends learn of each other and show the same words", async () => {
  const { joined, invited } = await pairOverTls();
  const result = await joined;
  expect(result.offer).toEqual(offer);
  expect(await invited).toMatchObject({
    type: "paired",
    peer: { device: laptop.deviceId, details, words: result.words },
  });
});

test("the joiner is done only after the inviter has stored the pairing", async () => {
  const order: string[] = [];
  const { joined } = await pairOverTls({
    onOffer: async () => {
      order.push("joiner stored");
      return details;
    },
    onPaired: async () => {
      await new Promise(setImmediate);
      order.push("inviter stored");
    },
  });
  await joined;
  order.push("done");
  expect(order).toEqual(["joiner stored", "inviter stored", "done"]);
});

test("with a link the joiner pins the inviter before it says anything", async () => {
  const { near, far } = await connectTls(laptop, desk);
  expect(peerIdentityOf(near).deviceId).toBe(desk.deviceId);
  const invited = invitePeer(far, bindingAtInviter(desk, far));
  const inputs = {
    kind: "link",
    channel: invite.channel,
    password: invite.linkSecret,
    binding: bindingAtJoiner(laptop, near),
  } as const;
  await runJoiner(near, { inputs, random: realRandom, clock, address: "desk", onOffer: async () => details });
  expect((await invited).type).toBe("paired");
});

test("a man in the middle of two TLS connections fails although the code is right", async () => {
  const left = await connectTls(laptop, mallory);
  const right = await connectTls(mallory, desk);
  left.far.pipe(right.near);
  right.near.pipe(left.far);
  const invited = invitePeer(right.far, bindingAtInviter(desk, right.far));
  const joined = join(left.near, bindingAtJoiner(laptop, left.near));
  expect((await errorOf(joined)).code).toBe("E_CODE_WRONG");
  expect(await invited).toMatchObject({ type: "wrong", triesLeft: 2 });
});

test("a wrong code, a used one, a killed one and an expired one are each said as what they are", async () => {
  const wrong = await errorOf((await pairOverTls({ secret: "wrong!" })).joined);
  expect([wrong.code, wrong.exit, wrong.message]).toEqual([
    "E_CODE_WRONG",
    10,
    "desk:4777: the code is wrong; 2 tries are left",
  ]);

  await (await pairOverTls()).joined;
  const used = await errorOf((await pairOverTls()).joined);
  expect([used.code, used.exit, used.message]).toEqual([
    "E_CODE_USED",
    10,
    "desk:4777: the code was used already from 10.0.0.9",
  ]);

  invite = book.create({ role: "user", folders: [] }, { isAsked: true });
  for (let count = 0; count < 3; count++) await errorOf((await pairOverTls({ secret: "wrong!" })).joined);
  const killed = await errorOf((await pairOverTls()).joined);
  expect([killed.code, killed.message]).toEqual([
    "E_CODE_USED",
    "desk:4777: the code is dead: three wrong tries from 10.0.0.9",
  ]);

  invite = book.create({ role: "user", folders: [] }, { isAsked: true });
  clock.advance(LIMITS.inviteMs.value);
  const expired = await errorOf((await pairOverTls()).joined);
  expect([expired.code, expired.exit]).toEqual(["E_CODE_EXPIRED", 10]);
});

test("on a channel without an invite the stranger gets no byte", async () => {
  const { near, far } = await connectTls(laptop, desk);
  const invited = invitePeer(far, bindingAtInviter(desk, far));
  let received = 0;
  near.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  const start = Buffer.concat([Buffer.from([0, 35, 0, 0, (invite.channel + 1) % 10]), Buffer.alloc(32, 1)]);
  near.write(start);
  await once(near, "close");
  expect(received).toBe(0);
  expect((await invited).type).toBe("no-invite");

  const error = await errorOf((await pairOverTls({ channel: (invite.channel + 1) % 10 })).joined);
  expect(error.code).toBe("E_CODE_WRONG");
});

test("an offer that the joiner turns down fails with the joiner's reason, on both ends", async () => {
  const { joined, invited } = await pairOverTls({
    onOffer: () => Promise.reject(new SyncError("E_FOLDER_OVERLAP", "the folder is elsewhere")),
  });
  expect((await errorOf(joined)).code).toBe("E_FOLDER_OVERLAP");
  expect(await invited).toMatchObject({ type: "declined", code: "E_FOLDER_OVERLAP" });
});

test("an inviter that cannot store the pairing never says done", async () => {
  const { joined, invited } = await pairOverTls({
    onPaired: () => Promise.reject(new SyncError("E_DISK_FULL", "full")),
  });
  expect((await errorOf(joined)).code).toBe("E_PEER_OFFLINE");
  expect(await failureOf(invited)).toBe("E_DISK_FULL");
});

test.each([
  { name: "says nothing", bytes: [] },
  { name: "trickles half a length", bytes: [0] },
  { name: "trickles half a message", bytes: [0, 35, 0] },
])("a joiner that $name is cut off at the deadline", async ({ bytes }) => {
  const [near, far] = duplexPair();
  const invited = invitePeer(far, plain);
  if (bytes.length > 0) near.write(Buffer.from(bytes));
  await new Promise(setImmediate);
  clock.advance(LIMITS.handshakeMs.value);
  expect(await failureOf(invited)).toBe("E_TIMEOUT");
});

test("an inviter that says nothing is given up at the deadline", async () => {
  const [near] = duplexPair();
  const joined = errorOf(join(near, plain));
  clock.advance(LIMITS.handshakeMs.value);
  expect((await joined).code).toBe("E_TIMEOUT");
});

test("an aborted join ends at once", async () => {
  const [near] = duplexPair();
  const stop = new AbortController();
  const inputs = { kind: "code", channel: 1, password: new Uint8Array(6), binding: plain } as const;
  const joined = errorOf(
    runJoiner(near, {
      inputs,
      random: realRandom,
      clock,
      address: "desk",
      onOffer: async () => details,
      signal: stop.signal,
    }),
  );
  stop.abort();
  expect((await joined).code).toBe("E_INTERRUPTED");
});

test.each([
  { name: "a length of 4097", bytes: [0x10, 0x01], reason: "E_PROTOCOL" },
  { name: "a length of 65535", bytes: [0xff, 0xff], reason: "E_PROTOCOL" },
  { name: "a length of 0", bytes: [0, 0], reason: "E_PROTOCOL" },
  { name: "an unknown message", bytes: [0, 1, 99], reason: "E_PROTOCOL" },
  { name: "a web request", bytes: [...Buffer.from("GET / HTTP/1.1\r\n\r\n")], reason: "E_PROTOCOL" },
])("$name from a stranger ends its connection and nothing else", async ({ bytes, reason }) => {
  const [near, far] = duplexPair();
  const invited = invitePeer(far, plain);
  near.write(Buffer.from(bytes));
  expect(await failureOf(invited)).toBe(reason);
  expect(far.destroyed || far.writableEnded).toBe(true);
  expect(book.live()).toHaveLength(1);
});

test("a joiner that hangs up gives its try back", async () => {
  for (let count = 0; count < 5; count++) {
    const [near, far] = duplexPair();
    const invited = invitePeer(far, plain);
    near.write(Buffer.concat([Buffer.from([0, 35, 0, 0, invite.channel]), Buffer.from(goodShare, "hex")]));
    await once(near, "readable");
    near.end();
    expect(await failureOf(invited)).toBe("the joiner hung up");
  }
  expect((await (await pairOverTls()).invited).type).toBe("paired");
});

/** A valid group element: the ristretto255 generator. */
const goodShare = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
