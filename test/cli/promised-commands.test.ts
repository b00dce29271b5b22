/** What scripts and people rely on: every command and flag, by name. Adding is free; taking away breaks somebody. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { completionOf } from "../../src/cli/completion/wishes.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/globals.ts";
import { runTestCli } from "../support/command-line.ts";

const FOLLOWED = "-f";
const HOW = "--transport --limit --no-resume --delta --compression";
const SETTINGS = "--name --listen --dashboard --no-discovery --folder-id --foreground";

const PROMISED: Readonly<Record<string, string>> = {
  up: SETTINGS,
  down: "",
  join: `${SETTINGS} --at`,
  open: "",
  status: "",
  doctor: "",
  demo: "",
  list: "-l -R --sort --deleted --full-hash --sha256 --since --until --glob --regex --path-regex",
  upload: `--on-duplicate ${HOW}`,
  download: `-o --no-reuse --on-duplicate ${HOW}`,
  delete: "-r --permanent",
  move: "",
  mkdir: "",
  hash: "",
  verify: "--all --repair",
  versions: "",
  restore: "--as --at",
  diff: "",
  "peer invite": "--folder --role --rights --none",
  "peer list": "",
  "peer show": "",
  "peer add": "",
  "peer rename": "",
  "peer role": "",
  "peer pause": "",
  "peer resume": "",
  "peer remove": "",
  "peer ping": "",
  "folder add": "",
  "folder list": "",
  "folder show": "",
  "folder share": "--to --rights",
  "folder unshare": "",
  "folder mode": "",
  "folder ignore": "",
  "folder pause": "",
  "folder resume": "",
  "folder rescan": "",
  "folder approve": "",
  "folder reject": "",
  "folder revert": "",
  "folder override": "",
  "folder repair": "",
  "folder remove": "",
  "trash list": "",
  "trash restore": "",
  "trash empty": "",
  "conflict list": "",
  "conflict show": "",
  "conflict resolve": "",
  "conflict undo": "",
  watch: "",
  events: FOLLOWED,
  logs: FOLLOWED,
  "transfers list": FOLLOWED,
  "transfers pause": "",
  "transfers resume": "",
  "transfers cancel": "",
  "transfers retry": "",
  stats: FOLLOWED,
  notices: FOLLOWED,
  why: "",
  wait: "--folder --peer --peer-grace",
  "user add": "--role",
  "user list": "",
  "user role": "",
  "user password": "",
  "user sessions": "",
  "user revoke": "",
  "user remove": "",
  login: "",
  logout: "",
  "config path": "",
  "config get": "",
  "config set": "",
  "config validate": "",
  "backup create": "",
  "backup restore": "",
  "support-bundle": "-o",
  "service install": "",
  "service uninstall": "",
  "service status": "",
  completion: "",
  version: "",
};

const ALIASES: Readonly<Record<string, string>> = {
  ls: "list",
  put: "upload",
  get: "download",
  rm: "delete",
  mv: "move",
};

const GLOBAL_FLAGS =
  "--home --json --plain -q -v --no-color --no-input -y -n --dry-run --timeout --user -h --help --version";

function wordsOf(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}

function flagsOf(name: string): readonly string[] {
  const row = COMMANDS.find((one) => one.name === name);
  return (row?.options ?? []).flatMap(({ flags }) => flags.match(/(?<![\w-])--?[a-zA-Z][a-z0-9-]*/g) ?? []);
}

/** Commands that the program lacks still. The list only shrinks. */
const MISSING: ReadonlySet<string> = new Set();

const there = Object.entries(PROMISED).filter(([name]) => !MISSING.has(name));

test.each(there)("%s is there, with %s", (name, flags) => {
  expect(COMMANDS.map((row) => row.name)).toContain(name);
  expect(flagsOf(name)).toEqual(expect.arrayContaining([...wordsOf(flags)]));
});

test("shorter names are there", () => {
  const known = COMMANDS.flatMap(({ name, aliases = [] }) => aliases.map((alias) => [alias, name]));
  for (const [alias, name] of Object.entries(ALIASES))
    if (!MISSING.has(name)) expect(known).toContainEqual([alias, name]);
});

test("global flags stand before and after a command", async () => {
  for (const flag of wordsOf(GLOBAL_FLAGS)) {
    const value = { "--home": ["/nowhere/at/all"], "--timeout": ["5s"], "--user": ["ann"] }[flag] ?? [];
    for (const argv of [
      [flag, ...value, "config", "path"],
      ["config", "path", flag, ...value],
    ]) {
      // --version stands alone; after a command it is known, too.
      const { err } = await runTestCli(argv);
      expect(err, argv.join(" ")).not.toContain("unknown option");
    }
  }
});

test("help, completion and docs/cli.md name the same commands and flags", async () => {
  const docs = readFileSync(join(import.meta.dirname, "../../docs/cli.md"), "utf8");
  for (const { name, options = [] } of COMMANDS) {
    const help = (await runTestCli([...name.split(" "), "--help"])).out;
    const section = docs.slice(docs.indexOf(`### \`syncline ${name}`)).split("\n### ")[0] ?? "";
    expect(section, name).not.toBe("");
    const [wish] = completionOf([...name.split(" "), "--"]).wishes;
    const completed = wish?.type === "words" ? wish.candidates.map(({ value }) => value) : [];
    for (const { flags } of options) {
      const shown = flags.replace(/\.\.\.>$/, ">");
      expect(help, name).toContain(shown);
      expect(section, name).toContain(flags);
    }
    const all = [...flagsOf(name), ...GLOBAL_OPTIONS.flatMap(([flags]) => flags.match(/--?[a-z-]+/g) ?? [])];
    expect(completed, name).toEqual(expect.arrayContaining(all));
    const words = name.split(" ");
    const [commands] = completionOf([...words.slice(0, -1), ""]).wishes;
    const offered = commands?.type === "words" ? commands.candidates.map(({ value }) => value) : [];
    expect(offered).toContain(words.at(-1));
  }
});
