/** The scripts in the shells themselves, against a service of plain data. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { COMPLETION_SCRIPTS } from "../../../src/cli/completion/scripts.ts";
import type { ListLine } from "../../../src/shared/api.ts";
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

test.for(["zsh", "fish"] as const)("%s takes its script", async (shell, { skip }) => {
  await using place = await temporaryDirectory();
  const file = join(place.path, "script");
  await writeFile(file, COMPLETION_SCRIPTS[shell]);
  try {
    await run(shell, ["-n", file]);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    skip(isMissing, `${shell} is not installed: its completion script is not checked`);
    throw error;
  }
});
