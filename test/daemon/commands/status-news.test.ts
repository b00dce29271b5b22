import { expect, test } from "vitest";
import { newsOf } from "../../../src/daemon/commands/status-news.ts";
import type { Status } from "../../../src/shared/api-node.ts";
import { fakePeer, fakeStatus } from "../../support/fake-node-service.ts";

const LATER = "2030-01-01T00:00:00.000Z";
const QUIET = fakeStatus();
const { traffic, process } = QUIET;

test.each<[string, Partial<Status>, boolean]>([
  ["a peer that is still connected", { peers: [fakePeer({ lastSeen: LATER })] }, true],
  ["some memory more", { process: { ...process, rssBytes: process.rssBytes + 4096 } }, true],
  ["a ping", { traffic: { ...traffic, wireBytesSent: traffic.wireBytesSent + 1 } }, true],
  ["a peer that is gone", { peers: [fakePeer({ state: "offline", lastSeen: LATER })] }, false],
  ["a megabyte", { traffic: { ...traffic, wireBytesSent: traffic.wireBytesSent + 1_000_000 } }, false],
  ["another state", { state: "syncing" }, false],
])("whether it is news: %s", (_, changes, isNone) => {
  expect(newsOf(fakeStatus(changes)) === newsOf(QUIET)).toBe(isNone);
});
