/**
 * Every command, as data: what the parser, `--help` and docs/cli.md are made
 * from, in the order in which `--help` shows them. The code of a command is
 * loaded when it runs.
 */
import type { CommandRow } from "./command-rows/command-row.ts";
import { FILE_COMMANDS, FOLDER_COMMANDS } from "./command-rows/files.ts";
import { LIVE_COMMANDS } from "./command-rows/live.ts";
import { ADMINISTRATION_COMMANDS, PEER_COMMANDS, START_COMMANDS } from "./command-rows/node.ts";

export const COMMANDS: readonly CommandRow[] = [
  ...START_COMMANDS,
  ...PEER_COMMANDS,
  ...FOLDER_COMMANDS,
  ...FILE_COMMANDS,
  ...LIVE_COMMANDS,
  ...ADMINISTRATION_COMMANDS,
];

/** Words that only hold commands together. */
export const COMMAND_GROUPS: Readonly<Record<string, string>> = {
  peer: "Devices this one is paired with",
  folder: "Directories that are kept in step",
  trash: "Deleted files that are kept",
  transfers: "Uploads and downloads",
  conflict: "Files that were changed on two devices at once",
  user: "Who may sign in on this node",
  config: "Settings",
  backup: "The node itself in one closed file",
  service: "The daemon as a service of this machine",
};
