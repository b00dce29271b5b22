/** The scripts in the shells themselves, against a service of plain data. */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { ListLine } from "../../../src/shared/api-list.ts";
import { runTestCli, startTestNode } from "../../support/command-line.ts";
import { fakeService } from "../../support/fake-node-service.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const run = promisify(execFile);
const BIN = resolve(import.meta.dirname, "../../../bin");

function entry(path: string, type: "file" | "directory"): ListLine {
  return {
    path,
    type,
    size: 1,
    mtime: null,
    mode: "0644",
    owner: "desk",
    device: "desk",
    contentId: null,
    hash: null,
    version: null,
    target: null,
    deleted: false,
  };
}

const FOLDER: ListLine = { type: "folder", path: "docs-k3v9q", label: "docs", size: 1, files: 1, rights: "read" };

/** A node whose folder holds a few odd names. */
async function node(): ReturnType<typeof startTestNode> {
  return await startTestNode(
    fakeService({
      async *list({ folder, path }) {
        if (folder === undefined) yield FOLDER;
        else if (path === "") {
          yield entry("my files", "directory");
          yield entry("mine.txt", "file");
          yield entry("mi\u001B[2Jd", "file");
        } else yield entry(`${path}/it's $5.txt`, "file");
        yield { type: "summary", entries: 1, bytes: 1, next: null };
      },
    }),
  );
}

interface Prompt {
  /** As bash splits them; the last one is being written. */
  readonly words: readonly string[];
  /** As it was typed; bash has both, older ones only the words. */
  readonly line?: string;
}

/** What bash offers at each prompt. */
async function bash(home: string, prompts: readonly Prompt[]): Promise<readonly (readonly string[])[]> {
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const asks = prompts.map(
    ({ words, line = "" }) => `COMP_WORDS=(${words.map(quoted).join(" ")}) COMP_CWORD=${words.length - 1}
COMP_LINE=${quoted(line)} COMP_POINT=${line.length}
_syncline
printf '%s\\n' "\${COMPREPLY[@]}" ---`,
  );
  const env = { ...process.env, SYNCLINE_HOME: home, PATH: `${BIN}${delimiter}${process.env["PATH"]}` };
  const script = ["source <(syncline completion bash)", ...asks].join("\n");
  const { stdout } = await run("bash", ["-c", script], { env });
  const replies = stdout.split("---\n").map((text) => text.split("\n").filter((reply) => reply !== ""));
  return replies.slice(0, -1);
}

test("bash completes commands, flags, peers, folders and remote paths", { timeout: 120_000 }, async () => {
  await using daemon = await node();
  const my = String.raw`docs/my\ files/`;
  const all: readonly (Prompt & { readonly replies: readonly string[] })[] = [
    { words: ["syncline", "stat"], replies: ["status", "stats"] },
    { words: ["syncline", "up", "--no-d"], replies: ["--no-discovery"] },
    { words: ["syncline", "peer", "show", ""], replies: ["desk"] },
    { words: ["syncline", "folder", "share", "d"], replies: ["docs"] },
    { words: ["syncline", "get", "de"], replies: ["desk:"] },
    { words: ["syncline", "get", "self", ":"], replies: ["docs/"] },
    { words: ["syncline", "get", "self", ":", "docs-"], replies: ["docs-k3v9q/"] },
    { words: ["syncline", "get", "self", ":", "docs/m"], replies: [my, "docs/mine.txt"] },
    {
      words: ["syncline", "get", "self", ":", my],
      line: `syncline get self:${my}`,
      replies: [String.raw`${my}it\'s\ \$5.txt`],
    },
  ];
  expect(await bash(daemon.home, all)).toEqual(all.map(({ replies }) => replies));
});

test("other shells get notes; a local path is offered where one may stand", async () => {
  await using daemon = await node();
  await using place = await temporaryDirectory();
  await writeFile(join(place.path, "minutes.txt"), "");
  const ask = async (...words: readonly string[]): Promise<string> =>
    (await runTestCli(["__complete", "words", "--", "--home", daemon.home, ...words], { cwd: place.path })).out;
  expect(await ask("peer", "show", "")).toBe("desk\tconnected\n");
  expect(await ask("put", "mi")).toBe("minutes.txt\t\n");
  expect(await ask("get", "mi")).toBe("");
  expect(await ask("why", "self:docs/mi")).toBe("self:docs/mine.txt\tfile\n");
});

test("without a daemon, and with words that mean nothing, it is silent", async () => {
  await using place = await temporaryDirectory();
  for (const words of [["peer", "show", ""], ["get", "desk:docs/"], ["--no-such", "x", ""], []]) {
    const home = ["--home", join(place.path, "none")];
    expect(await runTestCli(["__complete", "words", "--", ...home, ...words])).toEqual({ exit: 0, out: "", err: "" });
  }
});

/** Whether a shell can be had here. */
async function has(shell: string): Promise<boolean> {
  return await run(shell, ["-c", "exit"]).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
}

/** What a person sees at a prompt: lines as typed, and each as it is after Tab, or what is offered. */
interface Tab {
  readonly line: string;
  /** The line after Tab, where there is one way to go on. */
  readonly becomes?: string;
  readonly offers?: readonly string[];
}

const TABS: readonly Tab[] = [
  { line: "syncline statu", becomes: "syncline status " },
  { line: "syncline stat", offers: ["stats", "status"] },
  { line: "syncline up --no-d", becomes: "syncline up --no-discovery " },
  { line: "syncline peer show ", becomes: "syncline peer show desk " },
  { line: "syncline get de", becomes: "syncline get desk:" },
  { line: "syncline get self:docs-", becomes: "syncline get self:docs-k3v9q/" },
  { line: "syncline get self:docs/m", offers: ["self:docs/mine.txt", "self:docs/my files/"] },
  { line: "syncline get self:docs/my", becomes: String.raw`syncline get self:docs/my\ files/` },
  {
    line: String.raw`syncline get self:docs/my\ files/i`,
    becomes: String.raw`syncline get self:docs/my\ files/it\'s\ \$5.txt `,
  },
];

/**
 * Presses Tab in an interactive zsh, which a second one drives through a
 * pseudo terminal: the functions of its completion work nowhere else. A widget
 * writes down the line; compadd, what it was given.
 */
async function zsh(home: string, place: string, lines: readonly string[]): Promise<readonly string[]> {
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const out = join(place, "out");
  await writeFile(
    join(place, ".zshrc"),
    `autoload -Uz compinit && compinit -u -d ${quoted(join(place, "dump"))}
source <(syncline completion zsh)
unsetopt auto_menu list_beep
zstyle ':completion:*' menu no
compadd() {
  local -a hits
  if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- "offer "\${(Q)^hits} >> ${quoted(out)}
  fi
  builtin compadd "$@"
}
tell() { print -r -- "line $BUFFER" >> ${quoted(out)}; BUFFER=; zle redisplay }
zle -N tell
bindkey '^I' complete-word '^X' tell
print -r -- ready >> ${quoted(out)}
`,
  );
  const driver = `zmodload zsh/zpty
zpty inner ${quoted(`ZDOTDIR=${quoted(place)} TERM=dumb exec zsh -i`)}
await() {
  local -i tries=0
  until [[ -e ${quoted(out)} && $(grep -c $1 ${quoted(out)}) -ge $2 ]]; do
    zpty -rt inner > /dev/null || zselect -t 5
    (( ++tries > 1200 )) && exit 3
  done
}
zmodload zsh/zselect
await '^ready' 1
${lines.map((line, number) => `zpty -n -w inner ${quoted(`${line}\t\u0018`)}\nawait '^line' ${number + 1}`).join("\n")}
zpty -d inner
`;
  const env = { ...process.env, SYNCLINE_HOME: home, PATH: `${BIN}${delimiter}${process.env["PATH"]}` };
  await run("zsh", ["-f", "-c", driver], { env });
  return (await readFile(out, "utf8")).split("\n").filter((line) => line !== "" && line !== "ready");
}

test("zsh completes the same at a prompt, with odd names quoted", { timeout: 240_000 }, async ({ skip }) => {
  skip(!(await has("zsh")), "zsh is not installed: its completion is not tried");
  await using daemon = await node();
  await using place = await temporaryDirectory();
  const told = await zsh(
    daemon.home,
    place.path,
    TABS.map(({ line }) => line),
  );
  const seen: Tab[] = [];
  let offers: string[] = [];
  for (const text of told)
    if (text.startsWith("offer ")) offers.push(text.slice("offer ".length));
    else {
      const becomes = text.slice("line ".length);
      const { line } = TABS[seen.length] ?? { line: "" };
      seen.push(offers.length > 1 ? { line, offers: offers.sort() } : { line, becomes });
      offers = [];
    }
  expect(seen).toEqual(TABS);
});

test("fish completes the same", { timeout: 240_000 }, async ({ skip }) => {
  skip(!(await has("fish")), "fish is not installed: its completion is not tried");
  await using daemon = await node();
  await using place = await temporaryDirectory();
  const env = {
    ...process.env,
    ...{ SYNCLINE_HOME: daemon.home, HOME: place.path, PATH: `${BIN}${delimiter}${process.env["PATH"]}` },
  };
  const asks = TABS.map(
    ({ line }) => `complete -C '${line.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'; echo ---`,
  );
  const { stdout } = await run(
    "fish",
    ["--no-config", "-c", ["syncline completion fish | source", ...asks].join("\n")],
    {
      env,
    },
  );
  const offered = stdout
    .split("---\n")
    .slice(0, -1)
    .map((text) =>
      text
        .split("\n")
        .flatMap((line) => (line === "" ? [] : [line.split("\t")[0] ?? ""]))
        .sort(),
    );
  // Fish quotes what it puts into the line by itself; it is given words as they are.
  expect(offered).toEqual(TABS.map(({ offers, becomes }) => offers ?? [lastWord(becomes ?? "")]));
});

function lastWord(line: string): string {
  return (line.trimEnd().match(/(?:\\.|[^ ])+$/)?.[0] ?? "").replaceAll(/\\(.)/g, "$1");
}
