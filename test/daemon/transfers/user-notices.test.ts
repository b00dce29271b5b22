import { beforeEach, expect, test } from "vitest";
import { type Actor, localAdmin } from "../../../src/daemon/api/actor.ts";
import { EventBook } from "../../../src/daemon/event-book.ts";
import { Notices } from "../../../src/daemon/transfers/notices.ts";
import type { DeviceId } from "../../../src/shared/ids.ts";
import { shortId } from "../../../src/shared/ids.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { ManualClock } from "../../peer/support.ts";
import { deviceA, deviceB } from "../../peer/wire/samples.ts";
import { silentLog } from "../../support/silent-log.ts";
import { change, EPOCH, FOLDER, file, path } from "../../sync/index/rows.ts";

const self = shortId(deviceA);
const DESK = deviceB;
const LAP = `${deviceB.slice(0, -1)}${deviceB.endsWith("A") ? "B" : "A"}`.replace(/^./, (first) =>
  first === "A" ? "B" : "A",
) as DeviceId;
const desk: Actor = { ...localAdmin("desk"), device: DESK };

let index: OwnedIndex;
let events: EventBook;
let notices: Notices;
let signedInFrom: DeviceId[];

beforeEach(async () => {
  index = openIndex(":memory:");
  await index.write.openFolder(FOLDER, EPOCH);
  const clock = new ManualClock();
  events = new EventBook(index, clock, silentLog);
  signedInFrom = [];
  notices = new Notices({
    ...{ index, events, clock, log: silentLog, self: deviceA },
    devicesOf: () => signedInFrom,
    connectionOf: () => undefined,
    tell: async () => {},
  });
});

async function owned(owner: string, at = "photo.jpg"): Promise<void> {
  await index.write.commitLocal(FOLDER, [change(at, file({ A: 1 }, "x", { owner }))]);
}

const waitingFor = (device: DeviceId) => index.read.notices({ undeliveredTo: shortId(device), limit: 9 });

test("an account hears of it here, and where it is signed in from, but not from whoever downloaded", async () => {
  await owned(`bob@${self}`);
  signedInFrom = [DESK, LAP];
  await notices.downloaded(desk, FOLDER, [path("photo.jpg")]);
  expect(index.read.notices({ limit: 9 })).toMatchObject([{ owner: `bob@${self}`, device: DESK }]);
  expect(waitingFor(LAP)).toMatchObject([{ path: "photo.jpg", owner: shortId(LAP), device: DESK }]);
  expect(waitingFor(DESK)).toEqual([]);
  await events.settled();
  expect(index.read.lastEvents(9)).toMatchObject([{ type: "notice.created", data: { owner: `bob@${self}` } }]);
});

test("what another device's account owns waits for that device, and is the account's there", async () => {
  await owned(`bob@${shortId(LAP)}`);
  await notices.downloaded(desk, FOLDER, [path("photo.jpg")]);
  expect(waitingFor(LAP)).toMatchObject([{ owner: `bob@${shortId(LAP)}` }]);
  const told = { folder: FOLDER, path: "x", device: DESK, user: null, at: "2026-07-01T10:00:00.000Z", count: 1 };
  await notices.told(LAP, {
    notices: [
      { ...told, account: "ann" },
      { ...told, account: null },
    ],
  });
  expect(
    index.read
      .notices({ limit: 9 })
      .map(({ owner }) => owner)
      .sort(),
  ).toEqual([self, `ann@${self}`].sort());
});

test("nobody is told of his own download", async () => {
  await owned(shortId(DESK));
  await notices.downloaded(desk, FOLDER, [path("photo.jpg")]);
  await owned(`bob@${self}`, "bobs.jpg");
  await notices.downloaded({ ...desk, user: "bob" }, FOLDER, [path("bobs.jpg")]);
  expect([index.read.notices({ limit: 9 }), waitingFor(DESK)]).toEqual([[], []]);
});
