/**
 * The shapes of the node's interface: what every route takes and gives.
 *
 * Daemon, command line and dashboard share them: the command line imports
 * types only, so that it starts fast. The server adds `"v": 1` to each
 * document. Bytes are integers, times RFC 3339 in UTC, absent facts null.
 * Shapes are added to freely; what is there keeps its name and meaning,
 * because scripts rely on it.
 */
import { z } from "zod";
import { BROWSER_SHAPES } from "./api-browser.ts";
import { FILE_SHAPES } from "./api-files.ts";
import { ROUTES, type Route, type RouteName, SESSION_ROUTES, type SessionRouteName } from "./api-routes.ts";
import { TRANSFER_SHAPES } from "./api-transfers.ts";
import { USER_SHAPES } from "./api-users.ts";

// What inputs are made of. A query string holds texts only, so numbers and booleans are also taken as text.
const count = z.coerce.number().int().min(0);
const flag = z.union([z.boolean(), z.stringbool()]);
/** A folder's id, or its label when unique. */
const folderRef = z.string().min(1).max(255);
/** A device's id, its first seven characters or more, or its name when unique. */
const peerRef = z.string().min(1).max(255);
/** Below the folder's root; "" is the root itself. Parsed by the daemon. */
const pathText = z.string().max(8192);
const absolutePath = z.string().min(1).max(8192);
const rights = z.enum(["read", "write"]);
const role = z.enum(["admin", "user"]);
const mode = z.enum(["two-way", "send-only", "receive-only"]);
const nothing = z.strictObject({});
const aboutPeer = z.strictObject({ peer: peerRef });
const aboutFolder = z.strictObject({ folder: folderRef });
const aboutConflict = z.strictObject({ id: z.coerce.number().int().min(1) });
/** Which rows of a list that each have a path; all of them without `limit`. */
const pageOfPaths = {
  /** Somewhere in the path, in capitals or not. */
  contains: z.string().min(1).max(1024).optional(),
  /** So many are left out before the first. */
  offset: count.default(0),
  limit: count.max(100_000).optional(),
};

// What outputs are made of.
const bytes = z.number().int().min(0);
const time = z.iso.datetime();
const problem = z.object({ path: z.string(), code: z.string(), message: z.string(), fix: z.string() });
const saved = z.object({ delta: z.number().int(), reuse: z.number().int(), compression: z.number().int() });

const folderState = z.enum(["in-sync", "scanning", "syncing", "paused", "halted", "error"]);
const peerState = z.enum(["connecting", "connected", "offline", "paused", "refused"]);

const folderStatus = z.object({
  id: z.string(),
  label: z.string(),
  path: z.string(),
  mode,
  state: folderState,
  files: z.number().int(),
  bytes,
  needFiles: z.number().int(),
  needBytes: bytes,
  /** Open conflicts. */
  conflicts: z.number().int(),
  /** At most LIMITS.problemsShown; `problemsTotal` counts all. */
  problems: z.array(problem),
  problemsTotal: z.number().int(),
  /** Deletions that the brake holds here. */
  heldDeletes: z.number().int(),
  /** Ids of the devices it is shared with. */
  peers: z.array(z.string()),
});

const peerStatus = z.object({
  id: z.string(),
  name: z.string(),
  state: peerState,
  /** Null while not connected; so are `address` and `rttMs`. */
  transport: z.enum(["tcp", "udp"]).nullable(),
  address: z.string().nullable(),
  rttMs: z.number().nullable(),
  /** What that device lacks of ours. */
  needFiles: z.number().int(),
  needBytes: bytes,
  lastSeen: time.nullable(),
  /** Why it is offline or refused, when that is known. */
  message: z.string().nullable(),
});

const status = z.object({
  device: z.object({ id: z.string(), name: z.string() }),
  listen: z.array(z.string()),
  dashboard: z.string().nullable(),
  /** The worst of the folders' states; "in-sync" also needs every connected peer to have acknowledged. */
  state: folderState,
  folders: z.array(folderStatus),
  peers: z.array(peerStatus),
  /** Since the daemon's start, over all peers, as the raw sockets count. */
  /** Downloads of this node's files by others that nobody has looked at yet. */
  notices: z.number().int(),
  traffic: z.object({ wireBytesSent: bytes, wireBytesReceived: bytes, fileBytes: bytes, savedBytes: saved }),
  process: z.object({
    pid: z.number().int(),
    version: z.string(),
    startedAt: time,
    rssBytes: bytes,
    /** How late the main thread came to its work, in the last minute. */
    loopLagMs: z.object({ p50: z.number(), p99: z.number(), max: z.number() }),
  }),
});

const event = z.object({
  /** Grows by one; `since` continues after it, also over restarts. */
  id: z.number().int(),
  time,
  /** `file.changed`, `peer.paired`, `folder.state`, … */
  type: z.string(),
  folder: z.string().nullable(),
  path: z.string().nullable(),
  device: z.string().nullable(),
  user: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});

const logLine = z.object({
  time,
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
});

const waitResult = z.object({
  type: z.literal("result"),
  inSync: z.boolean(),
  /** Ids of the folders that were waited for. */
  folders: z.array(z.string()),
  /** Peers left out, because they did not come up within the grace. */
  skipped: z.array(z.object({ id: z.string(), name: z.string(), state: peerState })),
  /** What will not get in sync by waiting. Not empty: exit 3, at once. */
  problems: z.array(problem.extend({ folder: z.string(), device: z.string().nullable() })),
  /** Whether time ran out first: exit 6. `pending` then says on what. */
  timedOut: z.boolean(),
  pending: z.array(z.string()),
});

const check = z.object({
  /** Stable, such as `watch-limit` or `free-space:docs`. */
  name: z.string(),
  title: z.string(),
  /** "skip": does not apply here, or could not be tried. */
  result: z.enum(["ok", "warn", "fail", "skip"]),
  message: z.string(),
  /** A command or setting that cures it; null when ok. */
  fix: z.string().nullable(),
});

const sharedFolder = z.object({ id: z.string(), label: z.string(), rights });

const peer = peerStatus.extend({
  role,
  paused: z.boolean(),
  /** Configured and learned, HOST:PORT. */
  addresses: z.array(z.string()),
  folders: z.array(sharedFolder),
  /** Folders that the device shares with this one and that are not here; known while it is connected. */
  offers: z.array(z.object({ id: z.string(), label: z.string() })).optional(),
  /** Three words that both ends show, null when it was added by id. */
  words: z.array(z.string()).nullable(),
  /** Whether that device said that it no longer trusts this one. */
  removedUs: z.boolean(),
});

const when = z.enum(["auto", "on", "off"]);
const folder = folderStatus.extend({
  paused: z.boolean(),
  /** What this device asks for when it fetches: changed regions instead of whole chunks, and compressed answers. */
  delta: when,
  compression: when,
  /** This device's own patterns; `.synclineignore` not included. */
  ignore: z.array(z.string()),
  shares: z.array(z.object({ id: z.string(), name: z.string(), rights })),
});

const invite = z.object({
  code: z.string(),
  link: z.string(),
  folders: z.array(z.string()),
  role,
  rights,
  expires: time,
});

const joinStep = z.object({
  type: z.literal("progress"),
  step: z.enum(["searching", "connecting", "pairing", "sharing"]),
  message: z.string(),
});

const joinResult = z.object({
  type: z.literal("result"),
  peer: z.object({ id: z.string(), name: z.string() }),
  words: z.array(z.string()),
  /** Empty when the invite shared none. */
  folders: z.array(z.object({ id: z.string(), label: z.string(), path: z.string(), isNew: z.boolean() })),
});

const conflictCopy = z.object({
  path: z.string(),
  /** Name of the device that wrote it. */
  device: z.string(),
  mtime: time,
  size: bytes,
});

const conflict = z.object({
  id: z.number().int(),
  folder: z.string(),
  path: z.string(),
  /** The version at `path` first, then the conflict copies. */
  copies: z.array(conflictCopy),
  state: z.enum(["open", "resolved"]),
  /** How it was settled. */
  kept: z.enum(["current", "copy", "both"]).nullable(),
  createdAt: time,
  canUndo: z.boolean(),
});

const version = z.object({
  /** 1 is the oldest; numbers stay. */
  version: z.number().int(),
  time,
  size: bytes,
  device: z.string(),
  user: z.string().nullable(),
  /** sync, edit, conflict, delete, restore, revert, … */
  origin: z.string(),
  /** `sha256:…` where it was computed before. */
  hash: z.string().nullable(),
  contentId: z.string().nullable(),
  current: z.boolean(),
  /** Whether its bytes are here. */
  kept: z.boolean(),
});

/** One path of a folder, as the index has it. */
const listEntry = z.object({
  /** From the folder's root. */
  path: z.string(),
  type: z.enum(["file", "directory", "symlink"]),
  size: bytes,
  /** When it was written; of what is deleted: when that was. Null for directories, whose time is not kept in step. */
  mtime: time.nullable(),
  /** Permission bits, `0644`. */
  mode: z.string(),
  /** Who first brought it: name of a device, or of an account as `bob@desk`. */
  owner: z.string(),
  /** Name of the device that wrote this version. */
  device: z.string(),
  /** `b3:…`; null for what has none. */
  contentId: z.string().nullable(),
  /** `sha256:…` where it was computed for this content before. */
  hash: z.string().nullable(),
  /** Its number in `versions`; null for what has none. */
  version: z.number().int().nullable(),
  deleted: z.boolean(),
});

/** A folder, where no folder was named. */
const listFolder = z.object({
  path: z.string(),
  type: z.literal("folder"),
  label: z.string(),
  size: bytes,
  files: z.number().int(),
  /** What whoever asks may do in it. */
  rights,
});

const listSummary = z.object({
  type: z.literal("summary"),
  entries: z.number().int(),
  bytes,
  /** Where the next page begins; null when this was the last. */
  next: z.string().nullable(),
  /** Of a list with `offset`: how many there are in all. */
  total: z.number().int().optional(),
});

const restoredItem = z.object({
  type: z.literal("restored"),
  folder: z.string(),
  path: z.string(),
  /** Where it was put: differs from `path` with --as, or when the place was taken. */
  storedAs: z.string(),
  version: z.number().int().nullable(),
  size: bytes,
});

const restoreSkipped = z.object({
  type: z.literal("skipped"),
  folder: z.string(),
  path: z.string(),
  code: z.string(),
  message: z.string(),
});

const restoreSummary = z.object({
  type: z.literal("summary"),
  restored: z.number().int(),
  bytes,
  /** Files that were removed because the moment did not have them; they are in the trash. */
  removed: z.number().int(),
  skipped: z.number().int(),
  dryRun: z.boolean(),
});

const restoreItem = z.discriminatedUnion("type", [
  restoredItem,
  z.object({ type: z.literal("removed"), folder: z.string(), path: z.string() }),
  restoreSkipped,
  restoreSummary,
]);

const trashItem = z.object({
  type: z.literal("item"),
  folder: z.string(),
  path: z.string(),
  version: z.number().int(),
  size: bytes,
  deletedAt: time,
  device: z.string(),
});

const setting = z.object({
  key: z.string(),
  value: z.unknown(),
  default: z.unknown(),
  source: z.enum(["default", "file", "environment"]),
  description: z.string(),
});

const changed = z.object({ changed: z.boolean() });
const deletes = z.object({ folder: z.string(), files: z.number().int() });

interface Shapes {
  readonly input: z.ZodType;
  /** A document; of a stream, each line. */
  readonly output: z.ZodType;
}

const SHAPES = {
  version: {
    input: nothing,
    output: z.object({ version: z.string(), node: z.string(), platform: z.string(), device: z.string().nullable() }),
  },
  status: { input: nothing, output: status },
  wait: {
    input: z.strictObject({
      folders: z.array(folderRef).default([]),
      peers: z.array(peerRef).default([]),
      peerGraceMs: count.default(5000),
      timeoutMs: count.default(60_000),
    }),
    output: z.discriminatedUnion("type", [
      z.object({
        type: z.literal("progress"),
        /** A sentence: what is waited for now. */
        message: z.string(),
        needFiles: z.number().int(),
        needBytes: bytes,
      }),
      waitResult,
    ]),
  },
  why: {
    input: z.strictObject({ folder: folderRef, path: pathText }),
    output: z.object({
      path: z.string(),
      inSync: z.boolean(),
      code: z.string().nullable(),
      message: z.string(),
      fix: z.string().nullable(),
    }),
  },
  watch: {
    /** With `since`, the events after this id come first: a broken stream is taken up without a gap. */
    input: z.strictObject({
      since: count.optional(),
      /** Of many events of one moment at most so many, the newest: for who only looks. */
      burst: count.min(1).optional(),
    }),
    /** A status first and after each change, at most four a second; events as they come. */
    output: z.discriminatedUnion("type", [
      z.object({ type: z.literal("status"), status }),
      z.object({ type: z.literal("event"), event }),
    ]),
  },
  events: {
    input: z.strictObject({
      /** After this id; without it the last `limit`. */
      since: count.optional(),
      limit: count.default(100),
      folder: folderRef.optional(),
      /** A type, or its first part: `peer` takes `peer.paired`. */
      type: z.string().optional(),
      follow: flag.default(false),
    }),
    output: z.union([
      event,
      z.object({ type: z.literal("summary"), events: z.number().int(), lastId: z.number().int() }),
    ]),
  },
  logs: {
    input: z.strictObject({
      lines: count.default(100),
      level: z.enum(["debug", "info", "warn", "error"]).default("debug"),
      follow: flag.default(false),
    }),
    output: z.union([logLine, z.object({ type: z.literal("summary"), lines: z.number().int() })]),
  },
  doctor: {
    input: nothing,
    output: z.object({ ok: z.boolean(), checks: z.array(check) }),
  },
  shutdown: { input: nothing, output: z.object({ pid: z.number().int() }) },

  join: {
    input: z.strictObject({
      /** The code or the link. Never logged. */
      code: z.string().min(1).max(4096),
      /** Null: below the home directory, named after the label. Several folders: each in a directory of its own below it. */
      path: absolutePath.nullable().default(null),
      /** HOST:PORT instead of discovery. */
      at: z.string().nullable().default(null),
      /** Allows a directory that is too broad. */
      force: z.boolean().default(false),
      /** Takes only this one of the invite's folders. */
      folderId: z.string().optional(),
    }),
    output: z.discriminatedUnion("type", [joinStep, joinResult]),
  },
  peerInvite: {
    input: z.strictObject({
      /** Empty: the only folder there is. */
      folders: z.array(folderRef).default([]),
      /** Shares no folder. */
      none: z.boolean().default(false),
      role: role.default("user"),
      rights: rights.default("write"),
      /** A person asked for it: opens pairing again after too many wrong codes closed it. */
      asked: z.boolean().default(true),
    }),
    output: invite,
  },
  peerList: { input: nothing, output: z.object({ peers: z.array(peer) }) },
  peerShow: { input: aboutPeer, output: peer },
  peerAdd: {
    input: z.strictObject({
      device: z.string().min(1).max(255),
      name: z.string().min(1).max(64).optional(),
      addresses: z.array(z.string()).default([]),
      role: role.default("user"),
    }),
    output: peer,
  },
  peerRename: { input: aboutPeer.extend({ name: z.string().min(1).max(64) }), output: peer },
  peerRole: { input: aboutPeer.extend({ role }), output: peer },
  peerPause: { input: aboutPeer, output: changed },
  peerResume: { input: aboutPeer, output: changed },
  peerRemove: { input: aboutPeer, output: z.object({ id: z.string(), name: z.string() }) },
  peerPing: {
    input: aboutPeer.extend({ count: z.coerce.number().int().min(1).max(1000).default(3) }),
    output: z.discriminatedUnion("type", [
      z.object({
        type: z.literal("pong"),
        sequence: z.number().int(),
        rttMs: z.number(),
        address: z.string(),
        transport: z.enum(["tcp", "udp"]),
      }),
      z.object({
        type: z.literal("summary"),
        peer: z.string(),
        sent: z.number().int(),
        received: z.number().int(),
        minMs: z.number().nullable(),
        meanMs: z.number().nullable(),
        maxMs: z.number().nullable(),
      }),
    ]),
  },

  folderAdd: {
    input: z.strictObject({
      path: absolutePath,
      id: z.string().optional(),
      label: z.string().min(1).max(255).optional(),
      mode: mode.default("two-way"),
      force: z.boolean().default(false),
    }),
    /** `added` is false when the folder was there already with the same directory. */
    output: z.object({ folder, added: z.boolean() }),
  },
  folderList: { input: nothing, output: z.object({ folders: z.array(folder) }) },
  folderShow: { input: aboutFolder, output: folder },
  folderShare: { input: aboutFolder.extend({ peer: peerRef, rights: rights.default("write") }), output: folder },
  folderUnshare: { input: aboutFolder.extend({ peer: peerRef }), output: folder },
  folderMode: { input: aboutFolder.extend({ mode }), output: folder },
  /** Neither given: changes nothing. */
  folderFetch: {
    input: aboutFolder.extend({ delta: when.optional(), compression: when.optional() }),
    output: folder,
  },
  folderIgnore: {
    /** Neither given: only lists. */
    input: aboutFolder.extend({ add: z.array(z.string()).default([]), remove: z.array(z.string()).default([]) }),
    output: z.object({ folder: z.string(), patterns: z.array(z.string()) }),
  },
  folderPause: { input: aboutFolder, output: changed },
  folderResume: { input: aboutFolder, output: changed },
  /** Returns when the scan is done. */
  folderRescan: {
    input: aboutFolder,
    output: z.object({ folder: z.string(), files: z.number().int(), changed: z.number().int() }),
  },
  folderApprove: { input: aboutFolder, output: deletes },
  folderReject: { input: aboutFolder, output: deletes },
  folderRevert: {
    input: aboutFolder.extend({ dryRun: z.boolean().default(false) }),
    output: deletes.extend({ paths: z.array(z.string()) }),
  },
  folderOverride: {
    input: aboutFolder.extend({ dryRun: z.boolean().default(false) }),
    output: deletes.extend({ paths: z.array(z.string()) }),
  },
  folderRepair: { input: aboutFolder, output: folder },
  folderRemove: {
    /** `purge` also removes kept versions and trash (`.syncline`). */
    input: aboutFolder.extend({ purge: z.boolean().default(false) }),
    output: z.object({ id: z.string(), path: z.string(), purged: z.boolean() }),
  },

  conflictList: {
    input: z.strictObject({ folder: folderRef.optional(), all: flag.default(false), ...pageOfPaths }),
    /** `total`: on all pages. */
    output: z.object({ conflicts: z.array(conflict), total: z.number().int() }),
  },
  conflictShow: { input: aboutConflict, output: conflict },
  conflictResolve: { input: aboutConflict.extend({ keep: z.enum(["current", "copy", "both"]) }), output: conflict },
  conflictUndo: { input: aboutConflict, output: conflict },

  list: {
    input: z.strictObject({
      /** Left out: the folders themselves. */
      folder: folderRef.optional(),
      path: pathText.default(""),
      /** All below, not only the children. */
      recursive: flag.default(false),
      /** Tombstones, too. */
      deleted: flag.default(false),
      /** Written at this time or later, and before that one. Directories have no time: with either they are left out. */
      since: time.optional(),
      until: time.optional(),
      /** gitignore syntax, below what is listed; one with a slash looks at all below. */
      glob: z.string().min(1).max(1024).optional(),
      /** Searched in the base name; `pathRegex` in the whole path, of all below. */
      regex: z.string().min(1).max(1024).optional(),
      pathRegex: z.string().min(1).max(1024).optional(),
      /** Somewhere in the path below what is listed, in capitals or not. */
      contains: z.string().min(1).max(1024).optional(),
      /** The largest, the newest first, by path, or by path as people sort. Without it in directory order, which alone has pages by `after`. */
      sort: z.enum(["size", "mtime", "name", "natural"]).optional(),
      directoriesFirst: flag.default(false),
      /** Reads files of whose content no hash is known. */
      sha256: flag.default(false),
      /** At most so many entries; the summary's `next` then says where to go on. */
      limit: count.max(100_000).optional(),
      /** So many are left out before the first: a window of a list that is looked at. The summary's `total` says how many there are. */
      offset: z.coerce.number().int().min(0).optional(),
      /** A summary's `next`. */
      after: z.string().max(8192).default(""),
    }),
    output: z.union([listEntry, listFolder, listSummary]),
  },
  ...FILE_SHAPES,
  versions: {
    input: z.strictObject({ folder: folderRef, path: pathText }),
    output: z.object({ folder: z.string(), path: z.string(), versions: z.array(version) }),
  },
  versionRead: {
    /** Without `version` the current one. */
    input: z.strictObject({ folder: folderRef, path: pathText, version: z.number().int().min(1).optional() }),
    output: z.discriminatedUnion("type", [
      z.object({ type: z.literal("piece"), base64: z.string() }),
      z.object({ type: z.literal("end"), version: z.number().int(), size: bytes, time, device: z.string() }),
    ]),
  },
  restore: {
    /** With `version` one file; with `at` everything at or below `path` as it was then. Neither: the newest kept version. */
    input: z.strictObject({
      folder: folderRef,
      path: pathText,
      version: z.number().int().min(1).optional(),
      at: time.optional(),
      /** Below the same folder. */
      as: pathText.optional(),
      dryRun: z.boolean().default(false),
    }),
    output: restoreItem,
  },
  trashList: {
    input: z.strictObject({ folder: folderRef.optional(), path: pathText.default(""), ...pageOfPaths }),
    output: z.discriminatedUnion("type", [
      trashItem,
      /** Of all pages. */
      z.object({ type: z.literal("summary"), items: z.number().int(), bytes }),
    ]),
  },
  trashRestore: {
    /** A deleted directory brings back what was below it. */
    input: z.strictObject({
      folder: folderRef,
      path: pathText,
      as: pathText.optional(),
      dryRun: z.boolean().default(false),
    }),
    output: restoreItem,
  },
  trashEmpty: {
    input: z.strictObject({
      folder: folderRef.optional(),
      /** Only what was deleted before. */
      before: time.optional(),
      dryRun: z.boolean().default(false),
    }),
    output: z.object({ items: z.number().int(), bytes, dryRun: z.boolean() }),
  },

  ...TRANSFER_SHAPES,
  ...USER_SHAPES,

  configGet: {
    input: z.strictObject({ key: z.string().optional() }),
    output: z.object({ path: z.string(), settings: z.array(setting) }),
  },
  configSet: {
    /** All or nothing. Null takes the default again. */
    input: z.strictObject({ settings: z.record(z.string(), z.unknown()) }),
    output: z.object({ path: z.string(), changed: z.array(z.string()) }),
  },

  dashboardKey: {
    input: z.strictObject({
      /** Writes a page into the home that leads there; else the link itself is answered. */
      page: z.boolean().default(false),
    }),
    output: z.object({
      /** Where the dashboard is, without the key. */
      url: z.string(),
      /** Signs in once; null when `page` was asked for. */
      link: z.string().nullable(),
      /** A file of mode 0600 that leads to the link; null unless `page` was asked for. */
      page: z.string().nullable(),
      expires: time,
      /** SHA-256 of the certificate that a browser is shown, `AB:CD:…`; null on loopback. */
      fingerprint: z.string().nullable(),
    }),
  },
} satisfies Record<RouteName, Shapes>;

const session = z.object({
  device: z.object({ id: z.string(), name: z.string() }),
  /** Null: signed in by a link of `syncline open`. */
  user: z.string().nullable(),
  role,
  version: z.string(),
});

const SESSION_SHAPES = {
  signIn: {
    input: z.union([
      z.strictObject({ key: z.string().min(1).max(128) }),
      z.strictObject({ user: z.string().min(1).max(64), password: z.string().min(1).max(1024) }),
    ]),
    /** `token` goes into the header X-Syncline-Token of every later request, beside the cookie that is set here. */
    output: session.extend({ token: z.string() }),
  },
  session: { input: nothing, output: session },
  signOut: { input: nothing, output: z.object({ signedOut: z.boolean() }) },
  openApi: { input: nothing, output: z.record(z.string(), z.unknown()) },
  ...BROWSER_SHAPES,
} satisfies Record<SessionRouteName, Shapes>;

export type SessionRequest<R extends SessionRouteName> = z.output<(typeof SESSION_SHAPES)[R]["input"]>;
export type SessionInput<R extends SessionRouteName> = z.input<(typeof SESSION_SHAPES)[R]["input"]>;
export type SessionOutput<R extends SessionRouteName> = z.output<(typeof SESSION_SHAPES)[R]["output"]>;

/** What the dashboard's server answers by itself, with its shapes. */
export const SESSION_API: { readonly [R in SessionRouteName]: Route & (typeof SESSION_SHAPES)[R] } = Object.fromEntries(
  Object.entries(SESSION_SHAPES).map(([name, shapes]) => [
    name,
    { ...SESSION_ROUTES[name as SessionRouteName], ...shapes },
  ]),
) as never;

/** Routes with their shapes. */
export const API: { readonly [R in RouteName]: Route & (typeof SHAPES)[R] } = Object.fromEntries(
  Object.entries(SHAPES).map(([name, shapes]) => [name, { ...ROUTES[name as RouteName], ...shapes }]),
) as never;

export type JsonRoute = { [R in RouteName]: (typeof ROUTES)[R]["kind"] extends "json" ? R : never }[RouteName];
export type StreamRoute = Exclude<RouteName, JsonRoute>;

/** What a caller sends: defaults may be left out. */
export type RouteInput<R extends RouteName> = z.input<(typeof SHAPES)[R]["input"]>;
/** What a handler gets. */
export type RouteRequest<R extends RouteName> = z.output<(typeof SHAPES)[R]["input"]>;
/** A document, or one line of a stream. */
export type RouteOutput<R extends RouteName> = z.output<(typeof SHAPES)[R]["output"]>;

export type Status = z.output<typeof status>;
export type FolderStatus = z.output<typeof folderStatus>;
export type PeerStatus = z.output<typeof peerStatus>;
export type FolderState = z.output<typeof folderState>;
export type Folder = z.output<typeof folder>;
export type Peer = z.output<typeof peer>;
export type Invite = z.output<typeof invite>;
export type Problem = z.output<typeof problem>;
export type NodeEvent = z.output<typeof event>;
export type LogLine = z.output<typeof logLine>;
export type Check = z.output<typeof check>;
export type Conflict = z.output<typeof conflict>;
export type ListEntry = z.output<typeof listEntry>;
export type ListLine = RouteOutput<"list">;
export type RestoreItem = z.output<typeof restoreItem>;
export type TrashItem = z.output<typeof trashItem>;
export type Setting = z.output<typeof setting>;
export type WaitResult = z.output<typeof waitResult>;
export type JoinResult = z.output<typeof joinResult>;

/** How every failure looks on the wire and with `--json`. */
export interface ApiError {
  readonly v: 1;
  readonly type: "error";
  readonly code: string;
  readonly exit: number;
  readonly message: string;
  readonly hint: string;
  /** Of a faulty pattern: which character, from 0. */
  readonly index?: number;
}
