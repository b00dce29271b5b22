/**
 * `npm run mutants`: breaks the engine on purpose, one promise at a time, in a
 * copy of the checkout, and tells which test sees it. Fails when a mutant
 * survives: then a promise stands in the documents that no test holds.
 *
 * `npm run mutants -- WORD` runs only the mutants whose name contains WORD.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Test paths for Vitest, or whole devices from seeds. */
  readonly tests: readonly string[] | "simulation";
}

const MUTANTS: readonly Mutant[] = [
  {
    name: "staged content is not made durable",
    file: "src/sync/executor/steps.ts",
    find: "    makeDurable(tools.fs, items);",
    replace: "",
    tests: "simulation",
  },
  {
    name: "no look at the path before it is replaced",
    file: "src/sync/fs/replace.ts",
    find: '  if (check.type !== "same") return { type: check.type, kept: undefined };',
    replace: "",
    tests: ["test/sync/fs/install.test.ts", "test/sync/fs/races.test.ts"],
  },
  {
    name: "no look at what the exchange brought out",
    file: "src/sync/fs/replace.ts",
    find: "  if (!sameButCtime(out, expected)) return undoExchange(fs, options);",
    replace: "",
    tests: ["test/sync/fs/races.test.ts"],
  },
  {
    name: "the older change wins",
    file: "src/sync/core/heads.ts",
    find: "descending(a.mtimeNs, b.mtimeNs)",
    replace: "descending(b.mtimeNs, a.mtimeNs)",
    tests: ["test/sync/core"],
  },
  {
    name: "joining drops a concurrent head",
    file: "src/sync/core/heads.ts",
    find: "if (!isCovered) kept.push(head);",
    replace: "if (!isCovered && kept.length === 0) kept.push(head);",
    tests: ["test/sync/core"],
  },
  {
    name: "a segment is joined where no cut is common",
    file: "src/sync/delta/segments.ts",
    find: "      if (segment === undefined || this.#at > offset) return false;",
    replace: "      if (segment === undefined) return false;\n      if (this.#at > offset) return true;",
    tests: ["test/sync/delta/segments.test.ts"],
  },
  {
    name: "a sketch is believed whatever its numbers add up to",
    file: "src/sync/delta/region.ts",
    find: 'if (elementCount !== elements.length - added.size + removed.length) return { type: "none" };',
    replace: "void elementCount;",
    tests: ["test/sync/delta/region.test.ts"],
  },
  {
    name: "a matching block is not confirmed",
    file: "src/sync/delta/match.ts",
    find: "return (sum ^ expected) << (32 - bits) === 0;",
    replace: "return ((sum ^ expected) << (32 - bits) === 0) || true;",
    tests: ["test/sync/delta/region-kernel.test.ts"],
  },
  {
    name: "what is received is acknowledged as applied",
    file: "src/sync/exchange/peer-session.ts",
    find: "const taken = appliesAll ? this.#announced : index.read.appliedUpTo(folder, this.link.device);",
    replace: "const taken = appliesAll ? this.#announced : received;",
    tests: "simulation",
  },
  {
    name: "what lost a conflict goes out of sight",
    file: "src/sync/core/plan.ts",
    find: 'return isLoser ? conflictOf(path, shown) : { to: "store", head: shown };',
    replace: 'return isLoser && path === "" ? conflictOf(path, shown) : { to: "store", head: shown };',
    tests: ["test/sync/core/plan.test.ts"],
  },
  {
    name: "displaced content is forgotten",
    file: "src/sync/puller/apply.ts",
    find: "    if (outcome.storedStamp === null) return;",
    replace: "    return;",
    tests: ["test/sync/versions"],
  },
  {
    name: "what moved during a scan counts as deleted",
    file: "src/sync/scanner/find-missing.ts",
    find: "    if (isFresh) {",
    replace: "    if (isFresh && row === undefined) {",
    tests: ["test/sync/scanner"],
  },
  {
    name: "a folder without its marker is scanned",
    file: "src/sync/scanner/scan-state.ts",
    find: 'const error = markerError(isOther ? { type: "wrongFolder", marker: found.marker } : found, folder);',
    replace: "const error = isOther ? markerError(found, folder) : undefined;",
    tests: ["test/sync/scanner"],
  },
  {
    name: "what is wanted again stays away",
    file: "src/sync/core/plan.ts",
    find: '  if (!winner.deleted) return { type: "install", heads, winner, displaced: undefined };',
    replace:
      '  if (!winner.deleted && known.local === undefined) return { type: "install", heads, winner, displaced: undefined };',
    tests: ["test/sync/core"],
  },
  {
    name: "any content counts as what a peer announced",
    file: "src/sync/core/change.ts",
    find: '    head.contentId === seen.contentId &&\n    head.target === seen.target &&\n    head.size === seen.size &&\n    head.mode === seen.mode &&\n    (seen.type === "directory" || head.mtimeNs === seen.mtimeNs)',
    replace: "    true",
    tests: "simulation",
  },
  {
    name: "the brake lets every deletion pass",
    file: "src/sync/core/brake.ts",
    find: '  if (reason !== undefined) return { type: "hold"',
    replace: '  if (reason === "") return { type: "hold"',
    tests: ["test/sync/core/brake.test.ts"],
  },
  {
    name: "fetched bytes are not proven",
    file: "src/sync/fetch/fetch-small.ts",
    find: " && toHex(this.#context.hasher.chunk(bytes)) === file.contentId)",
    replace: ")",
    tests: "simulation",
  },
];

const COPIED = [
  "src",
  "test",
  "scripts",
  "bench",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
  "vitest.config.ts",
];
const SEEDS = 60;
const TIMEOUT_MS = 120_000;
const AT_ONCE = 2;
const VITEST = "node_modules/vitest/vitest.mjs";

const checkout = join(import.meta.dirname, "..");
const base = mkdtempSync(join(tmpdir(), "syncline-mutants-"));
const running = new Set<ChildProcess>();

interface Run {
  readonly isPassed: boolean;
  readonly output: string;
}

function run(directory: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      cwd: directory,
      env: { ...process.env, NO_COLOR: "1" },
      timeout: TIMEOUT_MS,
      killSignal: "SIGKILL",
    });
    running.add(child);
    let output = "";
    child.stdout.on("data", (piece: Buffer) => (output += piece.toString()));
    child.stderr.on("data", (piece: Buffer) => (output += piece.toString()));
    child.once("error", reject);
    child.once("close", (code, signal) => {
      running.delete(child);
      resolve({
        isPassed: code === 0,
        output: signal === null ? output : `${output}\nran longer than ${TIMEOUT_MS / 1000} s`,
      });
    });
  });
}

function copyCheckout(name: string): string {
  const directory = join(base, name);
  mkdirSync(directory);
  for (const entry of COPIED) cpSync(join(checkout, entry), join(directory, entry), { recursive: true });
  symlinkSync(join(checkout, "node_modules"), join(directory, "node_modules"), "junction");
  return directory;
}

function breakIn(directory: string, { name, file, find, replace }: Mutant): void {
  const path = join(directory, file);
  const parts = readFileSync(path, "utf8").split(find);
  if (parts.length !== 2)
    throw new Error(
      `mutant "${name}": ${file} holds its text ${parts.length - 1} times, not once; write the mutant anew`,
    );
  writeFileSync(path, parts.join(replace));
}

interface Range {
  readonly first: number;
  readonly count: number;
}

/** The seeds that pass in an unbroken copy; a seed that fails anyway proves nothing. */
async function passingSeeds(directory: string): Promise<readonly Range[]> {
  const { isPassed, output } = await run(directory, simulation({ first: 1, count: SEEDS }));
  const failing = [...output.matchAll(/^seed (\d+) failed/gm)].map(([, seed]) => Number(seed));
  if (!isPassed && failing.length === 0) throw new Error(`the simulation does not run:\n${output}`);
  const edges = [0, ...failing, SEEDS + 1];
  return edges.slice(1).flatMap((next, position) => {
    const first = (edges[position] ?? 0) + 1;
    return next > first ? [{ first, count: next - first }] : [];
  });
}

function simulation({ first, count }: Range, ...more: readonly string[]): readonly string[] {
  return ["test/simulation/run.ts", "--seed", String(first), "--count", String(count), ...more];
}

function vitest(paths: readonly string[]): readonly string[] {
  return [VITEST, "run", "--project", "unit", "--bail", "1", ...paths];
}

/** What saw the mutant; undefined when nothing did. */
async function hunt(directory: string, mutant: Mutant, seeds: readonly Range[]): Promise<string | undefined> {
  const commands =
    mutant.tests === "simulation" ? seeds.map((range) => simulation(range, "--stop")) : [vitest(mutant.tests)];
  for (const args of commands) {
    const { isPassed, output } = await run(directory, args);
    if (!isPassed) return catcherIn(output);
  }
  return undefined;
}

function catcherIn(output: string): string {
  const seed = /^seed (\d+) failed[^:]*: *(.*)$/m.exec(output);
  if (seed !== null) return `seed ${seed[1]}: ${seed[2]?.slice(0, 90)}`;
  const test = /^ *FAIL +(.*)$/m.exec(output);
  const told = test?.[1] ?? output.trim().split("\n").at(-1) ?? "";
  // A broken import or a missing tool is no catch.
  if (test === null && !told.startsWith("ran longer")) throw new Error(`no test failed, but the run did:\n${output}`);
  return told.replace("|unit| ", "");
}

async function main(): Promise<boolean> {
  const word = process.argv[2] ?? "";
  const chosen = MUTANTS.filter(({ name }) => name.includes(word));
  const unbroken = copyCheckout("unbroken");
  const paths = [...new Set(chosen.flatMap(({ tests }) => (tests === "simulation" ? [] : tests)))];
  const [seeds, unit] = await Promise.all([
    chosen.some(({ tests }) => tests === "simulation") ? passingSeeds(unbroken) : [],
    paths.length === 0 ? undefined : run(unbroken, vitest(paths)),
  ]);
  if (unit?.isPassed === false) throw new Error(`tests fail without any mutant:\n${unit.output}`);
  const rows: { mutant: string; file: string; "caught by": string; seconds: number }[] = [];
  let survivors = 0;
  const waiting = [...chosen.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [position, mutant] = next;
      const directory = copyCheckout(String(position));
      breakIn(directory, mutant);
      const started = performance.now();
      const catcher = await hunt(directory, mutant, seeds);
      const seconds = Math.round((performance.now() - started) / 100) / 10;
      if (catcher === undefined) survivors++;
      rows[position] = { mutant: mutant.name, file: mutant.file, "caught by": catcher ?? "NOTHING", seconds };
      console.log(
        `${catcher === undefined ? "SURVIVED" : "caught"}: ${mutant.name} (${seconds} s): ${catcher ?? "no test saw it"}`,
      );
      rmSync(directory, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log("\n| mutant | file | caught by | seconds |\n|---|---|---|---|");
  for (const row of rows) console.log(`| ${Object.values(row).join(" | ")} |`);
  console.log(`${rows.length} mutants, ${survivors} survived`);
  return survivors === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} finally {
  for (const child of running) child.kill("SIGKILL");
  if (existsSync(base)) rmSync(base, { recursive: true, force: true });
}
