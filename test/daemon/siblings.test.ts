import { expect, test } from "vitest";
import { siblingsOf } from "../../src/daemon/folder-runtime.ts";
import type { DeviceId, FolderId } from "../../src/shared/ids.ts";

const shared = (...devices: readonly string[]) => ({
  peers: Object.fromEntries(devices.map((device) => [device as DeviceId, { rights: "read" as const }])),
});

const folders: Readonly<Record<FolderId, ReturnType<typeof shared>>> = {
  ["photos" as FolderId]: shared("desk", "lap"),
  ["films" as FolderId]: shared("desk", "lap", "tv"),
  ["letters" as FolderId]: shared("desk"),
  ["diary" as FolderId]: shared(),
};

test.each([
  { folder: "photos", siblings: ["films"] },
  { folder: "films", siblings: [] },
  { folder: "letters", siblings: ["photos", "films"] },
  { folder: "diary", siblings: ["photos", "films", "letters"] },
  { folder: "unknown", siblings: ["photos", "films", "letters", "diary"] },
])("what lies in $siblings may be used for $folder: all who share it share these", ({ folder, siblings }) => {
  expect([...siblingsOf(folder as FolderId, folders)]).toEqual(siblings);
});
