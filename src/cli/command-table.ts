/**
 * Every command, as data: what the parser, `--help` and docs/cli.md are made
 * from. The code of a command is loaded when it runs.
 */
import { LOG_LEVELS, SETTING_KEYS, settingRow } from "../shared/config-settings.ts";
import type { Session } from "./session.ts";

/** Arguments as commander gives them: a text, a list for a variadic one, undefined when left out. */
export type CommandArguments = readonly (string | readonly string[] | undefined)[];
export type CommandOptions = Readonly<Record<string, unknown>>;
/** Returns the exit code; 0 when it returns nothing. */
export type CommandHandler = (
  session: Session,
  args: CommandArguments,
  options: CommandOptions,
) => Promise<number | undefined>;

export interface CommandOption {
  /** As commander takes it: `--at <host:port>`. One that ends in `...>` may be given again. */
  readonly flags: string;
  readonly description: string;
  /** What may follow, where that is one of a few words. */
  readonly values?: readonly string[];
}

/** Name as in `[dir]` or `<path>`, with what it is, and the words it may be where they are few. */
export type CommandArgument = readonly [name: string, description: string, values?: readonly string[]];

export interface CommandRow {
  /** `peer invite`. */
  readonly name: string;
  /** Shorter names for the same: `ls`. */
  readonly aliases?: readonly string[];
  readonly group: "Start" | "Peers" | "Folders" | "Files" | "Live" | "Administration";
  readonly summary: string;
  readonly args?: readonly CommandArgument[];
  readonly options?: readonly CommandOption[];
  /** Whether -n shows what would be done. Other commands that change something refuse it. */
  readonly dryRun?: true;
  readonly readOnly?: true;
  /** Whether --user means something though no argument is a path of another device. */
  readonly takesUser?: true;
  /** Goes on until Ctrl-C, which is then no failure to tell of. */
  readonly endless?: true;
  readonly details?: string;
  readonly load: () => Promise<CommandHandler>;
}

const SETTING_FLAGS: readonly CommandOption[] = SETTING_KEYS.flatMap((key) => {
  const { flag, flagMeaning, description } = settingRow(key);
  if (flag === undefined) return [];
  return [{ flags: flag, description: flagMeaning ?? description }];
});

const START_FLAGS: readonly CommandOption[] = [
  ...SETTING_FLAGS,
  { flags: "--folder-id <id>", description: "the folder's id: 1 to 64 of a-z, 0-9 and -" },
  { flags: "--foreground", description: "stays, and logs to the terminal; Ctrl-C ends it" },
  { flags: "--force", description: "takes a directory that is too broad, such as your home directory" },
];

const WHEN = ["auto", "on", "off"];
const ROLES = ["user", "admin"];
const FOLDER_MODES = ["two-way", "send-only", "receive-only"];

/** What uploads and downloads share. */
const HOW_FLAGS: readonly CommandOption[] = [
  { flags: "--transport <way>", description: "auto, tcp or udp (default auto)", values: ["auto", "tcp", "udp"] },
  { flags: "--limit <rate>", description: "at most so many bytes a second: 500k, 20M" },
  { flags: "--delta <when>", description: "send what changed only: auto, on or off (default auto)", values: WHEN },
  { flags: "--compression <when>", description: "auto, on or off (default auto)", values: WHEN },
  { flags: "--no-resume", description: "starts over instead of going on where it broke off" },
];

const PEER: readonly [string, string] = ["<peer>", "name or id of a paired device"];
const FOLDER: readonly [string, string] = ["<folder>", "id or label of a folder"];
const TRANSFER: readonly [string, string] = ["<id>", "its number in `syncline transfers list`"];
const USER: readonly [string, string] = ["<name>", "name of a user"];
const ROLE_FLAG: CommandOption = {
  flags: "--role <role>",
  description: "user or admin (default user)",
  values: ROLES,
};
const ANYWHERE = "PEER:FOLDER/PATH, self:FOLDER/PATH, or a local path in a folder";
const TARGET = "a local path, or self:FOLDER/PATH";

export const COMMANDS: readonly CommandRow[] = [
  {
    name: "up",
    group: "Start",
    summary: "Shares a directory, and starts the daemon when it is not running",
    args: [["[dir]", "directory to share; without it, what is configured starts"]],
    options: START_FLAGS,
    details: "Changes nothing when all of it is so already.",
    load: async () => (await import("./commands/up.ts")).up,
  },
  {
    name: "down",
    group: "Start",
    summary: "Stops the daemon; returns when it is gone",
    load: async () => (await import("./commands/down.ts")).down,
  },
  {
    name: "join",
    group: "Start",
    summary: "Pairs with the machine that made a code, and takes up its folder",
    args: [
      [
        "[code]",
        "the code or link that `syncline up` or `syncline peer invite` printed; asked for when left out, - reads it from standard input",
      ],
      ["[dir]", "where the folder goes; without it ~/LABEL"],
    ],
    options: [
      ...START_FLAGS,
      { flags: "--at <host:port>", description: "where the other machine is, instead of looking for it" },
    ],
    load: async () => (await import("./commands/join.ts")).join,
  },
  {
    name: "open",
    group: "Start",
    summary: "Opens the dashboard in a browser, signed in",
    options: [{ flags: "--print", description: "prints a link that signs in once, within ten minutes" }],
    details:
      "The browser is sent to a file that only you can read, and from there by a link that works once, within a minute.",
    load: async () => (await import("./commands/open.ts")).open,
  },
  {
    name: "status",
    group: "Start",
    summary: "Says whether everything is in sync, and if not, what and why",
    readOnly: true,
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "doctor",
    group: "Start",
    summary: "Examines this machine and its connections; exits 3 when something fails",
    readOnly: true,
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  {
    name: "demo",
    group: "Start",
    summary: "Shows two nodes on this machine keeping a folder in step, and removes them",
    options: [{ flags: "--large <mb>", description: "size of the large file in megabytes (default 200)" }],
    readOnly: true,
    details: "Nothing of yours is touched: both nodes live in temporary directories, with a free port each.",
    load: async () => (await import("./commands/demo.ts")).demo,
  },
  {
    name: "peer invite",
    group: "Peers",
    summary: "Makes a pairing code: one use, ten minutes, three tries",
    options: [
      { flags: "--folder <folder...>", description: "shares this folder; without it, the only one there is" },
      {
        flags: "--role <role>",
        description: "user or admin: what the new device may do here (default user)",
        values: ROLES,
      },
      {
        flags: "--rights <rights>",
        description: "read or write, on the folders (default write)",
        values: ["read", "write"],
      },
      { flags: "--none", description: "shares no folder" },
      { flags: "--wait", description: "stays until somebody has joined or the code is dead" },
    ],
    load: async () => (await import("./commands/peer-invite.ts")).peerInvite,
  },
  {
    name: "peer list",
    group: "Peers",
    summary: "Lists paired devices",
    readOnly: true,
    load: async () => (await import("./commands/peer.ts")).peerList,
  },
  {
    name: "peer show",
    group: "Peers",
    summary: "Shows one paired device",
    args: [PEER],
    readOnly: true,
    load: async () => (await import("./commands/peer.ts")).peerShow,
  },
  {
    name: "peer add",
    group: "Peers",
    summary: "Trusts a device by its id, without a code; do it on both",
    args: [["<device-id>", "as `syncline status` shows it on that device"]],
    options: [
      { flags: "--name <name>", description: "what to call it here" },
      { flags: "--at <host:port...>", description: "where it is; may be given again" },
      ROLE_FLAG,
    ],
    load: async () => (await import("./commands/peer.ts")).peerAdd,
  },
  {
    name: "peer rename",
    group: "Peers",
    summary: "Calls a device something else here",
    args: [PEER, ["<name>", "the new name"]],
    load: async () => (await import("./commands/peer.ts")).peerRename,
  },
  {
    name: "peer role",
    group: "Peers",
    summary: "Sets what a device may do here",
    args: [PEER, ["<role>", "user or admin", ROLES]],
    load: async () => (await import("./commands/peer.ts")).peerRole,
  },
  {
    name: "peer pause",
    group: "Peers",
    summary: "Stops talking to a device until it is resumed",
    args: [PEER],
    load: async () => (await import("./commands/peer.ts")).peerPause,
  },
  {
    name: "peer resume",
    group: "Peers",
    summary: "Talks to a paused device again",
    args: [PEER],
    load: async () => (await import("./commands/peer.ts")).peerResume,
  },
  {
    name: "peer remove",
    group: "Peers",
    summary: "Stops trusting a device, at once; files stay on both",
    args: [PEER],
    load: async () => (await import("./commands/peer.ts")).peerRemove,
  },
  {
    name: "peer ping",
    group: "Peers",
    summary: "Measures the way to a device",
    args: [PEER],
    options: [{ flags: "--count <n>", description: "how many times (default 3)" }],
    readOnly: true,
    load: async () => (await import("./commands/peer-ping.ts")).peerPing,
  },
  {
    name: "folder add",
    group: "Folders",
    summary: "Takes up a directory as a folder",
    args: [["<dir>", "the directory"]],
    options: [
      { flags: "--folder-id <id>", description: "the folder's id; give the other device's to join its folder" },
      { flags: "--label <label>", description: "what to call it (default: the directory's name)" },
      {
        flags: "--mode <mode>",
        description: "two-way, send-only or receive-only (default two-way)",
        values: FOLDER_MODES,
      },
      { flags: "--force", description: "takes a directory that is too broad" },
    ],
    load: async () => (await import("./commands/folder.ts")).folderAdd,
  },
  {
    name: "folder list",
    group: "Folders",
    summary: "Lists folders",
    readOnly: true,
    load: async () => (await import("./commands/folder.ts")).folderList,
  },
  {
    name: "folder show",
    group: "Folders",
    summary: "Shows one folder",
    args: [FOLDER],
    readOnly: true,
    load: async () => (await import("./commands/folder.ts")).folderShow,
  },
  {
    name: "folder share",
    group: "Folders",
    summary: "Shares a folder with a paired device",
    args: [FOLDER],
    options: [
      { flags: "--to <peer>", description: "the device" },
      { flags: "--rights <rights>", description: "read or write (default write)", values: ["read", "write"] },
    ],
    load: async () => (await import("./commands/folder.ts")).folderShare,
  },
  {
    name: "folder unshare",
    group: "Folders",
    summary: "Stops sharing a folder with a device; its files stay there",
    args: [FOLDER],
    options: [{ flags: "--from <peer>", description: "the device" }],
    load: async () => (await import("./commands/folder.ts")).folderUnshare,
  },
  {
    name: "folder mode",
    group: "Folders",
    summary: "Sets the direction in which changes go",
    args: [FOLDER, ["<mode>", "two-way, send-only or receive-only", FOLDER_MODES]],
    load: async () => (await import("./commands/folder.ts")).folderMode,
  },
  {
    name: "folder fetch",
    group: "Folders",
    summary: "Shows or changes how this device fetches a folder's files",
    args: [FOLDER],
    options: [
      { flags: "--delta <when>", description: "only what changed in a file: auto, on or off", values: WHEN },
      { flags: "--compression <when>", description: "compressed on the way: auto, on or off", values: WHEN },
    ],
    details:
      "auto, the default of both, decides by what it spares; off fetches changed places of a file whole, or nothing compressed. Upload and download have the same switches for one command.",
    load: async () => (await import("./commands/folder.ts")).folderFetch,
  },
  {
    name: "folder ignore",
    group: "Folders",
    summary: "Lists or changes the patterns that only this device ignores",
    args: [FOLDER, ["[pattern...]", "gitignore syntax; without one, the patterns are listed"]],
    options: [{ flags: "--remove", description: "removes the patterns" }],
    details: "Patterns for every device go into the file .synclineignore of the folder, which syncs.",
    load: async () => (await import("./commands/folder.ts")).folderIgnore,
  },
  {
    name: "folder pause",
    group: "Folders",
    summary: "Stops syncing a folder until it is resumed",
    args: [FOLDER],
    load: async () => (await import("./commands/folder.ts")).folderPause,
  },
  {
    name: "folder resume",
    group: "Folders",
    summary: "Syncs a paused folder again",
    args: [FOLDER],
    load: async () => (await import("./commands/folder.ts")).folderResume,
  },
  {
    name: "folder rescan",
    group: "Folders",
    summary: "Looks at every file of a folder now",
    args: [FOLDER],
    load: async () => (await import("./commands/folder.ts")).folderRescan,
  },
  {
    name: "folder approve",
    group: "Folders",
    summary: "Lets deletions go on that were held because they were many",
    args: [FOLDER],
    load: async () => (await import("./commands/folder-state.ts")).folderApprove,
  },
  {
    name: "folder reject",
    group: "Folders",
    summary: "Undoes deletions that were held: the files come back",
    args: [FOLDER],
    load: async () => (await import("./commands/folder-state.ts")).folderReject,
  },
  {
    name: "folder revert",
    group: "Folders",
    summary: "Takes the others' state of a receive-only folder; own changes go to the trash",
    args: [FOLDER],
    dryRun: true,
    load: async () => (await import("./commands/folder-state.ts")).folderRevert,
  },
  {
    name: "folder override",
    group: "Folders",
    summary: "Makes the others take this device's state of a send-only folder",
    args: [FOLDER],
    dryRun: true,
    load: async () => (await import("./commands/folder-state.ts")).folderOverride,
  },
  {
    name: "folder repair",
    group: "Folders",
    summary: "Says that the directory is the right one, after its marker was lost",
    args: [FOLDER],
    load: async () => (await import("./commands/folder-state.ts")).folderRepair,
  },
  {
    name: "folder remove",
    group: "Folders",
    summary: "Stops syncing a folder here; its files stay",
    args: [FOLDER],
    options: [{ flags: "--purge", description: "also removes its kept versions and trash" }],
    load: async () => (await import("./commands/folder-state.ts")).folderRemove,
  },
  {
    name: "trash list",
    group: "Folders",
    summary: "Lists deleted files that are still kept",
    args: [["[path]", `a folder, or ${ANYWHERE}`]],
    readOnly: true,
    load: async () => (await import("./commands/trash.ts")).trashList,
  },
  {
    name: "trash restore",
    group: "Folders",
    summary: "Brings back a deleted file, or a directory with what was in it",
    args: [["<path...>", ANYWHERE]],
    options: [{ flags: "--as <path>", description: "under another name in the same folder" }],
    dryRun: true,
    load: async () => (await import("./commands/trash.ts")).trashRestore,
  },
  {
    name: "trash empty",
    group: "Folders",
    summary: "Removes deleted files for good",
    args: [["[folder]", "a folder here, or PEER:FOLDER; without it, all of this node"]],
    options: [{ flags: "--older-than <time>", description: "only what was deleted before: 7d, yesterday, 2026-07-01" }],
    dryRun: true,
    load: async () => (await import("./commands/trash.ts")).trashEmpty,
  },
  {
    name: "conflict list",
    group: "Folders",
    summary: "Lists conflicts that are open",
    args: [["[folder]", "id or label of a folder"]],
    options: [{ flags: "--all", description: "settled ones, too" }],
    readOnly: true,
    load: async () => (await import("./commands/conflict.ts")).conflictList,
  },
  {
    name: "conflict show",
    group: "Folders",
    summary: "Shows both sides of a conflict",
    args: [["<id>", "as `syncline conflict list` shows it"]],
    readOnly: true,
    load: async () => (await import("./commands/conflict.ts")).conflictShow,
  },
  {
    name: "conflict resolve",
    group: "Folders",
    summary: "Settles a conflict; can be undone",
    args: [["<id>", "as `syncline conflict list` shows it"]],
    options: [
      {
        flags: "--keep <side>",
        description: "current: the file as it is; copy: the conflict copy takes its place; both: two files",
        values: ["current", "copy", "both"],
      },
    ],
    load: async () => (await import("./commands/conflict.ts")).conflictResolve,
  },
  {
    name: "conflict undo",
    group: "Folders",
    summary: "Takes back how a conflict was settled",
    args: [["<id>", "as `syncline conflict list --all` shows it"]],
    load: async () => (await import("./commands/conflict.ts")).conflictUndo,
  },
  {
    name: "list",
    aliases: ["ls"],
    group: "Files",
    summary: "Lists files of a folder here or on a paired device; PEER: alone lists its folders",
    args: [["[path]", `${ANYWHERE}; without it, the folders of this node`]],
    options: [
      { flags: "-l, --long", description: "with size, time, owner and hash" },
      { flags: "-R, --recursive", description: "all that lies below, not only the children" },
      { flags: "--deleted", description: "what was deleted, too" },
      { flags: "--since <time>", description: "written at this time or later: 2h, yesterday, 2026-07-01T18:00" },
      { flags: "--until <time>", description: "written before this time" },
      { flags: "--glob <pattern>", description: "of such a name or path, in gitignore syntax: '**/*.pdf'" },
      { flags: "--regex <pattern>", description: "found in the base name: '^inv_\\d{4}'" },
      { flags: "--path-regex <pattern>", description: "found in the whole path, of all that lies below" },
      {
        flags: "--sort <by>",
        description: "size, mtime (each the greatest first) or name",
        values: ["size", "mtime", "name"],
      },
      { flags: "--sha256", description: "reads files whose SHA-256 is not known yet" },
      { flags: "--full-hash", description: "whole hashes, with -l" },
    ],
    readOnly: true,
    load: async () => (await import("./commands/list.ts")).list,
  },
  {
    name: "delete",
    aliases: ["rm"],
    group: "Files",
    summary: "Deletes files of a folder here or on a paired device; they go to the trash",
    args: [["<path...>", ANYWHERE]],
    options: [
      { flags: "-r, --recursive", description: "a directory with all that lies in it" },
      { flags: "--permanent", description: "for good: nothing is kept there, no versions either; for admins" },
    ],
    dryRun: true,
    details: "Its owner or an admin of that device may do it, nobody else.",
    load: async () => (await import("./commands/delete.ts")).remove,
  },
  {
    name: "move",
    aliases: ["mv"],
    group: "Files",
    summary: "Moves files and directories on one device; versions and owner go along",
    args: [["<path...>", `what to move, and last where to: ${ANYWHERE}`]],
    dryRun: true,
    details:
      "Nothing is overwritten. A target that ends in a slash is a directory, made when missing. Into another folder of the device a directory goes file by file, and what does not sync stays; when that broke off, the same command goes on.",
    load: async () => (await import("./commands/move.ts")).move,
  },
  {
    name: "mkdir",
    group: "Files",
    summary: "Makes directories, with what is missing above them",
    args: [["<path...>", ANYWHERE]],
    options: [{ flags: "-p, --parents", description: "what it does anyway" }],
    dryRun: true,
    load: async () => (await import("./commands/mkdir.ts")).mkdir,
  },
  {
    name: "hash",
    group: "Files",
    summary: "Reads files and prints their SHA-256, as sha256sum does",
    args: [["<path...>", "PEER:FOLDER/PATH, self:FOLDER/PATH, or a local file"]],
    readOnly: true,
    load: async () => (await import("./commands/hash.ts")).hash,
  },
  {
    name: "verify",
    group: "Files",
    summary: "Compares two files, or a folder here with the one on another device, both read from the disk",
    args: [["<path...>", "two files, each PEER:FOLDER/PATH or a local one; with --all PEER:FOLDER"]],
    options: [
      { flags: "--all", description: "all files of a folder that is here and there" },
      { flags: "--repair", description: "the side that is no longer what was recorded takes the other's; it is kept" },
    ],
    details: "Exits 7 when they differ. Where neither side is as recorded, --repair asks, or exits 3 off a terminal.",
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "versions",
    group: "Files",
    summary: "Lists the kept versions of a file; 1 is the oldest",
    args: [["<path>", ANYWHERE]],
    readOnly: true,
    load: async () => (await import("./commands/versions.ts")).versions,
  },
  {
    name: "restore",
    group: "Files",
    summary: "Brings back a version of a file, or a directory as it was",
    args: [["<path>", `${ANYWHERE}; @N at its end names a version`]],
    options: [
      { flags: "--at <time>", description: "as it was then: 2h, '2h ago', yesterday, 2026-07-01T18:00" },
      { flags: "--as <path>", description: "under another name in the same folder" },
    ],
    dryRun: true,
    details: "What it replaces is kept as a version, so a restore can be undone by another.",
    load: async () => (await import("./commands/versions.ts")).restore,
  },
  {
    name: "diff",
    group: "Files",
    summary: "Shows what differs between two versions of a text file",
    args: [
      ["<path>", `${ANYWHERE}; @N at its end names a version`],
      ["[other]", "what it is compared with; without it the current version of the same file"],
    ],
    readOnly: true,
    load: async () => (await import("./commands/diff.ts")).diff,
  },
  {
    name: "download",
    aliases: ["get"],
    group: "Files",
    summary: "Brings files and directories of a named folder here",
    args: [["<source...>", "PEER:FOLDER/PATH; a directory is brought whole; @N at the end of a file names a version"]],
    options: [
      { flags: "-o, --output <path>", description: "where to: a name, a directory, or - for standard output" },
      {
        flags: "--on-duplicate <what>",
        description:
          "version (in a folder of this node: the old content is kept there), overwrite, rename, skip, fail or ask (default fail)",
        values: ["version", "overwrite", "rename", "skip", "fail", "ask"],
      },
      { flags: "--no-reuse", description: "takes nothing from this machine: every byte comes from the peer" },
      ...HOW_FLAGS,
    ],
    details:
      "Run again, it goes on where it broke off. A name is given only to a whole and proven file. Version 3 of a.pdf is called a.v3.pdf unless -o names it.",
    load: async () => (await import("./commands/download.ts")).download,
  },
  {
    name: "upload",
    aliases: ["put"],
    group: "Files",
    summary: "Sends files and directories of this machine to a named folder",
    args: [["<source...>", "local files and directories, or - for standard input; the last is PEER:FOLDER/PATH"]],
    options: [
      {
        flags: "--on-duplicate <what>",
        description: "version, overwrite, rename, skip, fail or ask (default version: the old content is kept)",
        values: ["version", "overwrite", "rename", "skip", "fail", "ask"],
      },
      ...HOW_FLAGS,
    ],
    details: "A target that ends in a slash is a directory, made when missing.",
    load: async () => (await import("./commands/upload.ts")).upload,
  },
  {
    name: "transfers list",
    endless: true,
    group: "Live",
    summary: "Lists uploads and downloads, those that run and those that are over",
    options: [
      { flags: "-f, --follow", description: "goes on with what changes" },
      { flags: "--all", description: "what background sync moved, too" },
      { flags: "--limit <n>", description: "at most so many, the latest (default 100)" },
    ],
    readOnly: true,
    load: async () => (await import("./commands/transfers.ts")).transfersList,
  },
  {
    name: "transfers pause",
    group: "Live",
    summary: "Pauses a transfer; what has come stays",
    args: [TRANSFER],
    load: async () => (await import("./commands/transfers.ts")).transfersPause,
  },
  {
    name: "transfers resume",
    group: "Live",
    summary: "Goes on with a paused transfer",
    args: [TRANSFER],
    load: async () => (await import("./commands/transfers.ts")).transfersResume,
  },
  {
    name: "transfers cancel",
    group: "Live",
    summary: "Ends a transfer; what has come is kept, so that `transfers retry` goes on there",
    args: [TRANSFER],
    load: async () => (await import("./commands/transfers.ts")).transfersCancel,
  },
  {
    name: "transfers retry",
    group: "Live",
    summary: "Runs a transfer again that is over; it goes on where it broke off",
    args: [TRANSFER],
    takesUser: true,
    load: async () => (await import("./commands/transfers.ts")).transfersRetry,
  },
  {
    name: "stats",
    endless: true,
    group: "Live",
    summary: "Sums what was transferred, and what was saved",
    options: [
      { flags: "--since <time>", description: "at work at this time or later: 2h, yesterday, 2026-07-01" },
      { flags: "--until <time>", description: "begun before this time" },
      { flags: "--peer <peer>", description: "with this device" },
      { flags: "--folder <folder>", description: "of this folder" },
      { flags: "--direction <way>", description: "in or out", values: ["in", "out"] },
      { flags: "--kind <kind>", description: "upload, download or sync", values: ["upload", "download", "sync"] },
      { flags: "--limit <n>", description: "list at most so many, the latest (default 1000); the sums are of all" },
      { flags: "--csv", description: "as comma-separated values" },
      { flags: "-f, --follow", description: "goes on with what changes" },
    ],
    readOnly: true,
    load: async () => (await import("./commands/stats.ts")).stats,
  },
  {
    name: "notices",
    endless: true,
    group: "Live",
    summary: "Lists who downloaded your files by hand; what is shown counts as read",
    args: [["[peer]", "DEVICE: with a colon, for those of the user that you are there (--user)"]],
    options: [
      { flags: "-f, --follow", description: "goes on with what comes" },
      { flags: "--unread", description: "only those not seen yet" },
      { flags: "--limit <n>", description: "at most so many, the latest (default 100)" },
    ],
    readOnly: true,
    load: async () => (await import("./commands/notices.ts")).notices,
  },
  {
    name: "watch",
    endless: true,
    group: "Live",
    summary: "Shows state and events as they come, until Ctrl-C",
    readOnly: true,
    load: async () => (await import("./commands/watch.ts")).watch,
  },
  {
    name: "events",
    endless: true,
    group: "Live",
    summary: "Lists what happened",
    options: [
      { flags: "-f, --follow", description: "goes on with what happens" },
      { flags: "--since <id|time>", description: "after this event, or this time" },
      { flags: "--limit <n>", description: "at most so many, the latest (default 100)" },
      { flags: "--folder <folder>", description: "of this folder" },
      { flags: "--type <type>", description: "of this type, or of all that begin with it: file, peer.paired" },
    ],
    readOnly: true,
    load: async () => (await import("./commands/events.ts")).events,
  },
  {
    name: "logs",
    endless: true,
    group: "Live",
    summary: "Lists the daemon's log",
    options: [
      { flags: "-f, --follow", description: "goes on with what is logged" },
      { flags: "--lines <n>", description: "at most so many, the latest (default 100)" },
      { flags: "--level <level>", description: "at least this: debug, info, warn, error", values: LOG_LEVELS },
    ],
    readOnly: true,
    load: async () => (await import("./commands/logs.ts")).logs,
  },
  {
    name: "why",
    group: "Live",
    summary: "Says why a path is not in sync, and what to do",
    args: [["<path>", TARGET]],
    readOnly: true,
    load: async () => (await import("./commands/why.ts")).why,
  },
  {
    name: "wait",
    group: "Live",
    summary: "Waits until every change made so far is everywhere",
    options: [
      { flags: "--folder <folder...>", description: "only this folder; may be given again" },
      { flags: "--peer <peer...>", description: "this device must be there, too; may be given again" },
      { flags: "--peer-grace <time>", description: "how long a device may take to come up (default 5s)" },
    ],
    readOnly: true,
    details: "Gives up after --timeout (default 60s).",
    load: async () => (await import("./commands/wait.ts")).wait,
  },
  {
    name: "user add",
    group: "Administration",
    summary: "Makes a user, who may sign in to the dashboard and from paired devices",
    args: [USER],
    options: [ROLE_FLAG],
    details: "The password is asked for, or read from the first line of standard input.",
    load: async () => (await import("./commands/user.ts")).userAdd,
  },
  {
    name: "user list",
    group: "Administration",
    summary: "Lists users",
    readOnly: true,
    load: async () => (await import("./commands/user.ts")).userList,
  },
  {
    name: "user role",
    group: "Administration",
    summary: "Sets what a user may do; ends his sessions",
    args: [USER, ["<role>", "user or admin", ROLES]],
    load: async () => (await import("./commands/user.ts")).userRole,
  },
  {
    name: "user password",
    group: "Administration",
    summary: "Sets a user's password; ends his sessions",
    args: [["<name>", "name of a user; DEVICE: with a colon, for your own on a paired device (--user)"]],
    details:
      "The password is asked for, or read from the first line of standard input. On a paired device the old one comes first, on a line of its own, and the login that asks stays.",
    load: async () => (await import("./commands/user.ts")).userPassword,
  },
  {
    name: "user sessions",
    group: "Administration",
    summary: "Lists who is signed in, and from where",
    args: [["[name]", "only this user; DEVICE: or DEVICE:NAME on a paired device (--user)"]],
    readOnly: true,
    load: async () => (await import("./commands/user.ts")).userSessions,
  },
  {
    name: "user revoke",
    group: "Administration",
    summary: "Ends sessions of a user at once",
    args: [
      [
        "<name>",
        "name of a user; @link: whoever came by a link of `syncline open`; DEVICE:NAME on a paired device (--user)",
      ],
      ["[session]", "its id in `syncline user sessions`; without it, all"],
    ],
    load: async () => (await import("./commands/user.ts")).userRevoke,
  },
  {
    name: "user remove",
    group: "Administration",
    summary: "Removes a user; ends his sessions",
    args: [USER],
    load: async () => (await import("./commands/user.ts")).userRemove,
  },
  {
    name: "login",
    group: "Administration",
    summary: "Signs in on a paired device as one of its users, for --user",
    args: [PEER],
    takesUser: true,
    details: "The password is asked for, or read from the first line of standard input.",
    load: async () => (await import("./commands/login.ts")).login,
  },
  {
    name: "logout",
    group: "Administration",
    summary: "Signs out of a paired device; without --user, everybody who is signed in from here",
    args: [PEER],
    takesUser: true,
    load: async () => (await import("./commands/login.ts")).logout,
  },
  {
    name: "config path",
    group: "Administration",
    summary: "Prints where config.json is",
    readOnly: true,
    load: async () => (await import("./commands/config.ts")).configPath,
  },
  {
    name: "config get",
    group: "Administration",
    summary: "Shows settings",
    args: [["[key]", "a setting", SETTING_KEYS]],
    readOnly: true,
    load: async () => (await import("./commands/config.ts")).configGet,
  },
  {
    name: "config set",
    group: "Administration",
    summary: "Changes a setting; a running daemon follows at once",
    args: [
      ["<key>", "a setting", SETTING_KEYS],
      ["<value>", "its value; null takes the default again"],
    ],
    load: async () => (await import("./commands/config.ts")).configSet,
  },
  {
    name: "config validate",
    group: "Administration",
    summary: "Checks config.json, or another file, and names each faulty line",
    args: [["[file]", "the file; without it the node's own"]],
    readOnly: true,
    load: async () => (await import("./commands/config.ts")).configValidate,
  },
  {
    name: "backup create",
    group: "Administration",
    summary: "Keeps what makes this node itself in one file: key, settings, peers and users, closed with a passphrase",
    args: [["<file>", "a new file"]],
    details: "The passphrase is asked for, or is the first line of standard input. What lies in folders is not in it.",
    load: async () => (await import("./commands/backup.ts")).backupCreate,
  },
  {
    name: "backup restore",
    group: "Administration",
    summary: "Makes a home from a backup; refuses one that is not empty",
    args: [["<file>", "made by `syncline backup create`"]],
    dryRun: true,
    details:
      "The passphrase is asked for, or is the first line of standard input. Never let two nodes run with the same key.",
    load: async () => (await import("./commands/backup.ts")).backupRestore,
  },
  {
    name: "support-bundle",
    group: "Administration",
    summary: "Packs logs, status, doctor and settings into one file to show to others, without keys, codes and tokens",
    options: [{ flags: "-o, --output <file>", description: "where to; without it syncline-support-DATE.tar.gz here" }],
    details: "Names of files and devices stay in it: look before you send it. Works without a daemon, too.",
    load: async () => (await import("./commands/support-bundle.ts")).supportBundle,
  },
  {
    name: "service install",
    group: "Administration",
    summary: "Has this machine start the daemon by itself, and again when it fails",
    dryRun: true,
    details:
      "A systemd user unit, a launchd agent, or a scheduled task of Windows. A daemon in the background gives way to it.",
    load: async () => (await import("./commands/service.ts")).serviceInstall,
  },
  {
    name: "service uninstall",
    group: "Administration",
    summary: "Stops and removes the service; folders and settings stay",
    dryRun: true,
    load: async () => (await import("./commands/service.ts")).serviceUninstall,
  },
  {
    name: "service status",
    group: "Administration",
    summary: "Says whether the service is installed, and runs",
    readOnly: true,
    load: async () => (await import("./commands/service.ts")).serviceStatus,
  },
  {
    name: "completion",
    group: "Administration",
    summary: "Prints what makes a shell complete commands, names and remote paths",
    args: [["<shell>", "bash, zsh or fish", ["bash", "zsh", "fish"]]],
    readOnly: true,
    details:
      "Put it where the shell reads it at its start: `source <(syncline completion bash)` in ~/.bashrc; `source <(syncline completion zsh)` behind compinit in ~/.zshrc; `syncline completion fish > ~/.config/fish/completions/syncline.fish`.",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  {
    name: "version",
    group: "Administration",
    summary: "Prints the versions of the program, and of the daemon when it runs",
    readOnly: true,
    load: async () => (await import("./commands/version.ts")).version,
  },
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
