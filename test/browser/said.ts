/** What every page of the dashboard says in each of its states: the words, and what only admins are offered. */

export interface Said {
  /** While it waits for the daemon; nothing where it asks nothing. */
  readonly loading: readonly string[];
  /** On a node that has no folder, no peer and no user; nothing where there always is something. */
  readonly empty: readonly string[];
  /** On a node where there is something of everything. */
  readonly filled: readonly string[];
  /** It shows what the node tells by itself, and asks nothing of its own. */
  readonly isTold?: true;
  readonly isForAdmins?: true;
  /** Buttons that nobody else is offered. */
  readonly admins?: readonly string[];
}

export const NO_RIGHT = "Only an admin may see this";

/** In an address: the folder, and the other machine. */
export const FOLDER = "FOLDER";
export const PEER = "PEER";

/** By address. Each page of the menu is here, or a test fails. */
export const SAID: Readonly<Record<string, Said>> = {
  home: {
    loading: ["Asking how things are…"],
    empty: ["No folder yet", "No other machine is paired", "nothing yet"],
    filled: ["changed on two machines at once", "anna-files", "bert", "Under way", "Traffic"],
    isTold: true,
    admins: ["Add or change"],
  },
  files: {
    loading: ["Asking for the folders…"],
    empty: ["No folder is shared with you here"],
    filled: ["anna-files"],
  },
  [`files/here/${FOLDER}`]: {
    loading: ["Reading the directory…"],
    empty: [],
    filled: ["hello.txt", "deep", "entries"],
  },
  [`files/here/${FOLDER}/void`]: {
    loading: ["Reading the directory…"],
    empty: [],
    filled: ["Nothing here"],
  },
  [`files/${PEER}`]: {
    loading: ["Asking for the folders…"],
    empty: [],
    filled: ["anna-files"],
  },
  [`files/${PEER}/${FOLDER}/deep`]: {
    loading: ["Reading the directory…"],
    empty: [],
    filled: ["inside.txt", "1 entry"],
  },
  folders: {
    loading: ["Asking for the folders…"],
    empty: ["No folder yet"],
    filled: ["anna-files", "Shared with 1 machine."],
    isTold: true,
    admins: ["Add a folder"],
  },
  [`folders/${FOLDER}`]: {
    loading: ["Asking for the folder…"],
    empty: [],
    filled: ["Shared with", "Why is a file not in sync?"],
    admins: ["Pause", "Leave out", "Stop syncing this folder"],
  },
  transfers: {
    loading: ["Asking for the transfers…", "Asking for those that are over…"],
    empty: ["Nothing is uploaded or downloaded right now", "Nothing was uploaded or downloaded yet"],
    filled: ["slow.bin", "running", "hello.txt", "done"],
    admins: ["Cancel"],
  },
  peers: {
    loading: ["Asking for the peers…"],
    empty: ["No other machine is paired"],
    filled: ["bert", "Three words", "reads and writes"],
    admins: ["Pair a machine", "Join with a code", "Rename bert", "Pause", "Remove"],
  },
  conflicts: {
    loading: ["Looking for conflicts…"],
    empty: ["No conflict"],
    filled: ["both.txt", "Changed on anna", "Changed on bert"],
    admins: ["Keep both"],
  },
  history: {
    loading: ["Looking into the trash…"],
    empty: ["Nothing was deleted"],
    filled: ["gone.txt", "Bring back"],
    admins: ["Empty the trash"],
  },
  "history/versions": {
    loading: [],
    empty: ["Name a file to see its versions"],
    filled: ["Name a file to see its versions"],
  },
  [`history/versions?folder=${FOLDER}&path=hello.txt`]: {
    loading: ["Looking for versions…"],
    empty: [],
    filled: ["now", "Restore"],
  },
  "history/moment": {
    loading: [],
    empty: ["A folder, or a directory in it, as it was."],
    filled: ["A folder, or a directory in it, as it was."],
  },
  statistics: {
    loading: ["Adding up…"],
    empty: ["Nothing moved in this time"],
    filled: ["Bandwidth saved", "With each device", "Save as CSV"],
  },
  activity: {
    loading: ["Reading what happened…"],
    empty: [],
    filled: ["both.txt"],
    isForAdmins: true,
  },
  logs: {
    loading: ["Reading the log…"],
    empty: [],
    filled: ["INFO"],
    isForAdmins: true,
  },
  doctor: {
    loading: ["Examining this machine and its connections…"],
    empty: [],
    filled: ["OK"],
    isForAdmins: true,
  },
  users: {
    loading: ["Asking for the users…", "Asking who is signed in…"],
    empty: ["Nobody has an account yet"],
    filled: ["root", "bob", "By a link"],
    isForAdmins: true,
  },
  settings: {
    loading: ["Reading the configuration…"],
    empty: [],
    filled: ["Name of this device", "This node"],
    isForAdmins: true,
  },
};
