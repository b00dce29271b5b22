import { beforeEach, expect, test } from "vitest";
import { type Invite, InviteBook } from "../../../src/peer/pairing/invite-book.ts";
import { Inviter, type InviterOutcome } from "../../../src/peer/pairing/inviter.ts";
import { Joiner, type JoinerOutcome } from "../../../src/peer/pairing/joiner.ts";
import type { ChannelBinding } from "../../../src/peer/pairing/key-exchange.ts";
import type { InviteKind, Offer, PairingMessage } from "../../../src/peer/pairing/messages.ts";
import { deviceIdFromHash } from "../../../src/shared/ids.ts";
import { ManualClock, seededRandom } from "../support.ts";

const random = seededRandom(11);
const device = deviceIdFromHash(new Uint8Array(32).fill(1));
const binding: ChannelBinding = {
  joinerCertificate: new Uint8Array(300).fill(1),
  inviterCertificate: new Uint8Array(300).fill(2),
  exporter: new Uint8Array(32).fill(3),
};
const offer: Offer = { deviceName: "desk", role: "user", folders: [], addresses: [] };
const details = { deviceName: "laptop", addresses: [] };

let book: InviteBook;
let invite: Invite;
beforeEach(() => {
  book = new InviteBook({ clock: new ManualClock(), random });
  invite = book.create({ role: "user", folders: [] }, { isAsked: true });
});

function inviter(overrides: Partial<{ binding: ChannelBinding; address: string }> = {}): Inviter {
  return new Inviter({
    book,
    random,
    binding,
    joiner: device,
    address: "10.0.0.9",
    offerFor: () => offer,
    ...overrides,
  });
}

function joiner(
  overrides: Partial<{
    secret: string;
    kind: InviteKind;
    password: Uint8Array;
    binding: ChannelBinding;
    channel: number;
  }> = {},
): Joiner {
  const password = new TextEncoder().encode(overrides.secret ?? invite.code.slice(2));
  return new Joiner({ kind: "code", channel: invite.channel, password, binding, ...overrides }, random);
}

interface Conversation {
  readonly atInviter: InviterOutcome | undefined;
  readonly atJoiner: JoinerOutcome | undefined;
  readonly said: readonly PairingMessage[];
}

/** Lets two sides talk until both are silent; the joiner accepts whatever it is offered. */
function converse(near: Joiner, far: Inviter): Conversation {
  const said: PairingMessage[] = [];
  let atInviter: InviterOutcome | undefined;
  let atJoiner: JoinerOutcome | undefined;
  let toInviter: readonly PairingMessage[] = [near.start()];
  while (toInviter.length > 0) {
    const replies: PairingMessage[] = [];
    for (const message of toInviter) {
      const step = far.receive(message);
      atInviter = step.outcome ?? atInviter;
      replies.push(...step.send, ...(step.outcome?.type === "paired" ? [far.stored()] : []));
    }
    said.push(...toInviter, ...replies);
    toInviter = replies.flatMap((message) => {
      const step = near.receive(message);
      atJoiner = step.outcome ?? atJoiner;
      return [...step.send, ...(step.outcome?.type === "offered" ? [near.accept(details)] : [])];
    });
  }
  return { atInviter, atJoiner, said };
}

function codeOf(action: () => unknown): unknown {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

test("the right code pairs: both learn of each other and see the same three words", () => {
  let words = "";
  const near = joiner();
  const far = inviter();
  const proof = near.receive(far.receive(near.start()).send[0]!).send[0]!;
  const offered = near.receive(far.receive(proof).send[0]!).outcome;
  if (offered?.type === "offered") words = offered.words;
  expect(offered).toMatchObject({ type: "offered", offer });
  const outcome = far.receive(near.accept(details)).outcome;
  expect(outcome).toMatchObject({ type: "paired", peer: { device, details, invite, words } });
  expect(near.receive(far.stored()).outcome).toEqual({ type: "done" });
});

test("the link's secret pairs as well, but not in the code's place", () => {
  expect(converse(joiner({ kind: "link", password: invite.linkSecret }), inviter()).atJoiner?.type).toBe("done");
  invite = book.create({ role: "user", folders: [] }, { isAsked: true });
  expect(converse(joiner({ kind: "code", password: invite.linkSecret }), inviter()).atJoiner?.type).toBe("wrong");
});

test("two pairings show different words", () => {
  const wordsOf = (talk: Conversation): string =>
    talk.atInviter?.type === "paired" ? talk.atInviter.peer.words : "none";
  const first = wordsOf(converse(joiner(), inviter()));
  invite = book.create({ role: "user", folders: [] }, { isAsked: true });
  expect(wordsOf(converse(joiner(), inviter()))).not.toBe(first);
});

test("three wrong codes kill the invite; then even the right one only hears so", () => {
  const left = [1, 2, 3].map(() => converse(joiner({ secret: "wrong!" }), inviter({ address: "10.6.6.6" })).atJoiner);
  expect(left).toEqual([2, 1, 0].map((triesLeft) => ({ type: "wrong", triesLeft })));
  expect(converse(joiner(), inviter()).atJoiner).toEqual({ type: "ended", reason: "killed", by: "10.6.6.6" });
});

test("whoever does not know the code hears nothing but a share and `wrong`, of an ended invite too", () => {
  const heard = (): string[] => converse(joiner({ secret: "000000" }), inviter()).said.map((message) => message.type);
  expect(heard()).toEqual(["start", "share", "proof", "wrong"]);
  converse(joiner(), inviter());
  expect(book.live()).toEqual([]);
  expect(heard()).toEqual(["start", "share", "proof", "wrong"]);
  const wrong = converse(joiner({ secret: "000000" }), inviter()).atJoiner;
  expect(wrong).toEqual({ type: "wrong", triesLeft: 0 });
});

test("a code works once", () => {
  expect(converse(joiner(), inviter({ address: "10.0.0.7" })).atJoiner?.type).toBe("done");
  const again = converse(joiner(), inviter());
  expect(again.atJoiner).toEqual({ type: "ended", reason: "used", by: "10.0.0.7" });
  expect(again.atInviter?.type).toBe("too-late");
});

test("on a channel without an invite nothing is said", () => {
  const far = inviter();
  const start = joiner({ channel: (invite.channel + 1) % 10 }).start();
  expect(far.receive(start)).toEqual({ send: [], outcome: { type: "no-invite", channel: start.channel } });
});

test.each([
  { name: "another joiner certificate", other: { ...binding, joinerCertificate: new Uint8Array(300).fill(9) } },
  { name: "another inviter certificate", other: { ...binding, inviterCertificate: new Uint8Array(300).fill(9) } },
  {
    name: "swapped certificates",
    other: { ...binding, joinerCertificate: binding.inviterCertificate, inviterCertificate: binding.joinerCertificate },
  },
  { name: "another TLS connection", other: { ...binding, exporter: new Uint8Array(32).fill(9) } },
])("the right code fails under $name", ({ other }) => {
  expect(converse(joiner({ binding: other }), inviter()).atJoiner).toEqual({ type: "wrong", triesLeft: 2 });
});

test("a run with another kind or channel than the joiner's gives another key", () => {
  const start = joiner({ kind: "link" }).start();
  const near = joiner();
  const far = inviter();
  const share = far.receive({ ...near.start(), kind: start.kind }).send[0]!;
  const proof = near.receive(share).send[0]!;
  expect(far.receive(proof).outcome?.type).toBe("wrong");
});

test("a replayed transcript fails: the share of the other run is not answered by the same one", () => {
  const recorded = converse(joiner(), inviter()).said;
  const replayed = recorded.filter((message) => message.type === "start" || message.type === "proof");
  invite = book.create({ role: "user", folders: [] }, { isAsked: true });
  const channel = invite.channel;
  const far = inviter();
  const outcomes = replayed.map(
    (message) => far.receive(message.type === "start" ? { ...message, channel } : message).outcome,
  );
  expect(outcomes.at(-1)?.type).toBe("wrong");
});

test("messages reflected to their sender are refused on both sides", () => {
  const near = joiner();
  expect(codeOf(() => near.receive(near.start()))).toBe("E_PROTOCOL");
  const mirrored = joiner();
  expect(codeOf(() => mirrored.receive({ type: "share", share: mirrored.start().share }))).toBe("E_PROTOCOL");

  const far = inviter();
  const share = far.receive(joiner().start()).send[0]!;
  expect(codeOf(() => far.receive(share))).toBe("E_PROTOCOL");
});

test("two sessions of one inviter cannot be played against each other", () => {
  const [first, second] = [inviter(), inviter()];
  const near = joiner();
  const shareOfFirst = first.receive(near.start()).send[0]!;
  if (shareOfFirst.type !== "share") throw new Error("no share");
  second.receive({ type: "start", kind: "code", channel: invite.channel, share: shareOfFirst.share });
  const proof = near.receive(shareOfFirst).send[0]!;
  expect(second.receive(proof).outcome?.type).toBe("wrong");
  expect(first.receive(proof).send[0]?.type).toBe("offer");
});

test("an inviter's own tag does not prove a joiner", () => {
  const far = inviter();
  const near = joiner();
  const share = far.receive(near.start()).send[0]!;
  const proof = near.receive(share).send[0]!;
  const answer = far.receive(proof).send[0]!;
  if (answer.type !== "offer") throw new Error("no offer");
  invite = book.create({ role: "user", folders: [] }, { isAsked: true });
  const victim = inviter();
  victim.receive({ ...near.start(), channel: invite.channel });
  expect(victim.receive({ type: "proof", tag: answer.tag }).outcome?.type).toBe("wrong");
});

test.each([
  { name: "the neutral element", share: new Uint8Array(32) },
  { name: "an encoding of no element", share: new Uint8Array(32).fill(0xff) },
])("$name as a share ends the run on both sides, without a try lost", ({ share }) => {
  for (let count = 0; count < 5; count++) {
    const far = inviter();
    expect(codeOf(() => far.receive({ type: "start", kind: "code", channel: invite.channel, share }))).toBe(
      "E_PROTOCOL",
    );
    expect(codeOf(() => joiner().receive({ type: "share", share }))).toBe("E_PROTOCOL");
  }
  expect(converse(joiner(), inviter()).atJoiner?.type).toBe("done");
});

test("a joiner believes neither an offer nor an end from a machine that does not know the code", () => {
  const tag = new Uint8Array(64);
  const answers: readonly PairingMessage[] = [
    { type: "offer", tag, offer },
    { type: "ended", tag, reason: "used", by: "10.0.0.1" },
  ];
  for (const answer of answers) {
    const near = joiner();
    near.receive(inviter().receive(near.start()).send[0]!);
    expect(codeOf(() => near.receive(answer))).toBe("E_CODE_WRONG");
  }
});

test("sessions side by side judge three proofs in all", () => {
  const starts = Array.from({ length: 10 }, () => ({ far: inviter(), near: joiner({ secret: "000000" }) }));
  const opened = starts.flatMap(({ far, near }) => {
    const share = far.receive(near.start()).send[0];
    return share === undefined ? [] : [{ far, proof: near.receive(share).send[0]! }];
  });
  expect(opened).toHaveLength(3);
  expect(opened.map(({ far, proof }) => far.receive(proof).outcome)).toMatchObject(
    [2, 1, 0].map((triesLeft) => ({ type: "wrong", triesLeft })),
  );
});

test("a connection that ends before its proof gives the try back, after it does not", () => {
  const far = inviter();
  far.receive(joiner().start());
  far.cancel();
  const judged = inviter();
  const near = joiner({ secret: "000000" });
  judged.receive(near.receive(judged.receive(near.start()).send[0]!).send[0]!);
  judged.cancel();
  expect(converse(joiner({ secret: "000001" }), inviter()).atJoiner).toEqual({ type: "wrong", triesLeft: 1 });
});

test.each<PairingMessage>([
  { type: "share", share: new Uint8Array(32) },
  { type: "proof", tag: new Uint8Array(64) },
  { type: "details", details },
  { type: "declined", code: "E_USAGE" },
  { type: "done" },
])("an inviter refuses $type as the first message", (message) => {
  expect(codeOf(() => inviter().receive(message))).toBe("E_PROTOCOL");
});

test("after the end every further message is refused", () => {
  const far = inviter();
  const near = joiner();
  converse(near, far);
  expect(codeOf(() => far.receive(near.start()))).toBe("E_PROTOCOL");
  expect(codeOf(() => near.receive({ type: "done" }))).toBe("E_PROTOCOL");
});

test("a joiner that turns the offer down is heard, and the code is used up", () => {
  const far = inviter();
  const near = joiner();
  const offered = far.receive(near.receive(far.receive(near.start()).send[0]!).send[0]!).send[0]!;
  near.receive(offered);
  expect(far.receive(near.decline("E_FOLDER_OVERLAP")).outcome).toEqual({
    type: "declined",
    invite,
    code: "E_FOLDER_OVERLAP",
  });
  expect(book.endOf(invite.id)?.reason).toBe("used");
});
