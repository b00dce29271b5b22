/** `syncline`: the entry of the command line. */
import process from "node:process";
import { EXIT } from "../shared/errors.ts";
import { processIo } from "./io.ts";
import { runCli } from "./run-cli.ts";

/** A command that has not ended so long after Ctrl-C is left to itself. */
const LEAVE_MS = 800;

const interrupt = new AbortController();
const onInterrupt = (): void => {
  interrupt.abort();
  setTimeout(() => process.exit(EXIT.interrupted), LEAVE_MS).unref();
};
process.on("SIGINT", onInterrupt);
// Whoever reads the output has had enough, as with `syncline events | head -1`.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.other),
);

process.exitCode = await runCli(
  process.argv.slice(2),
  processIo(() => process.off("SIGINT", onInterrupt)),
  interrupt.signal,
);
