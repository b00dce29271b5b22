/**
 * Every bound in one place, each with its reason. `docs/limits.md` is written
 * from this table. A limit is checked before anything is allocated for it.
 */
import { PASSWORD_BYTES_MAX, PASSWORD_CHARACTERS_MIN } from "./user-rules.ts";

interface Limit {
  readonly value: number;
  readonly unit: string;
  readonly why: string;
}

const MIB = 1024 * 1024;

export const LIMITS = {
  controlFrameBytes: {
    value: MIB,
    unit: "bytes",
    why: "control and index frames are decoded whole; a larger one is an attack on memory",
  },
  dataFrameBytes: {
    value: 5 * MIB,
    unit: "bytes",
    why: "one answer of file data; bounds what a peer can make us buffer per request",
  },
  helloFrameBytes: {
    value: 16 * 1024,
    unit: "bytes",
    why: "a peer that has not said hello yet gets hardly any memory",
  },
  pairingMessageBytes: { value: 4096, unit: "bytes", why: "a stranger speaks here; every pairing message fits" },
  handshakeMs: {
    value: 10_000,
    unit: "ms",
    why: "TLS and hello must end by then, so that trickling strangers hold no slot",
  },
  strangersMax: {
    value: 32,
    unit: "connections",
    why: "connections that are not authenticated yet; more are closed at once",
  },
  udpStreamsPerPeer: {
    value: 16,
    unit: "connections",
    why: "transfers over UDP with one device at once; each takes buffers of its own",
  },
  connectionsMax: { value: 256, unit: "connections", why: "peers of one node" },
  pingAfterMs: { value: 12_000, unit: "ms", why: "silence after which a peer is asked whether it lives" },
  deadAfterMs: { value: 28_000, unit: "ms", why: "silence after which a peer counts as gone" },
  requestMs: { value: 60_000, unit: "ms", why: "a request without an answer for so long goes to another peer" },
  requestsInFlightPerPeer: { value: 64, unit: "requests", why: "what one peer may ask at once before it is answered" },
  requestItems: { value: 512, unit: "chunks", why: "chunks in one fetch request" },
  requestBytes: { value: 4 * MIB, unit: "bytes", why: "file bytes one fetch request may ask for" },
  regionBytes: {
    value: 4 * MIB,
    unit: "bytes",
    why: "a changed run of a file that is described and answered at once, and the old bytes it is compared with; each is held whole",
  },
  sketchCapacity: {
    value: 64,
    unit: "elements",
    why: "differences one sketch can tell; decoding costs its square, and a signature costs less from there on",
  },
  commandBytes: { value: 256 * 1024, unit: "bytes", why: "a command of a peer, its input as JSON; decoded whole" },
  commandReplyBytes: {
    value: 256 * 1024,
    unit: "bytes",
    why: "one frame of a command's answer; what is more urgent waits for one at most",
  },
  commandWindowBytes: {
    value: MIB,
    unit: "bytes",
    why: "of one command's answer, sent and not yet taken by its reader: a slow reader holds up its own command only",
  },
  commandLineCharacters: {
    value: MIB,
    unit: "characters",
    why: "one line of a command's answer, gathered whole before it is parsed",
  },
  commandsPerPeer: { value: 64, unit: "commands", why: "commands one peer may have running here at once" },
  sendBacklogBytes: {
    value: 16 * MIB,
    unit: "bytes",
    why: "queued for one peer before answering stops until it reads",
  },
  recordsPerUpdate: { value: 2000, unit: "records", why: "records in one index update" },
  movesPerUpdate: { value: 16, unit: "moves", why: "directory moves in one index update; each is worth many records" },
  recordsPerMove: {
    value: 1_000_000,
    unit: "records",
    why: "one directory move is stored and applied at one go; a larger tree is told record by record",
  },
  movesKept: { value: 64, unit: "moves", why: "directory moves remembered for each device, to be told as one" },
  headsPerRecord: { value: 32, unit: "heads", why: "concurrent versions of one path; more is a flood" },
  devicesPerVector: { value: 256, unit: "devices", why: "entries of one version vector" },
  chunksPerFile: {
    value: 16_777_216,
    unit: "chunks",
    why: "the largest file, cut into the smallest chunks of its row",
  },
  fileBytes: { value: 2 ** 43, unit: "bytes", why: "8 TiB; keeps chunk lists and offsets exact" },
  chunkListBytes: {
    value: 336 * MIB,
    unit: "bytes",
    why: "the wire form of the longest chunk list; fetched in pieces of requestBytes",
  },
  spliceOperations: {
    value: 65_536,
    unit: "operations",
    why: "copies and runs of new chunks in one splice of a chunk list; more, and the list itself is the better way",
  },
  listBases: { value: 4, unit: "contents", why: "lists that a request for a chunk list may name to be told by" },
  spliceChunks: {
    value: 262_144,
    unit: "chunks",
    why: "longer chunk lists (16 GiB and more) are not compared while a change is announced; they are asked for",
  },
  pushedBytes: {
    value: 64 * 1024,
    unit: "bytes",
    why: "file bytes sent along with one index update, unasked; more are a transfer, which the receiver plans",
  },
  pushedRecords: {
    value: 32,
    unit: "records",
    why: "files that a person changes at once; more are a bulk, fetched many in one request",
  },
  pushedKeptBytes: {
    value: 4 * MIB,
    unit: "bytes",
    why: "contents that came unasked and are not taken up yet, in memory for each folder; the oldest give way",
  },
  reconcileRecords: {
    value: 500,
    unit: "records",
    why: "smaller folders tell their records outright: comparing would save little",
  },
  reconcileSymbols: {
    value: 131_072,
    unit: "coded symbols",
    why: "what comparing two indexes may cost, 2 MB; with more differences the records are sent outright",
  },
  reconcileRun: { value: 16_384, unit: "coded symbols", why: "symbols in one message" },
  reconcileMs: {
    value: 900_000,
    unit: "ms",
    why: "silence in a comparison after which the records are sent outright; a busy machine writes a million in a third",
  },
  pathBytes: { value: 4096, unit: "bytes", why: "what Linux takes" },
  nameBytes: { value: 255, unit: "bytes", why: "what common file systems take" },
  symlinkBytes: { value: 4095, unit: "bytes", why: "what Linux takes" },
  foldersPerPeer: { value: 1000, unit: "folders", why: "folders two devices share" },
  removedDevices: { value: 256, unit: "devices", why: "removals remembered, the latest; told to every peer" },
  addressesPerPeer: { value: 16, unit: "addresses", why: "learned and configured addresses of one device" },
  discoveredMax: { value: 256, unit: "entries", why: "what the local network may make us remember" },
  problemsShown: { value: 100, unit: "paths", why: "problems listed for one folder; the rest are counted" },
  ackProblems: { value: 20, unit: "paths", why: "problems told to a peer" },
  settleMs: { value: 40, unit: "ms", why: "quiet a changed path must keep before it is read" },
  settleMaxMs: { value: 2000, unit: "ms", why: "a path that never rests is read at last" },
  dirtyPerDirectory: {
    value: 1024,
    unit: "paths",
    why: "changed paths of one directory remembered one by one; more, and it is scanned whole",
  },
  dirtyPaths: { value: 8192, unit: "paths", why: "changed paths remembered; more, and the folder is scanned whole" },
  watchBurst: {
    value: 8000,
    unit: "events",
    why: "half of what Linux queues; so many at once may mean that some were dropped unseen",
  },
  unwatchedRescanMs: { value: 60_000, unit: "ms", why: "scan interval while not everything can be watched" },
  rescanMs: { value: 3_600_000, unit: "ms", why: "the watcher is a hint; a full scan finds what it missed" },
  planBatch: { value: 1000, unit: "paths", why: "paths planned at once; the rest wait in SQLite" },
  smallFileBytes: { value: 32 * 1024, unit: "bytes", why: "files of one chunk, fetched many in one request" },
  indexBatchRows: { value: 500, unit: "rows", why: "rows in one index transaction" },
  brakeWindowMs: { value: 600_000, unit: "ms", why: "deletions are counted over this time" },
  brakeFraction: {
    value: 0.25,
    unit: "of the files",
    why: "more deletions than this share, and more than brakeCount, are held",
  },
  brakeCount: { value: 20, unit: "files", why: "small clean-ups pass" },
  brakeAbsolute: { value: 1000, unit: "files", why: "more are always held" },
  brakeAllOf: { value: 5, unit: "files", why: "losing every file of a folder of at least so many is held" },
  ignoreFileBytes: { value: 256 * 1024, unit: "bytes", why: "a larger .synclineignore is read up to here" },
  ignorePatterns: { value: 2000, unit: "patterns", why: "each file is tried against each pattern" },
  ignorePatternChars: { value: 1024, unit: "characters", why: "matching costs pattern length times name length" },
  versionsFreshMs: { value: 86_400_000, unit: "ms", why: "nothing younger is evicted, whatever the thinning says" },
  freeReserveBytes: { value: 512 * MIB, unit: "bytes", why: "free space that versions give way to" },
  freeReserveFraction: { value: 0.01, unit: "of the disk", why: "the smaller of this and freeReserveBytes counts" },
  stagedKeptMs: {
    value: 7 * 86_400_000,
    unit: "ms",
    why: "what a transfer that broke off left behind is kept so long for taking it up again",
  },
  stagedFiles: {
    value: 16,
    unit: "files",
    why: "files of a folder of which a transfer broke off; of older ones what was fetched is let go",
  },
  stagedChunks: {
    value: 131_072,
    unit: "chunks",
    why: "chunks of such files that are looked up, the latest first: 4 GiB, or 16 of files above that size",
  },
  tombstoneMs: { value: 365 * 86_400_000, unit: "ms", why: "deletions are remembered a year at least" },
  inviteMs: { value: 600_000, unit: "ms", why: "a pairing code lives ten minutes" },
  inviteTries: { value: 3, unit: "tries", why: "a guess wins with 3 in 10^6" },
  deadInvitesPerHour: { value: 5, unit: "invites", why: "more closes pairing until a person acts" },
  inviteRememberedMs: {
    value: 3_600_000,
    unit: "ms",
    why: "an ended code is told apart from a wrong one for so long; five dead invites within it close pairing",
  },
  inviteFolders: {
    value: 16,
    unit: "folders",
    why: "folders in one invite; the offer must fit into one pairing message",
  },
  joinCandidates: {
    value: 3,
    unit: "machines",
    why: "machines that one typed code is tried on, once each; each may guess once",
  },
  apiBodyBytes: { value: 4 * MIB, unit: "bytes", why: "largest request body of the control interface" },
  transfersPerPeer: {
    value: 64,
    unit: "transfers",
    why: "uploads and downloads that one peer may have open here at once",
  },
  transfersKept: { value: 100_000, unit: "transfers", why: "rows of transfers and of what sync moved; the oldest go" },
  transferFilesKept: {
    value: 200_000,
    unit: "files",
    why: "files listed of one transfer; the rest are in its sums only",
  },
  noticesKept: { value: 10_000, unit: "notices", why: "durable notices; the oldest go" },
  dashboardConnections: {
    value: 128,
    unit: "connections",
    why: "callers of the dashboard's server; a browser uses six, so this is many tabs and no flood",
  },
  dashboardKeyMs: { value: 600_000, unit: "ms", why: "a sign-in link on a terminal lives ten minutes" },
  dashboardPageKeyMs: { value: 60_000, unit: "ms", why: "a sign-in link that a browser is sent to is used at once" },
  ticketMs: { value: 60_000, unit: "ms", why: "an address that gives out one file is used at once" },
  ticketResumeMs: {
    value: 3_600_000,
    unit: "ms",
    why: "since its last byte: how long the same download may be gone on with",
  },
  uploadPieceBytes: {
    value: 8 * MIB,
    unit: "bytes",
    why: "of an upload from a browser, proven by its hash before it is written; held whole",
  },
  batchesMax: { value: 64, unit: "uploads", why: "uploads from browsers that are kept at once" },
  batchFiles: { value: 200_000, unit: "files", why: "of one upload from a browser" },
  previewTextBytes: { value: 256 * 1024, unit: "bytes", why: "of a text, shown on a page: more is not read anyway" },
  previewImageBytes: { value: 32 * MIB, unit: "bytes", why: "of an image, shown on a page" },
  usersMax: { value: 1000, unit: "users", why: "accounts of one node; all are kept in memory" },
  passwordCharactersMin: {
    value: PASSWORD_CHARACTERS_MIN,
    unit: "characters",
    why: "the least that NIST SP 800-63B lets people choose; tries are slowed down besides",
  },
  passwordBytes: {
    value: PASSWORD_BYTES_MAX,
    unit: "bytes",
    why: "no password is longer; a megabyte of one would cost time to hash",
  },
  passwordChecksAtOnce: {
    value: 2,
    unit: "passwords",
    why: "checking one takes 19 MiB and a core for a while; more wait",
  },
  passwordChecksWaiting: { value: 16, unit: "passwords", why: "more people at once are told to try again" },
  versionReadBytes: {
    value: MIB,
    unit: "bytes",
    why: "a version that is read whole, to be compared as text; disk thread and answer hold it in one piece",
  },
  regexMs: { value: 2000, unit: "ms", why: "a person's regular expression may take for one list, all in all" },
  contentHashesKept: {
    value: 1_000_000,
    unit: "hashes",
    why: "SHA-256 sums that are remembered by content; some 100 bytes each",
  },
  eventsKept: { value: 10_000, unit: "events", why: "durable events for replay" },
} as const satisfies Record<string, Limit>;
