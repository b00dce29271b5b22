import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeFault, parseConfig } from "../../../src/shared/config-parse.ts";
import { SETTING_KEYS, SETTINGS, settingFromText, variableOf } from "../../../src/shared/config-settings.ts";

const DEVICE = "LGFPDIT-7SKNNJL-VJZA4FC-7QNCRKA-CE753K7-2BW5QDK-2FOZ7FR-FEP57QJ";

function faults(text: string): readonly string[] {
  const parsed = parseConfig(text);
  return parsed.ok ? [] : parsed.faults.map(describeFault);
}

describe("config.example.json", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../config.example.json"), "utf8");

  test("loads", () => {
    expect(faults(text)).toEqual([]);
  });

  test("shows every default", () => {
    const example = JSON.parse(text) as Record<string, unknown>;
    for (const key of SETTING_KEYS) expect({ [key]: example[key] }).toEqual({ [key]: SETTINGS[key].default });
    expect(Object.keys(example)).toEqual(["version", ...SETTING_KEYS, "folders", "peers"]);
  });

  test("shows every default of folders and peers", () => {
    const example = JSON.parse(text) as {
      readonly folders: Record<string, object>;
      readonly peers: Record<string, object>;
    };
    const bare = {
      folders: { "shared-k3v9q": { label: "Shared", path: "/home/ann/Shared", peers: { [DEVICE]: {} } } },
      peers: { [DEVICE]: { name: "desk" } },
    };
    const parsed = parseConfig(JSON.stringify(bare));
    expect(parsed).toEqual({ ok: true, config: { version: 1, folders: example.folders, peers: example.peers } });
  });
});

describe("a file that is in order", () => {
  test.each(["", "\n", "{}", '{"version":1}'])("%j is the defaults", (text) => {
    expect(parseConfig(text)).toEqual({ ok: true, config: { version: 1, folders: {}, peers: {} } });
  });
});

describe("a fault", () => {
  test.each([
    ["an unknown key", '{\n"lisen": "*:1"\n}', ['line 2: unknown key "lisen"; did you mean "listen"?']],
    [
      "an unknown key of a folder",
      '{"folders": {\n"a": {"label": "x", "path": "/x",\n"mod": "x"}}}',
      ['line 3: unknown key "folders.a.mod"; did you mean "mode"?'],
    ],
    [
      "a word that is not among the known",
      '{"logLevel":\n"inof"}',
      ['line 1: logLevel must be debug, info, warn, error; did you mean "info"?'],
    ],
    [
      "an address without a port",
      '{"listen": "4777"}',
      ["line 1: listen must be HOST:PORT, such as *:4777 or 192.168.1.5:4777"],
    ],
    ["neither address nor off", '{"dashboard": "no"}', ["line 1: dashboard must be HOST:PORT, or off"]],
    ["a number out of range", '{\n\n"rescanMinutes": 0}', ["line 3: rescanMinutes must be at least 1"]],
    ["another type", '{"discovery": "yes"}', ["line 1: discovery must be a boolean"]],
    ["a missing key", '{"folders": {\n"a": {"label": "x"}}}', ["line 2: folders.a.path is missing"]],
    [
      "a relative path",
      '{"folders": {"a": {"label": "x", "path": "x"}}}',
      ["line 1: folders.a.path must be an absolute path"],
    ],
    [
      "a bad folder id",
      '{"folders": {"A b": {"label": "x", "path": "/x"}}}',
      ["line 1: folders.A b is not a folder id: use 1 to 64 of a-z, 0-9 and -"],
    ],
    [
      "a bad device id",
      '{"peers": {"X": {"name": "d"}}}',
      ["line 1: peers.X is not a device id; copy it from `syncline status` on that device"],
    ],
    [
      "a folder shared with a stranger",
      `{"folders": {"a": {"label": "x", "path": "/x", "peers": {\n"${DEVICE}": {}}}}}`,
      [`line 2: folders.a.peers.${DEVICE} is not the id of a device in \`peers\``],
    ],
    ["a key given twice", '{"listen": "*:1",\n"listen": "*:2"}', ["line 2: listen is given twice"]],
    ["no object", "[]", ["line 1: config.json must hold one object in braces"]],
    [
      "a newer version",
      '{\n"version": 2}',
      ["line 2: version is 2: this file was written by a newer Syncline; update this one"],
    ],
    ["a key that could poison an object", '{"__proto__": {"polluted": true}}', ['line 1: unknown key "__proto__"']],
    ["a trailing comma", '{\n"listen": "*:1",\n}', ["line 3: is not JSON: Expected double-quoted property name"]],
    ["a file cut short", '{\n"listen":\n', ["line 2: is not JSON: Unexpected end of JSON input"]],
  ])("%s is named with its line", (_, text, expected) => {
    expect(faults(text)).toEqual(expected);
  });

  test("several are told in the order of the file", () => {
    expect(faults('{\n"x": 1,\n"listen": 5,\n"y": 2\n}').map((fault) => fault.slice(0, 7))).toEqual([
      "line 2:",
      "line 3:",
      "line 4:",
    ]);
  });
});

describe("a setting", () => {
  test("has a variable of its own", () => {
    expect(SETTING_KEYS.map(variableOf)).toContain("SYNCLINE_LOG_LEVEL");
    expect(new Set(SETTING_KEYS.map(variableOf)).size).toBe(SETTING_KEYS.length);
  });

  test.each([
    ["discovery", "off", false],
    ["discovery", "true", true],
    ["discovery", "maybe", "maybe"],
    ["rescanMinutes", "15", 15],
    ["rescanMinutes", "x", "x"],
    ["name", "null", null],
    ["name", "15", "15"],
  ] as const)("%s reads %j as %j", (key, text, expected) => {
    expect(settingFromText(key, text)).toBe(expected);
  });
});
