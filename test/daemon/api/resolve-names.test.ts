import { describe, expect, test } from "vitest";
import { resolveFolder, resolvePeer } from "../../../src/daemon/api/resolve-names.ts";
import type { Config } from "../../../src/shared/config-schema.ts";
import { deviceIdFromHash } from "../../../src/shared/ids.ts";

const DESK = deviceIdFromHash(new Uint8Array(32).fill(1));
const TOWER = deviceIdFromHash(new Uint8Array(32).fill(2));
const TWIN = deviceIdFromHash(new Uint8Array(32).fill(3));
const folder = (label: string): object => ({
  label,
  path: `/${label}`,
  mode: "two-way",
  paused: false,
  ignore: [],
  delta: "auto",
  compression: "auto",
  peers: {},
});
const peer = (name: string): object => ({ name, role: "user", paused: false, addresses: [], words: null });
const config = {
  folders: {
    "docs-aaaaa": folder("docs"),
    "pics-bbbbb": folder("pics"),
    "pics-ccccc": folder("pics"),
    docs2: folder("docs-aaaaa"),
  },
  peers: { [DESK]: peer("desk"), [TOWER]: peer("tower"), [TWIN]: peer("tower") },
} as unknown as Config;

describe("a folder", () => {
  test.each([
    ["docs-aaaaa", "docs-aaaaa"],
    ["docs", "docs-aaaaa"],
    ["docs2", "docs2"],
  ])("%s is %s", (text, id) => {
    expect(resolveFolder(config, text)).toBe(id);
  });

  test("with a label that is not unique has to be named by id", () => {
    expect(() => resolveFolder(config, "pics")).toThrow(
      expect.objectContaining({ code: "E_USAGE", hint: "use its id: pics-bbbbb, pics-ccccc" }),
    );
  });

  test("that is unknown is answered with a near miss", () => {
    expect(() => resolveFolder(config, "dcos")).toThrow(
      expect.objectContaining({ code: "E_FOLDER_NOT_FOUND", hint: expect.stringContaining('did you mean "docs"?') }),
    );
  });
});

describe("a device", () => {
  test.each([
    ["its name", "desk", DESK],
    ["its id", DESK, DESK],
    ["its id in small letters without dashes", DESK.toLowerCase().replaceAll("-", ""), DESK],
    ["the beginning of its id", TOWER.slice(0, 9), TOWER],
  ])("is found by %s", (_, text, id) => {
    expect(resolvePeer(config, text)).toBe(id);
  });

  test("with a name that is not unique has to be named by id", () => {
    expect(() => resolvePeer(config, "tower")).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });

  test("that is unknown is answered with a near miss, and no control byte", () => {
    expect(() => resolvePeer(config, "dsek\u001B[2J")).toThrow(
      expect.objectContaining({ code: "E_PEER_NOT_FOUND", message: expect.not.stringMatching(/\p{Cc}/u) }),
    );
    expect(() => resolvePeer(config, "dsek")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("desk") }),
    );
  });
});
