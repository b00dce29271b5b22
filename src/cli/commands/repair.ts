/** What `syncline verify --repair` does about differences. */
import type { VerifyLine } from "../../shared/api-files.ts";
import { printable } from "../../shared/printable.ts";
import type { Session } from "../session.ts";

export type Difference = Extract<VerifyLine, { type: "differs" | "missing" | "extra" }>;

export interface RepairPlace {
  readonly peer: string;
  readonly folder: string;
}

type Step = { readonly at: "here" | "there"; readonly how: "restore" | "adopt"; readonly path: string };

const PATHS_AT_ONCE = 500;

/**
 * Lets the side that is not as it was recorded take what was; where neither is,
 * a person says which one counts. Returns what was done and what is left.
 */
export async function repairDifferences(
  session: Session,
  place: RepairPlace,
  differences: readonly Difference[],
): Promise<{ readonly paths: readonly string[]; readonly left: readonly string[] }> {
  const steps: Step[] = [];
  const left: string[] = [];
  for (const difference of differences) {
    const found = stepsFor(difference, difference.sound === "neither" ? await askSide(session, difference) : undefined);
    if (found.length === 0) left.push(difference.path);
    steps.push(...found);
  }
  // What goes is kept before what counts comes, so that it is no conflict.
  const failed = new Set<string>();
  for (const how of ["restore", "adopt"] as const)
    for (const at of ["here", "there"] as const)
      for (const path of await run(session, place, { at, how }, steps)) failed.add(path);
  const planned = new Set(steps.map(({ path }) => path));
  return { paths: [...planned].filter((path) => !failed.has(path)), left: [...left, ...failed] };
}

/** The steps that make one side as the other. None: nothing can be said for sure. */
export function stepsFor({ path, type, sound }: Difference, chosen: "here" | "there" | undefined): readonly Step[] {
  if (sound === "here") return [{ at: "there", how: "restore", path }];
  if (sound === "there") return [{ at: "here", how: "restore", path }];
  if (chosen === undefined) return [];
  const other = chosen === "here" ? "there" : "here";
  const adopted: Step = { at: chosen, how: "adopt", path };
  return type === "differs" ? [{ at: other, how: "restore", path }, adopted] : [adopted];
}

async function askSide(session: Session, { path, type }: Difference): Promise<"here" | "there" | undefined> {
  const canAsk = session.io.isInteractive && session.globals.input && !session.globals.json && !session.globals.yes;
  if (!canAsk) return undefined;
  const sides = type === "differs" ? (["here", "there"] as const) : ([type === "missing" ? "there" : "here"] as const);
  const question = `${printable(path)}: neither side has what was recorded. Keep ${sides.join(", ")}, or skip? `;
  const answer = (await session.io.ask(question))?.trim().toLowerCase() ?? "";
  return sides.find((side) => answer !== "" && side.startsWith(answer));
}

/** Runs one kind of step on one side. Returns the paths that it left. */
async function run(
  session: Session,
  { peer, folder }: RepairPlace,
  { at, how }: Pick<Step, "at" | "how">,
  steps: readonly Step[],
): Promise<readonly string[]> {
  const paths = steps.filter((step) => step.at === at && step.how === how).map(({ path }) => path);
  const failed: string[] = [];
  for (let start = 0; start < paths.length; start += PATHS_AT_ONCE) {
    const input = { folder, how, paths: paths.slice(start, start + PATHS_AT_ONCE) };
    const { skipped } = await session.call("repair", input, at === "there" ? peer : undefined);
    for (const { path, message, code } of skipped) {
      failed.push(path);
      session.io.err(session.globals.json ? "" : `not repaired: ${printable(`${path}: ${message} (${code})`)}\n`);
    }
  }
  return failed;
}
