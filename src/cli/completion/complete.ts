/** The hidden `syncline __complete`, which the completion scripts ask. */
import { resolve } from "node:path";
import { EXIT } from "../../shared/errors.ts";
import { homePaths } from "../../shared/home-paths.ts";
import { readGlobals } from "../globals.ts";
import type { Io } from "../io.ts";
import { Session } from "../session.ts";
import { bashReplacement, splitBashLine } from "./bash-line.ts";
import { findCandidates } from "./find-candidates.ts";
import { type Completion, completionOf } from "./wishes.ts";

/** A prompt that waits longer is worse than one that completes nothing. */
const ANSWER_MS = 4000;

/**
 * Answers a completion script, one candidate a line: `bash LINE` with texts
 * that go into the line as they are, `words -- WORD...` with a note behind a
 * tab. Says nothing when there is nothing to say, whatever the reason.
 */
export async function complete(argv: readonly string[], io: Io, interrupt: AbortSignal): Promise<number> {
  const [how, ...rest] = argv;
  const line = splitBashLine(rest[0] ?? "");
  const words = how === "bash" ? line.words.slice(1) : rest.slice(rest[0] === "--" ? 1 : 0);
  const wanted = completionOf(words);
  const candidates = await findCandidates(sessionFor(wanted, io, interrupt), wanted);
  const lines =
    how === "bash"
      ? candidates.map(({ value }) => bashReplacement(value, line.last))
      : candidates.map(({ value, note }) => `${value}\t${note}`);
  if (lines.length > 0) io.out(`${lines.join("\n")}\n`);
  return EXIT.done;
}

function sessionFor({ home: given }: Completion, io: Io, interrupt: AbortSignal): Session {
  const home = given ?? io.env["SYNCLINE_HOME"];
  const paths = homePaths({
    home: home === undefined || home === "" ? undefined : resolve(io.cwd, home.replace(/^~\//, `${io.userHome}/`)),
    platform: io.platform,
    userHome: io.userHome,
    env: io.env,
  });
  const signal = AbortSignal.any([interrupt, AbortSignal.timeout(ANSWER_MS)]);
  return new Session({ io, globals: readGlobals({}), paths, interrupt, signal });
}
