import { SyncError } from "../../shared/errors.ts";
import { given, textArgument, textOption } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { locateAnywhere } from "../locate.ts";
import { parseTime } from "../parse-time.ts";
import { splitVersion } from "../remote-path.ts";
import { formatBytes, formatTime } from "../render/format.ts";
import { renderTable } from "../render/table.ts";
import { assertNoneSkipped, tellRestored } from "./restored.ts";

/** Lists the kept versions of a file. */
export const versions: CommandHandler = async (session, args) => {
  const { peer, place } = await locateAnywhere(session, textArgument(args, 0));
  const document = await session.call("versions", place, peer);
  if (session.globals.json) {
    session.json(document);
    return;
  }
  const columns = [
    { title: "VERSION", align: "right" },
    { title: "TIME" },
    { title: "SIZE", align: "right" },
    { title: "DEVICE" },
    { title: "ORIGIN" },
    { title: "" },
  ] as const;
  const rows = document.versions.map((version) => [
    version.version,
    formatTime(version.time),
    formatBytes(version.size),
    version.user === null ? version.device : `${version.device} (${version.user})`,
    version.origin,
    version.current ? "current" : version.kept ? "" : "not here any more",
  ]);
  session.print(renderTable(columns, rows, session.globals.plain));
};

/** Brings back a version of a file, or a directory as it was. */
export const restore: CommandHandler = async (session, args, options) => {
  const { path: text, version } = splitVersion(textArgument(args, 0));
  const at = textOption(options, "at");
  if (version !== undefined && at !== undefined) throw new SyncError("E_USAGE", "@VERSION and --at exclude each other");
  const { peer, place } = await locateAnywhere(session, text);
  if (place.path === "" && at === undefined)
    throw new SyncError("E_USAGE", "a whole folder is restored to a time", {
      hint: "syncline restore PEER:FOLDER --at '2h ago' -n",
    });
  const time = at === undefined ? undefined : parseTime(at, session.io.now());
  if (time !== undefined && time > session.io.now())
    throw new SyncError("E_USAGE", `--at ${at}: that has not happened yet`);
  if (time !== undefined && !session.globals.dryRun) {
    const what = place.path === "" ? `the whole folder ${place.folder}` : `${place.folder}/${place.path}`;
    await session.confirm(`Restore ${what} to ${formatTime(time.toISOString())}? -n shows what would change.`);
  }
  const request = {
    ...place,
    dryRun: session.globals.dryRun,
    ...given({ version, at: time?.toISOString(), as: textOption(options, "as") }),
  };
  assertNoneSkipped(await tellRestored(session, session.stream("restore", request, { peer }), request.dryRun));
  return undefined;
};
