/** Runs one command line from its words to its exit code. */
import { resolve } from "node:path";
import { CommanderError } from "commander";
import { EXIT, SyncError } from "../shared/errors.ts";
import { homePaths } from "../shared/home-paths.ts";
import { reportFailure } from "./failure.ts";
import { type Globals, readGlobals } from "./globals.ts";
import type { Io } from "./io.ts";
import { buildProgram, commandOf, type Invocation, rowOf } from "./program.ts";
import { Session } from "./session.ts";
import { splitShortFlags } from "./short-flags.ts";

/**
 * Parses, runs, and tells failures. Never throws. `interrupt` aborts at
 * Ctrl-C; the exit code is then 130.
 */
export async function runCli(argv: readonly string[], io: Io, interrupt: AbortSignal): Promise<number> {
  // Before the words are understood, an error has to know how it is to be told.
  const how = { json: argv.includes("--json"), verbose: argv.includes("-v") || argv.includes("--verbose") };
  if (argv[0] === "__complete") {
    const { complete } = await import("./completion/complete.ts");
    return await complete(argv.slice(1), io, interrupt);
  }
  let timeout: AbortSignal | undefined;
  let invocation: Invocation | number | undefined;
  try {
    invocation = await parse(argv, io);
    if (typeof invocation === "number") return invocation;
    const globals = readGlobals(invocation.globals);
    refuseDryRun(invocation, globals);
    await refuseUser(invocation, globals, io.platform);
    timeout = globals.timeoutMs === undefined ? undefined : AbortSignal.timeout(globals.timeoutMs);
    const signal = timeout === undefined ? interrupt : AbortSignal.any([interrupt, timeout]);
    const session = new Session({ io, globals, paths: homeOf(globals, io), interrupt, signal });
    const handler = await invocation.row.load();
    return (await handler(session, invocation.args, invocation.options)) ?? EXIT.done;
  } catch (error) {
    const isEndless = typeof invocation === "object" && invocation.row.endless === true;
    if (interrupt.aborted && isEndless) return EXIT.interrupted;
    return reportFailure(explain(error, argv, interrupt, timeout), io, how);
  }
}

async function parse(argv: readonly string[], io: Io): Promise<Invocation | number> {
  let invocation: Invocation | undefined;
  const program = buildProgram({
    columns: Math.min(io.columns(), 100),
    write: (text) => io.out(text),
    onCommand: (found) => (invocation = found),
  });
  if (argv.length === 0) {
    program.outputHelp();
    return EXIT.done;
  }
  try {
    program.parse(splitShortFlags(argv, rowOf(argv)), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed" || error.code === "commander.version") return EXIT.done;
    if (error.code !== "commander.help") {
      const { usageError } = await import("./usage-error.ts");
      throw usageError(error, argv);
    }
    if (program.opts()["version"] !== true) throw missingCommand(argv);
  }
  if (invocation !== undefined) return invocation;
  if (program.opts()["version"] !== true) throw missingCommand(argv);
  const { printVersion } = await import("./commands/version.ts");
  printVersion(io, program.opts()["json"] === true);
  return EXIT.done;
}

function missingCommand(argv: readonly string[]): SyncError {
  const command = ["syncline", ...commandOf(argv)].join(" ");
  return new SyncError("E_USAGE", `\`${command}\` needs a command`, { hint: `see \`${command} --help\`` });
}

function refuseDryRun({ row }: Invocation, globals: Globals): void {
  if (!globals.dryRun || row.dryRun === true || row.readOnly === true) return;
  throw new SyncError("E_USAGE", `\`syncline ${row.name}\` has no dry run`, { hint: "leave -n out; nothing was done" });
}

/** A command that goes to no other device would do as if nobody had been named. */
async function refuseUser({ row, args }: Invocation, { user }: Globals, platform: string): Promise<void> {
  if (user === undefined || row.takesUser === true) return;
  const { parseTarget, SELF } = await import("./remote-path.ts");
  const targets = args.flat().map((text) => parseTarget(text ?? "", platform));
  if (targets.some((target) => target.kind === "remote" && target.peer !== SELF)) return;
  throw new SyncError("E_USAGE", "--user has no meaning here: on its own node, whoever can open it is admin", {
    hint: "leave --user out, or name a path of another device: PEER:FOLDER/PATH",
  });
}

function homeOf(globals: Globals, io: Io): ReturnType<typeof homePaths> {
  const given = globals.home ?? io.env["SYNCLINE_HOME"];
  const home = given === undefined || given === "" ? undefined : resolve(io.cwd, given);
  return homePaths({ home, platform: io.platform, userHome: io.userHome, env: io.env });
}

/** What a cut-off run is to be called. */
function explain(
  error: unknown,
  argv: readonly string[],
  interrupt: AbortSignal,
  timeout: AbortSignal | undefined,
): unknown {
  if (error instanceof SyncError) return error;
  if (interrupt.aborted)
    return new SyncError("E_INTERRUPTED", "interrupted", { hint: `run it again: ${commandLine(argv)}` });
  if (timeout?.aborted === true) return new SyncError("E_TIMEOUT", "time ran out");
  return error;
}

/** As it can be pasted into a shell. A code is used up by the first contact and is left out. */
function commandLine(argv: readonly string[]): string {
  const words = argv.map((word) => (/^\d[- ]?\d{3}[- ]?\d{3}$|^syncline:/.test(word) ? "CODE" : word));
  return ["syncline", ...words]
    .map((word) => (/^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(" ");
}
