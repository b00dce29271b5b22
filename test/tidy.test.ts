/** House rules that the compiler, the linter and the layers leave open. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { renderErrors, renderLimits } from "../scripts/write-docs.ts";
import { ERRORS, EXIT } from "../src/shared/errors.ts";

const ROOT = join(import.meta.dirname, "..");
const THIS_FILE = "test/tidy.test.ts";

/** Every file that is committed or about to be. */
const FILES: readonly string[] = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));

interface BannedCall {
  readonly name: string;
  readonly pattern: RegExp;
  /** The folders that the rule holds for. */
  readonly within: RegExp;
  readonly instead: string;
  /** Adapters that end at the real thing, each with its reason. Extend it when a new one is truly needed. */
  readonly allowed: Readonly<Record<string, string>>;
}

const BANNED_CALLS: readonly BannedCall[] = [
  {
    name: "Math.random",
    // A fresh seed that is printed and can be given instead is the one good use.
    pattern: /^(?!.*\bSEED\b).*\bMath\.random\b/m,
    within: /^(src|test)\//,
    instead: "pass a Random (src/shared/ports.ts), so that a seed replays; in tests use a seeded one",
    allowed: { "src/daemon/system-ports.ts": "the real Random" },
  },
  {
    name: "the wall clock",
    pattern: /\bDate\.now\b|\bnew Date\(\)|\bDate\(\)/,
    within: /^src\/(shared|sync|peer|daemon)\//,
    instead: "pass a Clock (src/shared/ports.ts), so that simulations own the time",
    allowed: {
      "src/daemon/system-ports.ts": "the real Clock",
      "src/sync/executor/disk-worker.ts": "entry of a thread: hands the time in",
      "src/sync/scanner/scan-worker.ts": "entry of a thread: hands the time in",
      "src/daemon/log.ts": "log lines bear the time of the machine",
      "src/peer/identity.ts": "dates of a certificate are for people to read; no decision rests on them",
    },
  },
  {
    name: "the monotonic clock",
    pattern: /\bperformance\.now\b|\bprocess\.hrtime\b/,
    within: /^src\/(shared|sync|peer|daemon)\//,
    instead: "pass a Clock (src/shared/ports.ts) and use monotonic()",
    allowed: {
      "src/daemon/system-ports.ts": "the real Clock",
      "src/sync/scanner/directory-watches.ts": "gives the event loop back after a slice of real time",
      "src/sync/reread/reread-worker.ts": "a thread that hands over what it has read after a slice of real time",
      "src/daemon/list/regex-matcher.ts": "what a regular expression really takes, in its thread",
    },
  },
  {
    name: "timers",
    pattern: /\b(setTimeout|setInterval)\b(?!:)|\btimers\/promises\b/,
    within: /^(src\/(shared|sync|peer|daemon)|test)\//,
    instead: "pass a Clock (src/shared/ports.ts) and use sleep(); in tests wait for a state, or drive the fake clock",
    allowed: {
      "src/daemon/api/control-server.ts": "how long a stop waits for open requests",
      "src/daemon/config/config-store.ts": "looks for edits of the configuration file",
      "src/daemon/commands/try-multicast.ts": "how long a real packet is waited for",
      "src/daemon/peer-memory.ts": "writes a file a moment after a change",
      "src/daemon/system-ports.ts": "the real Clock",
      "src/sync/scanner/chokidar-watcher.ts": "watches the real file system",
      "src/sync/scanner/scan-client.ts": "ends an idle thread",
      "test/support/lossy-proxy.ts": "holds real bytes to a rate",
      "test/support/nodes.ts": "polls real processes for a state",
      "src/daemon/loop-lag.ts": "measures the real event loop",
      "src/daemon/main.ts": "ends a drain that takes too long",
      "test/peer/real-clock.ts": "a Clock for tests of what real sockets do",
    },
  },
];

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** "file:line: text" for every line of `files` that matches. */
function linesMatching(files: readonly string[], pattern: RegExp): readonly string[] {
  return files.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

/** Text files that people write. */
const WRITTEN = FILES.filter(
  (file) => !/(^|\/)fixtures\/|package-lock\.json$|_pb\.ts$/.test(file) && !read(file).includes("\0"),
);
const CODE = WRITTEN.filter((file) => /\.(ts|tsx|mjs|js)$/.test(file));

describe("code", () => {
  test.each(BANNED_CALLS)("keeps away from $name", ({ pattern, within, instead, allowed }) => {
    const files = CODE.filter((file) => within.test(file) && file !== THIS_FILE && !(file in allowed));
    expect(linesMatching(files, pattern), instead).toEqual([]);
    const stale = Object.keys(allowed).filter((file) => !FILES.includes(file) || !pattern.test(read(file)));
    expect(stale, "these no longer need their exception").toEqual([]);
  });

  test("the rules find what they ban", () => {
    const planted = ["Math.random()", "Date.now()", "performance.now()", "setTimeout(go, 5)"];
    expect(BANNED_CALLS.map(({ pattern }, index) => pattern.test(planted[index] ?? ""))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  test("holds no note to do something later", () => {
    const files = WRITTEN.filter((file) => file !== THIS_FILE);
    expect(linesMatching(files, /\b(TODO|FIXME|XXX)\b/), "do it, or open an issue").toEqual([]);
  });

  test("tests are never left out silently", () => {
    const files = CODE.filter((file) => file.startsWith("test/") && file !== THIS_FILE);
    const silent = /\b(test|it|describe|suite)\.(?:\w+\.)*(only|skip|todo|skipIf|runIf)\b/;
    expect(linesMatching(files, silent), 'call `skip(condition, "reason")` of the test context').toEqual([]);
  });

  test("file names are kebab-case", () => {
    const odd = FILES.filter((file) => /^(src|test|scripts|bench)\//.test(file) && !/\/fixtures\//.test(file)).filter(
      (file) => !/^[a-z0-9]+(-[a-z0-9]+)*(_pb)?(\.[a-z0-9]+)*$/.test(basename(file)),
    );
    expect(odd).toEqual([]);
  });
});

describe("the repository", () => {
  test("names no path of a machine", () => {
    const files = WRITTEN.filter((file) => file !== THIS_FILE);
    expect(linesMatching(files, /(^|[\s"'`(=:])\/(work|root|Users|builds)\/[\w.-]+/)).toEqual([]);
  });

  test("names no package registry", () => {
    const files = FILES.filter((file) => file !== THIS_FILE && !/\/fixtures\//.test(file));
    expect(linesMatching(files, /"resolved": "http|\bregistry\.[a-z0-9-]+\.[a-z]+|:_authToken/)).toEqual([]);
  });

  test("every relative link in a document leads somewhere", () => {
    const broken = FILES.filter((file) => file.endsWith(".md")).flatMap((file) =>
      [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !/^(https?|mailto):/.test(target) && !leadsSomewhere(file, target))
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test("every file that a document names in code exists", () => {
    const named = /`((?:src|test|scripts|bench|docs|bin)\/[\w./-]+\.(?:ts|mjs|md|json|proto))`/g;
    const files = FILES.filter((file) => file.endsWith(".md") && !/^(docs\/decisions\/|CHANGELOG)/.test(file));
    const broken = files.flatMap((file) =>
      [...read(file).matchAll(named)]
        .filter(([, target = ""]) => !existsSync(join(ROOT, target)))
        .map(([, target]) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});

/** Examples in code blocks are not links. */
function withoutCode(markdown: string): string {
  return markdown.replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, "");
}

function leadsSomewhere(file: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const found = path === "" ? file : join(dirname(file), decodeURI(path));
  if (!existsSync(join(ROOT, found))) return false;
  if (anchor === undefined || statSync(join(ROOT, found)).isDirectory()) return true;
  const text = read(found);
  return text.includes(`id="${anchor}"`) || headings(text).has(anchor);
}

/** Anchors as forges make them from headings. */
function headings(markdown: string): ReadonlySet<string> {
  const titles = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe("errors and limits", () => {
  const codes = Object.entries(ERRORS);

  test("docs/errors.md and docs/limits.md say what the tables say", () => {
    expect(read("docs/errors.md"), "run `npm run docs`").toBe(renderErrors());
    expect(read("docs/limits.md"), "run `npm run docs`").toBe(renderLimits());
  });

  test("every code is documented with its exit code, meaning and next step", () => {
    const sections = read("docs/errors.md").split(/^## Exit /m);
    const undocumented = codes.filter(([code, { exit, hint }]) => {
      const section = sections.find((text) => text.startsWith(`${exit}:`)) ?? "";
      const row = section.split("\n").find((line) => line.includes(`\`${code}\` |`)) ?? "";
      const [happened = "", next = ""] = row
        .split(/(?<!\\)\|/)
        .slice(2)
        .map((part) => part.trim());
      return !/^\S.{10,}\.$/.test(happened) || next.replaceAll("\\|", "|") !== hint;
    });
    expect(undocumented.map(([code]) => code)).toEqual([]);
    expect(codes.filter(([, { exit }]) => !Object.values(EXIT).includes(exit))).toEqual([]);
  });

  test("every code is met somewhere, and none is met that is not in the table", () => {
    const files = WRITTEN.filter(
      (file) => /^(src|bin|scripts)\//.test(file) && !/errors\.ts|error-meanings\.ts/.test(file),
    );
    const met = new Set(files.flatMap((file) => read(file).match(/\bE_[A-Z][A-Z_0-9]+\b/g) ?? []));
    expect(
      [...met].filter((code) => !(code in ERRORS)),
      "not in src/shared/errors.ts",
    ).toEqual([]);
    expect(
      codes.map(([code]) => code).filter((code) => !met.has(code)),
      "nothing raises these",
    ).toEqual([]);
  });
});
