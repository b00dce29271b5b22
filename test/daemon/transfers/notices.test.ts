import { expect, test } from "vitest";
import type { Actor } from "../../../src/daemon/api/actor.ts";
import { EventBook } from "../../../src/daemon/event-book.ts";
import type { NetPeer } from "../../../src/daemon/net/net-peer.ts";
import { Notices } from "../../../src/daemon/transfers/notices.ts";
import { type DeviceId, parseFolderId, parseRelPath, type ShortId, shortId } from "../../../src/shared/ids.ts";
import { openIndex } from "../../../src/sync/index/open-index.ts";
import { makeIdentity } from "../../peer/certificates.ts";
import { ManualClock, silentLog } from "../../peer/support.ts";
import { head } from "../../peer/wire/samples.ts";

const FOLDER = parseFolderId("docs");
const PHOTO = parseRelPath("photo.jpg");

test("an owner on another device is told at its next connection, once, in one line for many downloads", async () => {
  await using index = openIndex(":memory:");
  const clock = new ManualClock();
  const [self, owner, reader] = await Promise.all([makeIdentity(), makeIdentity(), makeIdentity()]);
  await index.write.openFolder(FOLDER, "epoch-1");
  await index.write.commitLocal(
    FOLDER,
    [{ path: PHOTO, heads: [head({ owner: shortId(owner.deviceId) })], stamp: null, announce: true }],
    { nowMs: 1 },
  );
  let connected: NetPeer | undefined;
  let isDeaf = false;
  const told: unknown[] = [];
  const notices = new Notices({
    index,
    events: new EventBook(index, clock, silentLog),
    clock,
    log: silentLog,
    self: self.deviceId as DeviceId,
    devicesOf: () => [],
    connectionOf: (device: ShortId) => (device === shortId(owner.deviceId) ? connected : undefined),
    tell: async (_, input) => {
      if (isDeaf) throw new Error("the connection was lost");
      told.push(...input.notices);
    },
  });
  const bob: Actor = { device: reader.deviceId, user: "bob", role: "user", deviceName: "laptop" } as Actor;

  await notices.downloaded(bob, FOLDER, [PHOTO]);
  await notices.downloaded(bob, FOLDER, [PHOTO]);
  await notices.deliver(shortId(owner.deviceId));
  expect(told, "nobody is connected").toEqual([]);

  connected = {} as NetPeer;
  isDeaf = true;
  await notices.deliver(shortId(owner.deviceId));
  expect(told, "what fails is kept").toEqual([]);

  isDeaf = false;
  await notices.deliver(shortId(owner.deviceId));
  await notices.deliver(shortId(owner.deviceId));
  expect(told).toEqual([
    expect.objectContaining({ folder: FOLDER, path: PHOTO, device: reader.deviceId, user: "bob", count: 2 }),
  ]);
});
