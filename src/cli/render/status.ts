/** `syncline status` as sentences and tables. */
import type { FolderStatus } from "../../shared/api-folders.ts";
import type { Status } from "../../shared/api-node.ts";
import type { PeerStatus } from "../../shared/api-peers.ts";
import { printable } from "../../shared/printable.ts";
import type { Session } from "../session.ts";
import { formatAge, formatBytes, formatMs, formatPath, plural } from "./format.ts";
import { renderTable } from "./table.ts";

/** One sentence: everything in sync, or what is not and why. */
export function statusSentence(status: Status): string {
  if (status.folders.length === 0) return "No folder yet.";
  const behind = status.peers.filter((peer) => peer.state === "connected" && peer.needFiles > 0);
  const connected = status.peers.filter((peer) => peer.state === "connected");
  switch (status.state) {
    case "in-sync":
      return connected.length === 0
        ? `Nothing pending here; ${nobody(status)}.`
        : problemCount(status) === 0
          ? `Everything is in sync with ${names(connected)}.`
          : `In sync with ${names(connected)}, but for ${plural(problemCount(status), "problem")}.`;
    case "scanning":
      return `Looking through ${names(inState(status, "scanning"))}.`;
    case "syncing": {
      const needed = status.folders.reduce((sum, folder) => sum + folder.needFiles, 0);
      const bytes = status.folders.reduce((sum, folder) => sum + folder.needBytes, 0);
      if (needed > 0) return `Syncing: ${plural(needed, "file")} (${formatBytes(bytes)}) to fetch.`;
      if (problemCount(status) > 0) return `Not everything is in sync: ${plural(problemCount(status), "problem")}.`;
      return behind.length > 0
        ? `Syncing: ${names(behind)} ${behind.length === 1 ? "is" : "are"} still fetching.`
        : "Syncing.";
    }
    case "paused":
      return `Paused: ${names(inState(status, "paused"))}.`;
    case "halted":
      return `Halted: ${names(inState(status, "halted"))}; see the problem below.`;
    case "error":
      return `Not everything is in sync: ${plural(problemCount(status), "problem")} in ${names(inState(status, "error"))}.`;
  }
}

/** The whole of it. */
export function renderStatus(session: Session, status: Status): string {
  const { io, globals } = session;
  const isPlain = globals.plain;
  const style =
    status.state === "in-sync" ? "green" : status.state === "halted" || status.state === "error" ? "red" : "yellow";
  const parts = [
    `${session.style(style, statusMark(status))} ${printable(statusSentence(status))}`,
    `${printable(status.device.name)}  ${status.device.id}  listening on ${status.listen.join(", ") || "nothing"}`,
  ];
  if (status.folders.length > 0)
    parts.push(
      renderTable(
        FOLDER_COLUMNS,
        status.folders.map((folder) => folderRow(folder, io.userHome)),
        isPlain,
      ),
    );
  if (status.peers.length > 0)
    parts.push(
      renderTable(
        PEER_COLUMNS,
        status.peers.map((peer) => peerRow(peer, io.now())),
        isPlain,
      ),
    );
  const problems = status.folders.flatMap((folder) => problemLines(folder));
  if (problems.length > 0) parts.push(problems.join("\n"));
  const offers = status.peers.flatMap((peer) => offerLines(peer));
  if (offers.length > 0) parts.push(offers.join("\n"));
  if (status.folders.length === 0) parts.push("  next: syncline up DIR | syncline join CODE DIR");
  else if (status.peers.length === 0) parts.push("  next: syncline peer invite");
  else if (status.folders.some(({ conflicts }) => conflicts > 0)) parts.push("  next: syncline conflict list");
  return parts.join("\n\n");
}

export const FOLDER_COLUMNS = [
  { title: "FOLDER" },
  { title: "STATE" },
  { title: "FILES", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "TO FETCH", align: "right" },
  { title: "CONFLICTS", align: "right" },
  { title: "MODE" },
  { title: "PATH" },
] as const;

export function folderRow(folder: FolderStatus, userHome: string): readonly (string | number)[] {
  const need =
    folder.needFiles === 0 ? "-" : `${folder.needFiles.toLocaleString("en-US")} (${formatBytes(folder.needBytes)})`;
  const files = folder.files.toLocaleString("en-US");
  return [
    folder.id,
    folder.state,
    files,
    formatBytes(folder.bytes),
    need,
    folder.conflicts,
    folder.mode,
    formatPath(folder.path, userHome),
  ];
}

export const PEER_COLUMNS = [
  { title: "PEER" },
  { title: "STATE" },
  { title: "ADDRESS" },
  { title: "RTT", align: "right" },
  { title: "LACKS", align: "right" },
  { title: "LAST SEEN" },
] as const;

export function peerRow(peer: PeerStatus, now: Date): readonly (string | number)[] {
  const lacks =
    peer.needFiles === 0 ? "-" : `${peer.needFiles.toLocaleString("en-US")} (${formatBytes(peer.needBytes)})`;
  const seen = peer.state === "connected" ? "now" : formatAge(peer.lastSeen, now);
  return [
    peer.name,
    peer.message === null ? peer.state : `${peer.state} (${peer.message})`,
    peer.address ?? "-",
    formatMs(peer.rttMs),
    lacks,
    seen,
  ];
}

/** Folders that a device shares and this one does not, each with what to do. */
export function offerLines({ name, offers }: PeerStatus): readonly string[] {
  return offers.map(({ id, label, isHere }) =>
    isHere
      ? `${printable(`${name} shares ${label} with this device, and this device not with ${name}`)}\n  next: ${printable(`syncline folder share ${id} --to ${name}`)}`
      : `${printable(`${name} shares ${label} with this device, and it is not here`)}\n  next: ${printable(`syncline folder add DIR --from ${name} --folder-id ${id}`)}`,
  );
}

/** Problems of a folder, each with what to do. */
export function problemLines(folder: Pick<FolderStatus, "id" | "problems" | "problemsTotal">): readonly string[] {
  const lines = folder.problems.map(({ path, code, message, fix }) => {
    const where = path === "" ? folder.id : `${folder.id}/${path}`;
    return `${printable(`${where}: ${message} (${code})`)}\n  next: ${printable(fix)}`;
  });
  const rest = folder.problemsTotal - folder.problems.length;
  return rest > 0 ? [...lines, `… and ${plural(rest, "more problem")} in ${folder.id}`] : lines;
}

function statusMark(status: Status): string {
  return status.state === "in-sync" ? "✓" : status.state === "halted" || status.state === "error" ? "✗" : "…";
}

function nobody(status: Status): string {
  return status.peers.length === 0 ? "no other machine is paired yet" : "no other machine is connected";
}

function inState(status: Status, state: FolderStatus["state"]): readonly { readonly name: string }[] {
  return status.folders.filter((folder) => folder.state === state).map((folder) => ({ name: folder.label }));
}

function problemCount(status: Status): number {
  return status.folders.reduce((sum, folder) => sum + folder.problemsTotal, 0);
}

function names(things: readonly { readonly name: string }[]): string {
  const list = things.map(({ name }) => name);
  if (list.length > 4) return `${list.slice(0, 3).join(", ")} and ${list.length - 3} more`;
  return list.length < 2 ? (list[0] ?? "") : `${list.slice(0, -1).join(", ")} and ${list.at(-1)}`;
}
