/**
 * Who may import whom. The table below is the architecture: a folder's imports
 * tell its rank. Type-only and dynamic imports count, and so do files named in
 * `new URL("./file.ts", import.meta.url)`, the way workers are started.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from "dependency-cruiser";
import { afterEach, describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

interface Layer {
  readonly name: string;
  readonly from: string;
  readonly allowed: string;
  /** What to do instead; shown when the rule is broken. */
  readonly comment: string;
}

/** Files matching `from` may import no other files of src than those matching `allowed`. */
const LAYERS: readonly Layer[] = [
  {
    name: "shared-stands-alone",
    from: "^src/shared/",
    allowed: "^src/shared/",
    comment: "shared is the vocabulary of everybody: move what it wants to use into it, or declare a port there",
  },
  {
    name: "sync-knows-no-peer",
    from: "^src/sync/",
    allowed: "^src/(shared|sync)/",
    comment: "sync asks for chunks through a port; daemon plugs peer in",
  },
  {
    name: "peer-knows-no-sync",
    from: "^src/peer/",
    allowed: "^src/(shared|peer)/",
    comment: "peer hands what it receives to a port; daemon plugs sync in",
  },
  {
    name: "core-knows-only-shared",
    from: "^src/sync/core/",
    allowed: "^src/(shared|sync/core)/",
    comment: "the planner is a function of its arguments: pass in what it needs",
  },
  {
    name: "delta-knows-only-shared",
    from: "^src/sync/delta/",
    allowed: "^src/(shared|sync/delta)/",
    comment: "the delta library is functions over buffers: pass in what it needs",
  },
  {
    name: "wire-knows-only-shared",
    from: "^src/peer/wire/",
    allowed: "^src/(shared|peer/wire)/",
    comment: "the codec is a function of bytes: connection.ts does the rest",
  },
  {
    name: "daemon-serves-no-screen",
    from: "^src/daemon/",
    allowed: "^src/(shared|sync|peer|daemon)/",
    comment: "command line and page talk to the daemon over its API: put what they share into src/shared/api.ts",
  },
  {
    name: "cli-talks-over-the-api",
    from: "^src/cli/(?!start-daemon\\.ts$)",
    allowed: "^src/(shared|cli)/",
    comment: "commands use the API of the daemon; start-daemon.ts alone starts one",
  },
  {
    name: "web-talks-over-the-api",
    from: "^src/web/",
    allowed: "^src/(web/|shared/(api|api-[a-z]+|log-text|qr-code|user-rules)\\.ts$)",
    comment: "the page runs in a browser: it uses the interface's tables and the types of its schemas",
  },
];

const PURE = "^src/(shared|sync/core|sync/delta|peer/wire)/";

const RULES: IFlattenedRuleSet = {
  forbidden: [
    ...LAYERS.map(({ name, from, allowed, comment }) => ({
      name,
      comment,
      severity: "error" as const,
      from: { path: from },
      to: { path: "^src/", pathNot: allowed },
    })),
    {
      name: "pure-code-uses-no-node",
      comment: "take a port (src/shared/ports.ts) or the bytes as an argument, and let the caller do the IO",
      severity: "error",
      from: { path: PURE },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "src-ships-alone",
      comment: "tests, scripts and benchmarks are not shipped: move what is shared into src",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(test|scripts|bench)/" },
    },
    {
      name: "src-uses-no-dev-tools",
      comment: "this package is a devDependency, which users do not get: make it a dependency or do without",
      severity: "error",
      // The page is built before it is shipped, with what it is made of inside.
      from: { path: "^src/", pathNot: "^src/web/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "imports-exist",
      comment: "the import leads nowhere: correct its path, or install the package",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true },
    },
  ],
};

async function cruiseTree(baseDir: string): Promise<ICruiseResult> {
  const options = {
    baseDir,
    ruleSet: RULES,
    validate: true,
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  } as const;
  const { output } = await cruise(["src"], options, {
    exportsFields: ["exports"],
    conditionNames: ["node", "import", "default"],
    extensions: [".ts", ".tsx", ".js", ".json"],
  });
  if (typeof output === "string") throw new Error("dependency-cruiser printed where it should have answered");
  return output;
}

function sourceFiles(baseDir: string): readonly string[] {
  return globSync("src/**/*.{ts,tsx}", { cwd: baseDir }).map((file) => file.replaceAll("\\", "/"));
}

/** What the import parser does not see, judged by the same table: `new URL("./file.ts", …)` and `import("./file.ts").Type`. */
function unseenViolations(baseDir: string): readonly string[] {
  return sourceFiles(baseDir).flatMap((file) => {
    const text = readFileSync(join(baseDir, file), "utf8");
    return [...text.matchAll(/(?:new URL|import)\(\s*"(\.[^"]+)"/g)].flatMap(([, target = ""]) => {
      const to = posix.join(posix.dirname(file), target);
      return LAYERS.filter(
        ({ from, allowed }) => new RegExp(from).test(file) && to.startsWith("src/") && !new RegExp(allowed).test(to),
      ).map(({ name, comment }) => `${name}: ${file} → ${to} (${comment})`);
    });
  });
}

function seenViolations({ summary }: ICruiseResult): readonly string[] {
  return summary.violations.map(({ rule, from, to }) => {
    const comment = RULES.forbidden?.find(({ name }) => name === rule.name)?.comment;
    return `${rule.name}: ${from} → ${to} (${comment})`;
  });
}

test("every import keeps to the layers", async () => {
  const result = await cruiseTree(ROOT);
  expect([...seenViolations(result), ...unseenViolations(ROOT)]).toEqual([]);
  // Never green by blindness: each source file was read, and its imports seen.
  const seen = new Set(result.modules.map(({ source }) => source));
  expect(sourceFiles(ROOT).filter((file) => !file.endsWith(".as.ts") && !seen.has(file))).toEqual([]);
  expect(result.summary.totalDependenciesCruised).toBeGreaterThan(seen.size / 2);
}, 600_000);

describe("a planted violation is found:", () => {
  let tree = "";
  afterEach(() => rmSync(tree, { recursive: true, force: true }));

  function plant(files: Readonly<Record<string, string>>): string {
    tree = mkdtempSync(join(tmpdir(), "syncline-layers-"));
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, name)), { recursive: true });
      writeFileSync(join(tree, name), text);
    }
    return tree;
  }

  /** The names of the rules that a tree of these files breaks. */
  async function brokenRules(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
    const baseDir = plant(files);
    const found = [...seenViolations(await cruiseTree(baseDir)), ...unseenViolations(baseDir)];
    rmSync(baseDir, { recursive: true });
    return [...new Set(found.map((violation) => violation.replace(/:.*/, "")))];
  }

  test.each([
    { rule: "shared-stands-alone", from: "src/shared/a.ts", to: "src/sync/b.ts" },
    { rule: "sync-knows-no-peer", from: "src/sync/a.ts", to: "src/peer/b.ts" },
    { rule: "sync-knows-no-peer", from: "src/sync/puller/a.ts", to: "src/daemon/b.ts" },
    { rule: "peer-knows-no-sync", from: "src/peer/a.ts", to: "src/sync/core/b.ts" },
    { rule: "core-knows-only-shared", from: "src/sync/core/a.ts", to: "src/sync/fs/b.ts" },
    { rule: "delta-knows-only-shared", from: "src/sync/delta/a.ts", to: "src/sync/core/b.ts" },
    { rule: "wire-knows-only-shared", from: "src/peer/wire/a.ts", to: "src/peer/tls.ts" },
    { rule: "daemon-serves-no-screen", from: "src/daemon/a.ts", to: "src/cli/b.ts" },
    { rule: "daemon-serves-no-screen", from: "src/daemon/a.ts", to: "src/web/b.ts" },
    { rule: "cli-talks-over-the-api", from: "src/cli/commands/a.ts", to: "src/daemon/b.ts" },
    { rule: "cli-talks-over-the-api", from: "src/cli/commands/start-daemon.ts", to: "src/daemon/b.ts" },
    { rule: "web-talks-over-the-api", from: "src/web/a.ts", to: "src/shared/ids.ts" },
  ])("$rule, $from → $to", async ({ rule, from, to }) => {
    const path = posix.relative(posix.dirname(from), to);
    const target = path.startsWith(".") ? path : `./${path}`;
    for (const statement of [
      `import { b } from "${target}";\nexport const a = b;\n`,
      `import type { B } from "${target}";\nexport const a: B = 1;\n`,
      `import "${target}";\n`,
      `export type { B } from "${target}";\n`,
      `export const a = await import("${target}");\n`,
      `export type A = import("${target}").B;\n`,
      `export const a = new URL("${target}", import.meta.url);\n`,
    ]) {
      const found = await brokenRules({ [from]: statement, [to]: "export const b = 1;\nexport type B = number;\n" });
      expect(found, statement).toEqual([rule]);
    }
  });

  test.each(["node:fs", "node:fs/promises", "fs", "node:crypto"])("pure-code-uses-no-node, %s", async (module) => {
    for (const directory of ["shared", "sync/core", "sync/delta", "peer/wire"]) {
      const file = `src/${directory}/a.ts`;
      expect(await brokenRules({ [file]: `import * as a from "${module}";\nexport const b = a;\n` }), file).toEqual([
        "pure-code-uses-no-node",
      ]);
    }
  });

  test("src-ships-alone, imports-exist and src-uses-no-dev-tools", async () => {
    const found = await brokenRules({
      "package.json": '{ "devDependencies": { "tool": "1.0.0" }, "dependencies": { "useful": "1.0.0" } }',
      "node_modules/tool/package.json": '{ "name": "tool", "version": "1.0.0", "main": "index.js" }',
      "node_modules/tool/index.js": "exports.tool = 1;\n",
      "node_modules/useful/package.json": '{ "name": "useful", "version": "1.0.0", "main": "index.js" }',
      "node_modules/useful/index.js": "exports.useful = 1;\n",
      "test/support/b.ts": "export const b = 1;\n",
      "src/daemon/a.ts": 'import { b } from "../../test/support/b.ts";\nexport const a = b;\n',
      "src/daemon/c.ts":
        'import { useful } from "useful";\nimport { tool } from "tool";\nexport const c = [tool, useful];\n',
      "src/daemon/d.ts": 'import { none } from "./none.ts";\nexport const d = none;\n',
    });
    expect([...found].sort()).toEqual(["imports-exist", "src-ships-alone", "src-uses-no-dev-tools"]);
  });

  test("what keeps to the layers breaks no rule", async () => {
    const found = await brokenRules({
      "src/shared/a.ts": "export const a = 1;\n",
      "src/sync/core/b.ts": 'export { a } from "../../shared/a.ts";\n',
      "src/peer/c.ts":
        'import { a } from "../shared/a.ts";\nimport { connect } from "node:net";\nexport const c = [a, connect];\n',
      "src/daemon/d.ts":
        'import { c } from "../peer/c.ts";\nimport { a } from "../sync/core/b.ts";\nexport const d = [a, c];\n',
      "src/cli/start-daemon.ts": 'import { d } from "../daemon/d.ts";\nexport const e = d;\n',
    });
    expect(found).toEqual([]);
  });
});
