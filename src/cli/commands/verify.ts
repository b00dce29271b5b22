/** `syncline verify`: compares two files, or a folder here with the same one on another device, both read from the disk. */
import type { VerifyLine } from "../../shared/api-files.ts";
import { SyncError } from "../../shared/errors.ts";
import { printable } from "../../shared/printable.ts";
import { isSet, listArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { locateAnywhere, type Place } from "../locate.ts";
import { formatBytes, plural } from "../render/format.ts";
import { LiveArea } from "../render/live-area.ts";
import type { Session } from "../session.ts";
import { hashOf } from "./hash.ts";
import { type Difference, repairDifferences } from "./repair.ts";

type Summary = Extract<VerifyLine, { type: "summary" }>;
type Unreadable = Extract<VerifyLine, { type: "unreadable" }>;

export const verify: CommandHandler = async (session, args, options) => {
  const texts = listArgument(args, 0);
  const isRepair = isSet(options, "repair");
  if (isSet(options, "all")) {
    if (texts.length !== 1) throw new SyncError("E_USAGE", "--all takes one folder: PEER:FOLDER");
    await verifyFolder(session, texts[0] ?? "", isRepair);
    return undefined;
  }
  if (isRepair) throw new SyncError("E_USAGE", "--repair goes with --all");
  if (texts.length !== 2)
    throw new SyncError("E_USAGE", "a comparison takes two files", {
      hint: "syncline verify FILE PEER:FOLDER/PATH, or syncline verify --all PEER:FOLDER",
    });
  await verifyFiles(session, texts[0] ?? "", texts[1] ?? "");
  return undefined;
};

async function verifyFiles(session: Session, a: string, b: string): Promise<void> {
  const [first, second] = await Promise.all([hashOf(session, a), hashOf(session, b)]);
  const same = first.hash === second.hash;
  if (session.globals.json) session.json({ same, differs: same ? [] : [second.path], missing: [], extra: [] });
  if (!same)
    throw new SyncError("E_HASH_DIFFERS", `${printable(a)} is ${first.hash}, ${printable(b)} is ${second.hash}`);
  session.say(`${session.style("green", "✓")} same: ${first.hash}`);
}

async function verifyFolder(session: Session, text: string, isRepair: boolean): Promise<void> {
  const { peer, place } = await locateAnywhere(session, text);
  if (peer === undefined)
    throw new SyncError("E_USAGE", `"${printable(text)}" is on this device: name the other one`, {
      hint: "syncline verify --all PEER:FOLDER",
    });
  const { differences, unreadable, summary } = await compare(session, { ...place, peer });
  const repaired = isRepair
    ? await repairDifferences(session, { peer, folder: summary.folder }, differences)
    : undefined;
  const left = repaired?.left ?? [];
  if (session.globals.json) {
    const of = (type: Difference["type"]): string[] =>
      differences.filter((one) => one.type === type).map((one) => one.path);
    const found = {
      same: summary.same,
      differs: of("differs"),
      missing: of("missing"),
      extra: of("extra"),
      unreadable,
    };
    session.json(repaired === undefined ? found : { ...found, repaired: repaired.paths, left });
  } else tellSummary(session, summary, peer);
  if (repaired !== undefined) {
    if (repaired.paths.length > 0)
      session.say(
        `${session.style("green", "✓")} ${plural(repaired.paths.length, "path")} repaired; what is to come arrives by syncing`,
      );
    if (left.length + unreadable.length === 0) return;
    throw new SyncError("E_PARTIAL", `${plural(left.length + unreadable.length, "path")} could not be repaired`, {
      hint: "run it again on a terminal to be asked, or keep one side by hand",
    });
  }
  if (!summary.same)
    throw new SyncError("E_HASH_DIFFERS", `${summary.folder} is not the same here and on ${printable(peer)}`, {
      hint: `syncline verify --all ${printable(text)} --repair`,
    });
}

interface Compared {
  readonly differences: readonly Difference[];
  readonly unreadable: readonly Unreadable[];
  readonly summary: Summary;
}

async function compare(session: Session, place: Place & { readonly peer: string }): Promise<Compared> {
  const differences: Difference[] = [];
  const unreadable: Unreadable[] = [];
  let summary: Summary | undefined;
  const area = session.isLive ? new LiveArea(session.io) : undefined;
  const print = (line: string): void => {
    area?.clear();
    if (!session.globals.json) session.print(line);
  };
  try {
    for await (const line of session.stream("verify", place)) {
      switch (line.type) {
        case "progress":
          area?.draw([`compared ${plural(line.entries, "path")}, ${formatBytes(line.bytes)}`]);
          break;
        case "unreadable":
          unreadable.push(line);
          print(printable(`unreadable  ${line.path}  (${line.side}: ${line.message})`));
          break;
        case "summary":
          summary = line;
          break;
        default:
          differences.push(line);
          print(printable(`${line.type.padEnd(10)}  ${line.path}  ${WHO[line.sound](place.peer)}`));
      }
    }
  } finally {
    area?.clear();
  }
  if (summary === undefined) throw new SyncError("E_PROTOCOL", "the answer broke off");
  return { differences, unreadable, summary };
}

/** Who still holds what was recorded. */
const WHO: Readonly<Record<Difference["sound"], (peer: string) => string>> = {
  here: () => "(this device has what was recorded)",
  there: (peer) => `(${peer} has what was recorded)`,
  both: () => "(syncing is not through with it)",
  neither: () => "(neither has what was recorded)",
};

function tellSummary(session: Session, summary: Summary, peer: string): void {
  const what = `${plural(summary.entries, "path")} (${formatBytes(summary.bytes)})`;
  if (summary.same) session.say(`${session.style("green", "✓")} ${what} are the same here and on ${printable(peer)}`);
  else
    session.note(
      `${what} compared: ${summary.differs} differ, ${summary.missing} missing here, ${summary.extra} only here, ${summary.unreadable} unreadable`,
    );
}
