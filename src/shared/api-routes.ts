/**
 * Every route of the node's interface, as data: what the command line, the
 * control server and later the dashboard agree on. Schemas are in api.ts,
 * apart from this table, so that the command line starts without loading them.
 */

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/api/v1`. A part in braces is taken from the input of that name. */
  readonly path: string;
  /** "json": one document. "ndjson": one document a line, an error as the last line. "bytes": a file. */
  readonly kind: "json" | "ndjson" | "bytes";
  readonly summary: string;
  /** Whether paired devices may call it, each within its rights; everything else is for this node's own people. */
  readonly peers?: true;
}

export const API_PREFIX = "/api/v1";
/** Before a route's path, with a device's name or id behind it: the route as that device answers it. `/api/v1/at/desk/list`. */
export const PEER_PREFIX = "/at";
/** Carried by every document. */
export const API_VERSION = 1;

export const ROUTES = {
  version: { method: "GET", path: "/version", kind: "json", summary: "Names the running program" },
  status: { method: "GET", path: "/status", kind: "json", summary: "Says whether everything is in sync" },
  wait: {
    method: "POST",
    path: "/wait",
    kind: "ndjson",
    summary: "Waits until every change made so far is everywhere",
  },
  why: { method: "GET", path: "/why", kind: "json", summary: "Says why a path is not in sync" },
  watch: { method: "GET", path: "/watch", kind: "ndjson", summary: "Follows status and events" },
  events: { method: "GET", path: "/events", kind: "ndjson", summary: "Lists or follows what happened" },
  logs: { method: "GET", path: "/logs", kind: "ndjson", summary: "Lists or follows the log" },
  doctor: { method: "GET", path: "/doctor", kind: "json", summary: "Examines this machine and its connections" },
  shutdown: { method: "POST", path: "/shutdown", kind: "json", summary: "Stops the daemon" },

  join: { method: "POST", path: "/join", kind: "ndjson", summary: "Pairs with the device that made an invite" },
  peerInvite: { method: "POST", path: "/invites", kind: "json", summary: "Makes a pairing code" },
  peerList: { method: "GET", path: "/peers", kind: "json", summary: "Lists paired devices" },
  peerShow: { method: "GET", path: "/peers/{peer}", kind: "json", summary: "Shows one paired device" },
  peerAdd: { method: "POST", path: "/peers", kind: "json", summary: "Trusts a device by its id" },
  peerRename: { method: "POST", path: "/peers/{peer}/rename", kind: "json", summary: "Names a device" },
  peerRole: { method: "POST", path: "/peers/{peer}/role", kind: "json", summary: "Sets what a device may do here" },
  peerPause: { method: "POST", path: "/peers/{peer}/pause", kind: "json", summary: "Stops talking to a device" },
  peerResume: { method: "POST", path: "/peers/{peer}/resume", kind: "json", summary: "Talks to a paused device again" },
  peerRemove: { method: "DELETE", path: "/peers/{peer}", kind: "json", summary: "Stops trusting a device" },
  peerPing: { method: "POST", path: "/peers/{peer}/ping", kind: "ndjson", summary: "Measures the way to a device" },

  folderAdd: { method: "POST", path: "/folders", kind: "json", summary: "Takes up a directory as a folder" },
  folderList: { method: "GET", path: "/folders", kind: "json", summary: "Lists folders" },
  folderShow: { method: "GET", path: "/folders/{folder}", kind: "json", summary: "Shows one folder" },
  folderShare: {
    method: "POST",
    path: "/folders/{folder}/share",
    kind: "json",
    summary: "Shares a folder with a device",
  },
  folderUnshare: {
    method: "POST",
    path: "/folders/{folder}/unshare",
    kind: "json",
    summary: "Stops sharing a folder with a device",
  },
  folderMode: {
    method: "POST",
    path: "/folders/{folder}/mode",
    kind: "json",
    summary: "Sets the direction of a folder",
  },
  folderFetch: {
    method: "POST",
    path: "/folders/{folder}/fetch",
    kind: "json",
    summary: "Sets how a folder's files are fetched",
  },
  folderIgnore: {
    method: "POST",
    path: "/folders/{folder}/ignore",
    kind: "json",
    summary: "Lists or changes this device's ignore patterns",
  },
  folderPause: { method: "POST", path: "/folders/{folder}/pause", kind: "json", summary: "Stops syncing a folder" },
  folderResume: {
    method: "POST",
    path: "/folders/{folder}/resume",
    kind: "json",
    summary: "Syncs a paused folder again",
  },
  folderRescan: {
    method: "POST",
    path: "/folders/{folder}/rescan",
    kind: "json",
    summary: "Looks at every file of a folder now",
  },
  folderApprove: {
    method: "POST",
    path: "/folders/{folder}/approve",
    kind: "json",
    summary: "Lets held deletions go on",
  },
  folderReject: { method: "POST", path: "/folders/{folder}/reject", kind: "json", summary: "Undoes held deletions" },
  folderRevert: {
    method: "POST",
    path: "/folders/{folder}/revert",
    kind: "json",
    summary: "Takes the others' state of a receive-only folder",
  },
  folderOverride: {
    method: "POST",
    path: "/folders/{folder}/override",
    kind: "json",
    summary: "Makes the others take this state of a send-only folder",
  },
  folderRepair: {
    method: "POST",
    path: "/folders/{folder}/repair",
    kind: "json",
    summary: "Confirms that a directory is the right one",
  },
  folderRemove: {
    method: "DELETE",
    path: "/folders/{folder}",
    kind: "json",
    summary: "Stops syncing a folder; its files stay",
  },

  conflictList: { method: "GET", path: "/conflicts", kind: "json", summary: "Lists conflicts" },
  conflictShow: { method: "GET", path: "/conflicts/{id}", kind: "json", summary: "Shows one conflict" },
  conflictResolve: { method: "POST", path: "/conflicts/{id}/resolve", kind: "json", summary: "Settles a conflict" },
  conflictUndo: { method: "POST", path: "/conflicts/{id}/undo", kind: "json", summary: "Takes a settlement back" },

  list: { method: "GET", path: "/list", kind: "ndjson", peers: true, summary: "Lists folders, or files of a folder" },
  delete: {
    method: "POST",
    path: "/delete",
    kind: "ndjson",
    peers: true,
    summary: "Deletes a file, or a directory with all in it; it goes to the trash",
  },
  mkdir: { method: "POST", path: "/mkdir", kind: "json", peers: true, summary: "Makes a directory" },
  move: {
    method: "POST",
    path: "/move",
    kind: "ndjson",
    peers: true,
    summary: "Moves a file or directory, without overwriting anything",
  },
  hash: { method: "POST", path: "/hash", kind: "json", peers: true, summary: "Reads a file and gives its SHA-256" },
  readBack: {
    method: "POST",
    path: "/read-back",
    kind: "ndjson",
    peers: true,
    summary: "Reads all files of a folder from the disk, and tells what they hold",
  },
  verify: {
    method: "POST",
    path: "/verify",
    kind: "ndjson",
    summary: "Compares a folder here with the same one on a paired device, both read from the disk",
  },
  repair: {
    method: "POST",
    path: "/repair",
    kind: "json",
    peers: true,
    summary: "Restores paths to what was recorded of them, or takes them as they are",
  },
  versions: {
    method: "GET",
    path: "/versions",
    kind: "json",
    peers: true,
    summary: "Lists the kept versions of a file",
  },
  versionRead: {
    method: "POST",
    path: "/versions/read",
    kind: "ndjson",
    peers: true,
    summary: "Reads one version of a small file",
  },
  restore: {
    method: "POST",
    path: "/restore",
    kind: "ndjson",
    peers: true,
    summary: "Brings back a version, or a directory as it was",
  },
  trashList: {
    method: "GET",
    path: "/trash",
    kind: "ndjson",
    peers: true,
    summary: "Lists deleted files that are kept",
  },
  trashRestore: {
    method: "POST",
    path: "/trash/restore",
    kind: "ndjson",
    peers: true,
    summary: "Brings back deleted files",
  },
  trashEmpty: {
    method: "POST",
    path: "/trash/empty",
    kind: "json",
    peers: true,
    summary: "Removes deleted files for good",
  },

  download: { method: "POST", path: "/downloads", kind: "ndjson", summary: "Downloads a file or directory" },
  upload: { method: "POST", path: "/uploads", kind: "ndjson", summary: "Uploads files and directories" },
  transferList: { method: "GET", path: "/transfers", kind: "ndjson", summary: "Lists or follows transfers" },
  transferPause: { method: "POST", path: "/transfers/{id}/pause", kind: "json", summary: "Pauses a transfer" },
  transferResume: { method: "POST", path: "/transfers/{id}/resume", kind: "json", summary: "Goes on with a transfer" },
  transferCancel: { method: "POST", path: "/transfers/{id}/cancel", kind: "json", summary: "Ends a transfer" },
  transferRetry: { method: "POST", path: "/transfers/{id}/retry", kind: "ndjson", summary: "Runs a transfer again" },
  stats: { method: "GET", path: "/stats", kind: "json", summary: "Sums what was transferred" },
  statsHistory: {
    method: "GET",
    path: "/stats/history",
    kind: "json",
    summary: "Tells what moved over time, by sync and by hand, with each device",
  },
  notices: {
    method: "GET",
    path: "/notices",
    kind: "json",
    peers: true,
    summary: "Lists who downloaded this node's files",
  },

  downloadOpen: {
    method: "POST",
    path: "/serve/downloads",
    kind: "ndjson",
    peers: true,
    summary: "Opens a download of this node's files, and tells what there is",
  },
  uploadOpen: {
    method: "POST",
    path: "/serve/uploads",
    kind: "json",
    peers: true,
    summary: "Opens an upload to this node",
  },
  uploadTake: {
    method: "POST",
    path: "/serve/uploads/take",
    kind: "ndjson",
    peers: true,
    summary: "Fetches what the asking device offers, and puts it in its place",
  },
  udpOpen: {
    method: "POST",
    path: "/serve/udp",
    kind: "json",
    peers: true,
    summary: "Opens this node's end of a connection over UDP",
  },
  transferClose: {
    method: "POST",
    path: "/serve/close",
    kind: "json",
    peers: true,
    summary: "Tells how a transfer ended",
  },
  noticeTell: {
    method: "POST",
    path: "/serve/notices",
    kind: "json",
    peers: true,
    summary: "Tells this node who downloaded its files elsewhere",
  },

  userList: { method: "GET", path: "/users", kind: "json", summary: "Lists the users of this node" },
  userAdd: { method: "POST", path: "/users", kind: "json", summary: "Makes a user" },
  userRole: { method: "POST", path: "/users/{user}/role", kind: "json", summary: "Sets what a user may do" },
  userPassword: { method: "POST", path: "/users/{user}/password", kind: "json", summary: "Sets a user's password" },
  userOwnPassword: {
    method: "POST",
    path: "/session/password",
    kind: "json",
    peers: true,
    summary: "Sets one's own password",
  },
  userSessions: {
    method: "GET",
    path: "/sessions",
    kind: "json",
    peers: true,
    summary: "Lists who is signed in, and from where",
  },
  userRevoke: {
    method: "POST",
    path: "/users/{user}/revoke",
    kind: "json",
    peers: true,
    summary: "Ends sessions of a user",
  },
  userRemove: { method: "DELETE", path: "/users/{user}", kind: "json", summary: "Removes a user" },
  login: { method: "POST", path: "/logins", kind: "json", summary: "Signs in on a paired device" },
  logout: { method: "POST", path: "/logins/end", kind: "json", summary: "Signs out of a paired device" },
  loginOpen: {
    method: "POST",
    path: "/serve/logins",
    kind: "json",
    peers: true,
    summary: "Signs a user of this node in from the asking device",
  },
  loginClose: {
    method: "POST",
    path: "/serve/logins/end",
    kind: "json",
    peers: true,
    summary: "Ends the session that the command came with",
  },

  configGet: { method: "GET", path: "/config", kind: "json", summary: "Shows settings" },
  configSet: { method: "POST", path: "/config", kind: "json", summary: "Changes settings" },

  dashboardKey: {
    method: "POST",
    path: "/dashboard/keys",
    kind: "json",
    summary: "Makes a link that signs in to the dashboard once",
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;

/** What the dashboard's server answers by itself, over HTTP only: signing in and out, and what describes the rest. */
export const SESSION_ROUTES = {
  signIn: { method: "POST", path: "/session", kind: "json", summary: "Signs in, by a link or as a user" },
  session: { method: "GET", path: "/session", kind: "json", summary: "Says who is signed in" },
  signOut: { method: "DELETE", path: "/session", kind: "json", summary: "Ends this session" },
  openApi: { method: "GET", path: "/openapi.json", kind: "json", summary: "Describes this interface" },
  ticket: {
    method: "POST",
    path: "/tickets",
    kind: "json",
    summary: "Makes an address that gives out a file, or a directory as an archive, once and within a minute",
  },
  batchOpen: { method: "POST", path: "/batches", kind: "json", summary: "Opens an upload of files from a browser" },
  batchList: { method: "GET", path: "/batches", kind: "json", summary: "Lists uploads from browsers" },
  batchShow: {
    method: "GET",
    path: "/batches/{id}",
    kind: "json",
    summary: "Shows an upload, and what became of its files",
  },
  batchFile: {
    method: "GET",
    path: "/batches/{id}/file",
    kind: "json",
    summary: "Says how much of a file is here, to go on with it",
  },
  batchPut: {
    method: "PUT",
    path: "/batches/{id}/file",
    kind: "json",
    summary: "Takes bytes of a file: Content-Range says which, Content-Digest proves them by SHA-256",
  },
  batchSeal: {
    method: "POST",
    path: "/batches/{id}/seal",
    kind: "json",
    summary: "Says that no more files come, or tries again what is held",
  },
  batchRemove: {
    method: "DELETE",
    path: "/batches/{id}",
    kind: "json",
    summary: "Ends an upload, and forgets it; what is in its place stays",
  },
  content: {
    method: "GET",
    path: "/content/{ticket}",
    kind: "bytes",
    summary:
      "Gives out what a ticket is for; needs the cookie, not the token. Takes Range, and If-Range to go on with it",
  },
} as const satisfies Record<string, Route>;

export type SessionRouteName = keyof typeof SESSION_ROUTES;

/** Carries the session's token; its cookie alone is not enough, because cookies do not tell ports apart. */
export const TOKEN_HEADER = "X-Syncline-Token";

/** On the control socket: as which of its users another device is asked. */
export const USER_HEADER = "X-Syncline-User";
