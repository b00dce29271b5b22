import { afterAll, beforeAll, expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { startTestNode, type TestNode } from "../support/command-line.ts";
import { fakeService } from "../support/fake-node-service.ts";

/** How each command is called; `null` where a process is started or stopped, which the integration tests do. */
const CALLS: Readonly<Record<string, readonly string[] | null>> = {
  up: [],
  down: null,
  join: ["7-482913", "/tmp/x"],
  open: [],
  status: [],
  doctor: [],
  demo: null,
  "peer invite": [],
  "peer list": [],
  "peer show": ["desk"],
  "peer add": ["DEVICE"],
  "peer rename": ["desk", "tower"],
  "peer role": ["desk", "admin"],
  "peer pause": ["desk"],
  "peer resume": ["desk"],
  "peer remove": ["desk", "-y"],
  "peer ping": ["desk"],
  "folder add": ["/tmp/x"],
  "folder list": [],
  "folder show": ["docs"],
  "folder share": ["docs", "--to", "desk"],
  "folder unshare": ["docs", "--from", "desk"],
  "folder mode": ["docs", "send-only"],
  "folder fetch": ["docs", "--delta", "off"],
  "folder ignore": ["docs", "*.tmp"],
  "folder pause": ["docs"],
  "folder resume": ["docs"],
  "folder rescan": ["docs"],
  "folder approve": ["docs", "-y"],
  "folder reject": ["docs"],
  "folder revert": ["docs", "-y"],
  "folder override": ["docs", "-y"],
  "folder repair": ["docs", "-y"],
  "folder remove": ["docs", "-y"],
  "trash list": [],
  "trash restore": ["self:docs/old.txt"],
  "trash empty": ["-y"],
  "conflict list": [],
  "conflict show": ["3"],
  "conflict resolve": ["3", "--keep", "both"],
  "conflict undo": ["3"],
  list: ["self:docs"],
  delete: ["self:docs/a.txt"],
  move: ["self:docs/a.txt", "self:docs/b/"],
  mkdir: ["self:docs/b"],
  hash: ["self:docs/a.txt"],
  verify: ["--all", "desk:docs"],
  versions: ["self:docs/a.txt"],
  diff: ["self:docs/a.txt@1"],
  restore: ["self:docs/a.txt@1"],
  download: ["desk:docs/big.iso"],
  upload: ["/tmp/big.iso", "desk:docs/"],
  "transfers list": [],
  "transfers pause": ["7"],
  "transfers resume": ["7"],
  "transfers cancel": ["7"],
  "transfers retry": ["7"],
  stats: [],
  notices: [],
  "user add": ["bob"],
  "user list": [],
  "user role": ["bob", "admin"],
  "user password": ["bob"],
  "user sessions": [],
  "user revoke": ["bob"],
  "user remove": ["bob", "-y"],
  login: ["desk", "--user", "bob"],
  logout: ["desk"],
  watch: [],
  events: [],
  logs: [],
  why: ["self:docs/a.txt"],
  wait: [],
  "config path": [],
  "config get": [],
  "config set": ["listen", "*:4779"],
  "config validate": [],
  "backup create": null,
  "backup restore": null,
  "support-bundle": null,
  "service install": ["-n"],
  "service uninstall": ["-n"],
  "service status": [],
  completion: ["bash"],
  version: [],
};

let node: TestNode;
beforeAll(async () => {
  node = await startTestNode(fakeService());
});
afterAll(() => node[Symbol.asyncDispose]());

test("every command is called here", () => {
  expect(COMMANDS.map(({ name }) => name).sort()).toEqual(Object.keys(CALLS).sort());
});

/** What standard input holds for those that read a password. */
const typed = { answers: ["correct horse"] };
const called = Object.entries(CALLS).filter(([, args]) => args !== null);
test.each(called)("%s --json prints documents with v 1, and nothing else", async (name, args) => {
  const { exit, out, err } = await node.run([...name.split(" "), ...(args ?? []), "--json"], typed);
  expect({ exit, err }).toEqual({ exit: 0, err: "" });
  const lines = out.trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ v: 1 });
});

test.each(called)("%s prints no control byte for a person", async (name, args) => {
  const { exit, out, err } = await node.run([...name.split(" "), ...(args ?? [])], typed);
  expect(exit).toBe(0);
  expect(`${out}${err}`.replaceAll("\n", "").replaceAll("\t", "")).not.toMatch(/\p{Cc}/u);
});
