import { printable } from "../../shared/printable.ts";
import { listArgument } from "../arguments.ts";
import type { CommandHandler } from "../command-rows/command-row.ts";
import { locateAnywhere } from "../locate.ts";
import { forEachPath } from "./each.ts";

/** Makes directories in a folder, here or on a paired device, with what is missing above them. */
export const mkdir: CommandHandler = async (session, args) => {
  const { dryRun } = session.globals;
  await forEachPath(session, listArgument(args, 0), async (text) => {
    const { peer, place } = await locateAnywhere(session, text);
    const document = await session.call("mkdir", { ...place, dryRun }, peer);
    const name = printable(`${document.folder}/${document.path}`);
    if (session.globals.json) session.json(document);
    else if (!document.made) session.say(`${name} is there already`);
    else session.say(dryRun ? `would make ${name}` : `${session.style("green", "✓")} made ${name}`);
  });
  return undefined;
};
