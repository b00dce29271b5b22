/**
 * One sentence that says how the node is, and every reason why it is not in
 * sync, each with what to do. Pure: from a status to words.
 */
import type { FolderState, FolderStatus } from "../../shared/api-folders.ts";
import type { Status } from "../../shared/api-node.ts";
import type { PeerStatus } from "../../shared/api-peers.ts";
import { bytes, list, plural } from "./format.ts";

export type Tone = "good" | "busy" | "warn" | "bad" | "idle";

export interface Reason {
  readonly tone: Tone;
  readonly text: string;
  /** What to do, in words. */
  readonly fix: string;
  readonly code: string;
  /** Where on the page it can be done. */
  readonly link?: string;
  /** Held deletions of this folder are to be judged. */
  readonly heldIn?: string;
}

export interface Overview {
  readonly tone: Tone;
  readonly sentence: string;
  readonly reasons: readonly Reason[];
}

const TONES: Readonly<Record<FolderState, Tone>> = {
  "in-sync": "good",
  scanning: "busy",
  syncing: "busy",
  paused: "idle",
  halted: "bad",
  error: "bad",
};

export function folderTone(state: FolderState): Tone {
  return TONES[state];
}

export function peerTone(state: PeerStatus["state"]): Tone {
  switch (state) {
    case "connected":
      return "good";
    case "connecting":
      return "busy";
    case "offline":
    case "paused":
      return "idle";
    case "refused":
      return "bad";
  }
}

export function overview(status: Status): Overview {
  const reasons = status.folders.flatMap((folder) => folderReasons(folder)).concat(peerReasons(status));
  const needsPerson = reasons.filter(({ tone }) => tone === "warn" || tone === "bad").length;
  const { tone, sentence } = headline(status, needsPerson);
  const isCalm = tone === "good" || (tone === "idle" && status.state === "in-sync");
  return { tone: needsPerson > 0 && isCalm ? "warn" : tone, sentence, reasons };
}

function headline(status: Status, needsPerson: number): Pick<Overview, "tone" | "sentence"> {
  if (status.folders.length === 0) return { tone: "idle", sentence: "No folder yet" };
  const connected = status.peers.filter(({ state }) => state === "connected");
  const needs = `${plural(needsPerson, "thing needs", "things need")} you`;
  const [but, and] = needsPerson === 0 ? ["", ""] : [`, but ${needs}`, `, and ${needs}`];
  switch (status.state) {
    case "in-sync":
      if (connected.length > 0)
        return { tone: "good", sentence: `Everything is in sync with ${names(connected)}${but}.` };
      return status.peers.length === 0
        ? { tone: "idle", sentence: `Nothing is pending here, and no other machine is paired yet${but}.` }
        : { tone: "idle", sentence: `Nothing is pending here, but no other machine is connected${and}.` };
    case "scanning":
      return { tone: "busy", sentence: `Looking through ${labels(status, "scanning")}${but}.` };
    case "syncing":
      return { tone: "busy", sentence: `${syncing(status, connected)}${but}.` };
    case "paused":
      return { tone: "idle", sentence: `Paused: ${labels(status, "paused")}${but}.` };
    case "halted":
      return { tone: "bad", sentence: `Halted: ${labels(status, "halted")} waits for you.` };
    case "error":
      return { tone: "bad", sentence: `Not everything is in sync: ${labels(status, "error")} has problems.` };
  }
}

function syncing(status: Status, connected: readonly PeerStatus[]): string {
  const files = status.folders.reduce((sum, folder) => sum + folder.needFiles, 0);
  const size = status.folders.reduce((sum, folder) => sum + folder.needBytes, 0);
  if (files > 0) return `Syncing: ${plural(files, "file")} (${bytes(size)}) to fetch`;
  const behind = connected.filter(({ needFiles }) => needFiles > 0);
  if (behind.length > 0) return `Syncing: ${names(behind)} ${behind.length === 1 ? "is" : "are"} still fetching`;
  return "Syncing";
}

function folderReasons(folder: FolderStatus): readonly Reason[] {
  const at = `#/folders/${encodeURIComponent(folder.id)}`;
  const reasons: Reason[] = [];
  if (folder.heldDeletes > 0)
    reasons.push({
      tone: "warn",
      code: "E_MANY_DELETES",
      text: `${folder.label}: ${plural(folder.heldDeletes, "deletion is", "deletions are")} held, because so many at once may be a mistake`,
      fix: "Let them happen everywhere, or bring the files back",
      link: at,
      heldIn: folder.id,
    });
  if (folder.conflicts > 0)
    reasons.push({
      tone: "warn",
      code: "conflict",
      text: `${folder.label}: ${plural(folder.conflicts, "file was", "files were")} changed on two machines at once; both versions are kept`,
      fix: "Choose which one to keep",
      link: "#/conflicts",
    });
  for (const { path, code, message, fix } of folder.problems) {
    if (code === "E_MANY_DELETES" && folder.heldDeletes > 0) continue;
    const where = path === "" ? folder.label : `${folder.label}/${path}`;
    const tone = code === "E_PAUSED" || code === "E_NOT_SYNCED_YET" || code === "E_CHANGING" ? "busy" : "warn";
    reasons.push({ tone, code, text: `${where}: ${message}`, fix, link: at });
  }
  const rest = folder.problemsTotal - folder.problems.length;
  if (rest > 0)
    reasons.push({
      tone: "warn",
      code: "more",
      text: `${folder.label}: ${plural(rest, "more problem")}`,
      fix: "Mend those above first",
      link: at,
    });
  return reasons;
}

function peerReasons({ peers }: Status): readonly Reason[] {
  return peers
    .filter(({ state }) => state === "refused")
    .map(({ name, message }) => ({
      tone: "warn",
      code: "refused",
      text: `${name} is refused${message === null ? "" : `: ${message}`}`,
      fix: "See what it says there, or remove it here and pair again",
      link: "#/peers",
    }));
}

function labels(status: Status, state: FolderState): string {
  return list(status.folders.filter((folder) => folder.state === state).map(({ label }) => label));
}

function names(peers: readonly PeerStatus[]): string {
  return list(peers.map(({ name }) => name));
}
