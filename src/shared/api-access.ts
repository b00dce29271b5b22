/**
 * Who may call which route over HTTP. A route without a line here does not
 * compile, so that nobody forgets to think of it. The control socket asks
 * nothing: whoever can open it is the node's local admin.
 */
import type { RouteName } from "./api-routes.ts";

/**
 * "user": whoever is signed in. "admin": admins. "local": nobody over HTTP; it
 * is for the control socket alone.
 */
export type Access = "user" | "admin" | "local";

export const ROUTE_ACCESS: Readonly<Record<RouteName, Access>> = {
  version: "user",
  status: "user",
  wait: "user",
  why: "user",
  watch: "user",
  events: "admin",
  logs: "admin",
  doctor: "admin",
  shutdown: "admin",

  join: "admin",
  peerInvite: "admin",
  peerList: "user",
  peerShow: "user",
  peerAdd: "admin",
  peerRename: "admin",
  peerRole: "admin",
  peerPause: "admin",
  peerResume: "admin",
  peerRemove: "admin",
  peerPing: "user",

  folderAdd: "admin",
  folderList: "user",
  folderShow: "user",
  folderShare: "admin",
  folderUnshare: "admin",
  folderMode: "admin",
  folderFetch: "admin",
  folderIgnore: "admin",
  folderPause: "admin",
  folderResume: "admin",
  folderRescan: "admin",
  folderApprove: "admin",
  folderReject: "admin",
  folderRevert: "admin",
  folderOverride: "admin",
  folderRepair: "admin",
  folderRemove: "admin",

  conflictList: "user",
  conflictShow: "user",
  conflictResolve: "admin",
  conflictUndo: "admin",

  list: "user",
  // Whose it is, and whether it may go for good, is judged path by path.
  delete: "user",
  mkdir: "user",
  move: "user",
  hash: "user",
  readBack: "user",
  verify: "user",
  repair: "user",
  versions: "user",
  versionRead: "user",
  restore: "user",
  trashList: "user",
  trashRestore: "user",
  trashEmpty: "admin",

  // They name files of this machine by absolute paths: for the control socket alone.
  download: "local",
  upload: "local",
  transferList: "user",
  transferPause: "admin",
  transferResume: "admin",
  transferCancel: "admin",
  // It names no place of its own: what the node's own person asked for once is asked for again.
  transferRetry: "admin",
  stats: "user",
  statsHistory: "user",
  notices: "user",

  // What one node asks another; its own page has other ways.
  downloadOpen: "local",
  uploadOpen: "local",
  uploadTake: "local",
  udpOpen: "local",
  transferClose: "local",
  noticeTell: "local",

  userList: "admin",
  userAdd: "admin",
  userRole: "admin",
  userPassword: "admin",
  userOwnPassword: "user",
  userSessions: "admin",
  userRevoke: "admin",
  userRemove: "admin",
  // What is kept of a login is this node's own person's.
  login: "local",
  logout: "local",
  loginOpen: "local",
  loginClose: "local",

  configGet: "admin",
  configSet: "admin",

  dashboardKey: "local",
};
