/**
 * Every failure a user can meet, with its exit code and the next step.
 *
 * `docs/errors.md` is checked against this table by a test.
 */
export const EXIT = {
  done: 0,
  other: 1,
  usage: 2,
  partial: 3,
  notFound: 4,
  notAllowed: 5,
  offline: 6,
  hashDiffers: 7,
  duplicate: 8,
  notRunning: 9,
  badCode: 10,
  diskFull: 11,
  interrupted: 130,
} as const;

interface ErrorRow {
  readonly exit: number;
  /** The next step when the place that throws has no better one. */
  readonly hint: string;
}

export const ERRORS = {
  E_INTERNAL: { exit: EXIT.other, hint: "run `syncline logs` and report what it shows" },
  E_USAGE: { exit: EXIT.usage, hint: "see `syncline --help`" },
  E_BAD_CONFIG: { exit: EXIT.usage, hint: "correct config.json, then run `syncline config validate`" },
  E_BAD_PATH: { exit: EXIT.usage, hint: "name a path inside the folder" },
  E_NODE_TOO_OLD: { exit: EXIT.other, hint: "run `npm ci` in the checkout, or install Node 26.3.1 or newer" },
  E_NOT_INSTALLED: { exit: EXIT.other, hint: "run `npm ci` in the checkout" },
  E_NOT_RUNNING: { exit: EXIT.notRunning, hint: "start it with `syncline up`" },
  E_ALREADY_RUNNING: { exit: EXIT.other, hint: "stop the other daemon with `syncline down`, or use another --home" },
  E_START_FAILED: { exit: EXIT.other, hint: "run `syncline up --foreground` to see why" },
  E_NO_SERVICE_MANAGER: {
    exit: EXIT.other,
    hint: "have whatever starts programs here run `syncline up`, such as ~/.profile or cron's @reboot",
  },
  E_SERVICE_FAILED: { exit: EXIT.other, hint: "see `syncline service install -n` for what would be done by hand" },
  E_HOME_UNSAFE: { exit: EXIT.other, hint: "make it yours alone: chmod 700" },
  E_HOME_EMPTY: { exit: EXIT.notFound, hint: "start the node once with `syncline up`, or name another --home" },
  E_HOME_NOT_EMPTY: {
    exit: EXIT.duplicate,
    hint: "restore into a new directory with --home DIR, or move what is there away first",
  },
  E_BACKUP_BROKEN: { exit: EXIT.other, hint: "take another backup, or update Syncline" },
  E_WRONG_PASSPHRASE: { exit: EXIT.notAllowed, hint: "type the passphrase that the backup was made with" },
  E_KEY_UNSAFE: { exit: EXIT.other, hint: "make it readable by you alone: chmod 600" },
  E_IDENTITY_BROKEN: {
    exit: EXIT.other,
    hint: "put cert.pem and key.pem back from a backup, or remove both: the device then gets a new id and pairs anew",
  },
  E_PORT_TAKEN: { exit: EXIT.other, hint: "choose another port with --listen HOST:PORT" },
  E_PERMISSION: { exit: EXIT.other, hint: "give the user that runs Syncline read and write permission" },
  E_FOLDER_NOT_FOUND: { exit: EXIT.notFound, hint: "see `syncline folder list`" },
  E_PEER_NOT_FOUND: { exit: EXIT.notFound, hint: "see `syncline peer list`" },
  E_PATH_NOT_FOUND: { exit: EXIT.notFound, hint: "check the spelling; deleted files are in `syncline trash list`" },
  E_TRANSFER_OVER: { exit: EXIT.duplicate, hint: "see `syncline transfers list`" },
  E_NO_TRANSPORT: { exit: EXIT.offline, hint: "leave --transport out" },
  E_TRANSFER_NOT_FOUND: { exit: EXIT.notFound, hint: "see `syncline transfers list`" },
  E_BATCH_NOT_FOUND: { exit: EXIT.notFound, hint: "start the upload again" },
  E_UPLOAD_OFFSET: { exit: EXIT.duplicate, hint: "ask how much is here, and go on from there" },
  E_VERSION_NOT_FOUND: { exit: EXIT.notFound, hint: "see `syncline versions PATH`" },
  E_CONFLICT_NOT_FOUND: { exit: EXIT.notFound, hint: "see `syncline conflict list`" },
  E_CONFLICT_SETTLED: {
    exit: EXIT.duplicate,
    hint: "see `syncline conflict list --all`; what it displaced is in `syncline versions PATH`",
  },
  E_KEY_NOT_FOUND: { exit: EXIT.notFound, hint: "see `syncline config get`" },
  E_NOT_ALLOWED: { exit: EXIT.notAllowed, hint: "ask an admin of that device for the right" },
  E_USER_NOT_FOUND: { exit: EXIT.notFound, hint: "see `syncline user list`" },
  E_SESSION_NOT_FOUND: { exit: EXIT.notFound, hint: "see `syncline user sessions`" },
  E_LAST_ADMIN: {
    exit: EXIT.notAllowed,
    hint: "make another one first: syncline user add NAME --role admin, or syncline user role NAME admin",
  },
  E_PASSWORD_WEAK: { exit: EXIT.usage, hint: "choose a longer one: a few words are easy to keep in mind" },
  E_NOT_SIGNED_IN: { exit: EXIT.notAllowed, hint: "sign in with `syncline open`" },
  E_SIGN_IN_FAILED: {
    exit: EXIT.notAllowed,
    hint: "check name and password; on its own machine, `syncline open` needs none",
  },
  E_TOO_MANY_TRIES: { exit: EXIT.notAllowed, hint: "wait a moment, then try again" },
  E_LINK_USED: { exit: EXIT.badCode, hint: "make a new link with `syncline open`" },
  E_DASHBOARD_OPEN: {
    exit: EXIT.notAllowed,
    hint: "make one: syncline user add NAME --role admin; or reach it on loopback through `ssh -L 4778:127.0.0.1:4778`",
  },
  E_DASHBOARD_OFF: { exit: EXIT.notFound, hint: "switch it on: syncline config set dashboard=127.0.0.1:4778" },
  E_PEER_OFFLINE: { exit: EXIT.offline, hint: "start Syncline there, or check the network with `syncline peer ping`" },
  E_PEER_NOT_DISCOVERED: {
    exit: EXIT.offline,
    hint: "same network? else name it: syncline join CODE --at HOST:PORT (port 4777 must be open)",
  },
  E_TIMEOUT: { exit: EXIT.offline, hint: "see `syncline status`, or wait longer with --timeout" },
  E_FOLDER_OVERLAP: {
    exit: EXIT.duplicate,
    hint: "choose a directory that is not inside or around another folder or the home of Syncline",
  },
  E_FOLDER_EXISTS: { exit: EXIT.duplicate, hint: "see `syncline folder list`" },
  E_FOLDER_IN_USE: {
    exit: EXIT.duplicate,
    hint: "another Syncline node syncs this directory: choose another one, or `syncline folder remove` it there",
  },
  E_NAME_TAKEN: { exit: EXIT.duplicate, hint: "choose another name" },
  E_EXISTS: { exit: EXIT.duplicate, hint: "choose another name, or remove what is there" },
  E_DIR_TOO_BROAD: { exit: EXIT.usage, hint: "choose a directory below it, or pass --force" },
  E_DIR_NOT_FOUND: { exit: EXIT.notFound, hint: "create the directory first, or check the spelling" },
  E_NOT_A_DIRECTORY: { exit: EXIT.usage, hint: "name a directory" },
  E_CODE_WRONG: {
    exit: EXIT.badCode,
    hint: "check the code; after three wrong tries make a new one with `syncline peer invite`",
  },
  E_CODE_EXPIRED: { exit: EXIT.badCode, hint: "make a new one with `syncline peer invite`" },
  E_CODE_USED: { exit: EXIT.badCode, hint: "make a new one with `syncline peer invite`" },
  E_CHANNEL_CROWDED: { exit: EXIT.badCode, hint: "name the machine: syncline join CODE --at HOST:PORT" },
  E_PAIRING_CLOSED: { exit: EXIT.badCode, hint: "run `syncline peer invite` again on the other machine" },
  E_REGEX_SLOW: { exit: EXIT.usage, hint: "write it without nested repetitions such as (a+)+, or use --glob" },
  E_HASH_DIFFERS: { exit: EXIT.hashDiffers, hint: "see which side is right: `syncline versions PATH`" },
  E_DISK_FULL: { exit: EXIT.diskFull, hint: "free some space; syncing goes on by itself" },
  E_PARTIAL: { exit: EXIT.partial, hint: "see the problems listed above" },
  E_DOCTOR: { exit: EXIT.partial, hint: "follow the fix lines above" },
  E_PROTOCOL: { exit: EXIT.other, hint: "update Syncline on both devices" },
  E_INCOMPATIBLE: { exit: EXIT.other, hint: "update Syncline on both devices" },
  E_CHANGING: { exit: EXIT.partial, hint: "it is read again when it stops changing" },
  E_MANY_DELETES: { exit: EXIT.partial, hint: "look, then `syncline folder approve` or `syncline folder reject`" },
  E_MARKER_MISSING: { exit: EXIT.partial, hint: "is the disk mounted? else run `syncline folder repair`" },
  E_MARKER_WRONG: {
    exit: EXIT.partial,
    hint: "another folder is there; put the right one back or run `syncline folder repair`",
  },
  E_ROOT_UNREADABLE: { exit: EXIT.partial, hint: "is the disk mounted and readable?" },
  E_UNREADABLE: { exit: EXIT.partial, hint: "give Syncline permission to read it" },
  E_WRITE_FAILED: { exit: EXIT.partial, hint: "it is tried again by itself; see `syncline logs`" },
  E_OTHER_FILESYSTEM: { exit: EXIT.partial, hint: "add the mounted directory as a folder of its own" },
  E_SPECIAL_FILE: { exit: EXIT.partial, hint: "sockets, pipes and devices do not sync; ignore it to silence this" },
  E_NAME_NOT_UTF8: { exit: EXIT.partial, hint: "rename it to valid UTF-8" },
  E_NAME_UNHOLDABLE: { exit: EXIT.partial, hint: "rename it on the other device" },
  E_NAME_TWIN: { exit: EXIT.partial, hint: "rename one of the two on another device" },
  E_DIR_NOT_EMPTY: { exit: EXIT.partial, hint: "it still holds ignored files; remove them to let the directory go" },
  E_NO_SOURCE: { exit: EXIT.partial, hint: "connect a device that has it" },
  E_BAD_DATA: { exit: EXIT.partial, hint: "it is fetched again, from another device when there is one" },
  E_PAUSED: { exit: EXIT.partial, hint: "resume with `syncline folder resume` or `syncline peer resume`" },
  E_RECEIVE_ONLY: {
    exit: EXIT.partial,
    hint: "this folder only receives; `syncline folder revert` takes the others' state",
  },
  E_SEND_ONLY: {
    exit: EXIT.partial,
    hint: "this folder only sends; `syncline folder override` makes the others follow",
  },
  E_NOT_SYNCED_YET: { exit: EXIT.partial, hint: "wait, or see `syncline status`" },
  E_IGNORED: { exit: EXIT.done, hint: "see the patterns by `syncline folder ignore`, or in .synclineignore" },
  E_WATCH_LIMIT: {
    exit: EXIT.partial,
    hint: "raise it: sysctl fs.inotify.max_user_watches=524288; until then changes are found by scanning",
  },
  E_INDEX_NEWER: { exit: EXIT.other, hint: "update Syncline: this index was written by a newer one" },
  E_INDEX_BROKEN: { exit: EXIT.other, hint: "move index.db away; it is rebuilt from the folders at the next start" },
  E_INTERRUPTED: { exit: EXIT.interrupted, hint: "run the same command again" },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface SyncErrorOptions {
  /** Overrides the table's next step. */
  readonly hint?: string;
  readonly cause?: unknown;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** An expected failure: carries its code, facts and the next step; its message names the thing. */
export class SyncError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: SyncErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SyncError";
    this.code = code;
    this.hint = options.hint ?? ERRORS[code].hint;
    this.facts = options.facts ?? {};
  }

  get exit(): number {
    return ERRORS[this.code].exit;
  }
}

/** Stops the part that owns a bug. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}
