/** Commands about the node itself: its start, its peers, its users and its settings. */
import { SETTING_KEYS, settingRow } from "../../shared/config-settings.ts";
import type { CommandOption, CommandRow } from "./command-row.ts";

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
const ROLES = ["user", "admin"];
const PEER: readonly [string, string] = ["<peer>", "name or id of a paired device"];
const USER: readonly [string, string] = ["<name>", "name of a user"];
const ROLE_FLAG: CommandOption = {
  flags: "--role <role>",
  description: "user or admin (default user)",
  values: ROLES,
};

export const START_COMMANDS: readonly CommandRow[] = [
  {
    name: "up",
    group: "Start",
    summary: "Shares a directory, and starts the daemon when it is not running",
    args: [["[dir]", "directory to share; without it, what is configured starts"]],
    options: START_FLAGS,
    details: "Changes nothing when all of it is so already.",
    load: async () => (await import("../commands/up.ts")).up,
  },
  {
    name: "down",
    group: "Start",
    summary: "Stops the daemon; returns when it is gone",
    load: async () => (await import("../commands/down.ts")).down,
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
    load: async () => (await import("../commands/join.ts")).join,
  },
  {
    name: "open",
    group: "Start",
    summary: "Opens the dashboard in a browser, signed in",
    options: [{ flags: "--print", description: "prints a link that signs in once, within ten minutes" }],
    details:
      "The browser is sent to a file that only you can read, and from there by a link that works once, within a minute.",
    load: async () => (await import("../commands/open.ts")).open,
  },
  {
    name: "status",
    group: "Start",
    summary: "Says whether everything is in sync, and if not, what and why",
    readOnly: true,
    load: async () => (await import("../commands/status.ts")).status,
  },
  {
    name: "doctor",
    group: "Start",
    summary: "Examines this machine and its connections; exits 3 when something fails",
    readOnly: true,
    load: async () => (await import("../commands/doctor.ts")).doctor,
  },
  {
    name: "demo",
    group: "Start",
    summary: "Shows two nodes on this machine keeping a folder in step, and removes them",
    options: [{ flags: "--large <mb>", description: "size of the large file in megabytes (default 200)" }],
    readOnly: true,
    details: "Nothing of yours is touched: both nodes live in temporary directories, with a free port each.",
    load: async () => (await import("../commands/demo.ts")).demo,
  },
];

export const PEER_COMMANDS: readonly CommandRow[] = [
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
    load: async () => (await import("../commands/peer-invite.ts")).peerInvite,
  },
  {
    name: "peer list",
    group: "Peers",
    summary: "Lists paired devices",
    readOnly: true,
    load: async () => (await import("../commands/peer.ts")).peerList,
  },
  {
    name: "peer show",
    group: "Peers",
    summary: "Shows one paired device",
    args: [PEER],
    readOnly: true,
    load: async () => (await import("../commands/peer.ts")).peerShow,
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
    load: async () => (await import("../commands/peer.ts")).peerAdd,
  },
  {
    name: "peer rename",
    group: "Peers",
    summary: "Calls a device something else here",
    args: [PEER, ["<name>", "the new name"]],
    load: async () => (await import("../commands/peer.ts")).peerRename,
  },
  {
    name: "peer role",
    group: "Peers",
    summary: "Sets what a device may do here",
    args: [PEER, ["<role>", "user or admin", ROLES]],
    load: async () => (await import("../commands/peer.ts")).peerRole,
  },
  {
    name: "peer pause",
    group: "Peers",
    summary: "Stops talking to a device until it is resumed",
    args: [PEER],
    load: async () => (await import("../commands/peer.ts")).peerPause,
  },
  {
    name: "peer resume",
    group: "Peers",
    summary: "Talks to a paused device again",
    args: [PEER],
    load: async () => (await import("../commands/peer.ts")).peerResume,
  },
  {
    name: "peer remove",
    group: "Peers",
    summary: "Stops trusting a device, at once; files stay on both",
    args: [PEER],
    load: async () => (await import("../commands/peer.ts")).peerRemove,
  },
  {
    name: "peer ping",
    group: "Peers",
    summary: "Measures the way to a device",
    args: [PEER],
    options: [{ flags: "--count <n>", description: "how many times (default 3)" }],
    readOnly: true,
    load: async () => (await import("../commands/peer-ping.ts")).peerPing,
  },
];

export const ADMINISTRATION_COMMANDS: readonly CommandRow[] = [
  {
    name: "user add",
    group: "Administration",
    summary: "Makes a user, who may sign in to the dashboard and from paired devices",
    args: [USER],
    options: [ROLE_FLAG],
    details: "The password is asked for, or read from the first line of standard input.",
    load: async () => (await import("../commands/user.ts")).userAdd,
  },
  {
    name: "user list",
    group: "Administration",
    summary: "Lists users",
    readOnly: true,
    load: async () => (await import("../commands/user.ts")).userList,
  },
  {
    name: "user role",
    group: "Administration",
    summary: "Sets what a user may do; ends his sessions",
    args: [USER, ["<role>", "user or admin", ROLES]],
    load: async () => (await import("../commands/user.ts")).userRole,
  },
  {
    name: "user password",
    group: "Administration",
    summary: "Sets a user's password; ends his sessions",
    args: [["<name>", "name of a user; DEVICE: with a colon, for your own on a paired device (--user)"]],
    details:
      "The password is asked for, or read from the first line of standard input. On a paired device the old one comes first, on a line of its own, and the login that asks stays.",
    load: async () => (await import("../commands/user.ts")).userPassword,
  },
  {
    name: "user sessions",
    group: "Administration",
    summary: "Lists who is signed in, and from where",
    args: [["[name]", "only this user; DEVICE: or DEVICE:NAME on a paired device (--user)"]],
    readOnly: true,
    load: async () => (await import("../commands/user.ts")).userSessions,
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
    load: async () => (await import("../commands/user.ts")).userRevoke,
  },
  {
    name: "user remove",
    group: "Administration",
    summary: "Removes a user; ends his sessions",
    args: [USER],
    load: async () => (await import("../commands/user.ts")).userRemove,
  },
  {
    name: "login",
    group: "Administration",
    summary: "Signs in on a paired device as one of its users, for --user",
    args: [PEER],
    takesUser: true,
    details: "The password is asked for, or read from the first line of standard input.",
    load: async () => (await import("../commands/login.ts")).login,
  },
  {
    name: "logout",
    group: "Administration",
    summary: "Signs out of a paired device; without --user, everybody who is signed in from here",
    args: [PEER],
    takesUser: true,
    load: async () => (await import("../commands/login.ts")).logout,
  },
  {
    name: "config path",
    group: "Administration",
    summary: "Prints where config.json is",
    readOnly: true,
    load: async () => (await import("../commands/config.ts")).configPath,
  },
  {
    name: "config get",
    group: "Administration",
    summary: "Shows settings",
    args: [["[key]", "a setting", SETTING_KEYS]],
    readOnly: true,
    load: async () => (await import("../commands/config.ts")).configGet,
  },
  {
    name: "config set",
    group: "Administration",
    summary: "Changes a setting; a running daemon follows at once",
    args: [
      ["<key>", "a setting", SETTING_KEYS],
      ["<value>", "its value; null takes the default again"],
    ],
    load: async () => (await import("../commands/config.ts")).configSet,
  },
  {
    name: "config validate",
    group: "Administration",
    summary: "Checks config.json, or another file, and names each faulty line",
    args: [["[file]", "the file; without it the node's own"]],
    readOnly: true,
    load: async () => (await import("../commands/config.ts")).configValidate,
  },
  {
    name: "backup create",
    group: "Administration",
    summary: "Keeps what makes this node itself in one file: key, settings, peers and users, closed with a passphrase",
    args: [["<file>", "a new file"]],
    details: "The passphrase is asked for, or is the first line of standard input. What lies in folders is not in it.",
    load: async () => (await import("../commands/backup.ts")).backupCreate,
  },
  {
    name: "backup restore",
    group: "Administration",
    summary: "Makes a home from a backup; refuses one that is not empty",
    args: [["<file>", "made by `syncline backup create`"]],
    dryRun: true,
    details:
      "The passphrase is asked for, or is the first line of standard input. Never let two nodes run with the same key.",
    load: async () => (await import("../commands/backup.ts")).backupRestore,
  },
  {
    name: "support-bundle",
    group: "Administration",
    summary: "Packs logs, status, doctor and settings into one file to show to others, without keys, codes and tokens",
    options: [{ flags: "-o, --output <file>", description: "where to; without it syncline-support-DATE.tar.gz here" }],
    details: "Names of files and devices stay in it: look before you send it. Works without a daemon, too.",
    load: async () => (await import("../commands/support-bundle.ts")).supportBundle,
  },
  {
    name: "service install",
    group: "Administration",
    summary: "Has this machine start the daemon by itself, and again when it fails",
    dryRun: true,
    details:
      "A systemd user unit, a launchd agent, or a scheduled task of Windows. A daemon in the background gives way to it.",
    load: async () => (await import("../commands/service.ts")).serviceInstall,
  },
  {
    name: "service uninstall",
    group: "Administration",
    summary: "Stops and removes the service; folders and settings stay",
    dryRun: true,
    load: async () => (await import("../commands/service.ts")).serviceUninstall,
  },
  {
    name: "service status",
    group: "Administration",
    summary: "Says whether the service is installed, and runs",
    readOnly: true,
    load: async () => (await import("../commands/service.ts")).serviceStatus,
  },
  {
    name: "completion",
    group: "Administration",
    summary: "Prints what makes a shell complete commands, names and remote paths",
    args: [["<shell>", "bash, zsh or fish", ["bash", "zsh", "fish"]]],
    readOnly: true,
    details:
      "Put it where the shell reads it at its start: `source <(syncline completion bash)` in ~/.bashrc; `source <(syncline completion zsh)` behind compinit in ~/.zshrc; `syncline completion fish > ~/.config/fish/completions/syncline.fish`.",
    load: async () => (await import("../commands/completion.ts")).completion,
  },
  {
    name: "version",
    group: "Administration",
    summary: "Prints the versions of the program, and of the daemon when it runs",
    readOnly: true,
    load: async () => (await import("../commands/version.ts")).version,
  },
];
