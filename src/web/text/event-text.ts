/** An event as a sentence. */
import type { NodeEvent } from "../../shared/api-node.ts";
import { bytes } from "./format.ts";

export interface Told {
  readonly text: string;
  readonly tone: "good" | "info" | "warn" | "bad";
}

export interface Names {
  readonly ofDevice: (id: string) => string;
  readonly ofFolder: (id: string) => string;
}

const PASSING: readonly unknown[] = ["scanning", "syncing", "in-sync"];

/** A folder that goes through its states, as it does with each change: no news beside the change itself. */
export function isPassing({ type, data }: NodeEvent): boolean {
  return type === "folder.state" && PASSING.includes(data["state"]);
}

export function tell(event: NodeEvent, names: Names): Told {
  const { type, path, data } = event;
  const folder = event.folder === null ? null : names.ofFolder(event.folder);
  const file = path ?? folder ?? "";
  const who = event.user ?? (event.device === null ? "" : names.ofDevice(event.device));
  const by = who === "" ? "" : ` by ${who}`;
  const size = typeof data["size"] === "number" ? ` (${bytes(data["size"])})` : "";
  const said = typeof data["message"] === "string" ? `: ${data["message"]}` : "";
  switch (type) {
    case "file.changed":
      return { text: `${file} changed${by}${size}`, tone: "info" };
    case "file.deleted":
      return { text: `${file} was deleted${by}`, tone: "info" };
    case "file.uploaded":
      return { text: `${file} was uploaded${by}${size}`, tone: "good" };
    case "file.downloaded":
      return { text: `${file} was downloaded${by}`, tone: "info" };
    case "conflict.created":
      return { text: `${file} was changed on two machines at once; both versions are kept`, tone: "warn" };
    case "conflict.resolved":
      return { text: `The conflict in ${file} is settled`, tone: "good" };
    case "peer.paired":
      return { text: `${String(data["name"] ?? who)} was paired`, tone: "good" };
    case "peer.connected":
      return { text: `${who} is connected`, tone: "good" };
    case "peer.lost":
      return { text: `${who} is gone${said}`, tone: "info" };
    case "peer.removed":
      return { text: `${who} no longer trusts ${String(data["name"] ?? "a device")}`, tone: "warn" };
    case "folder.state":
      return {
        text: `${folder ?? "A folder"} is ${String(data["state"] ?? "in another state").replace("-", " ")}`,
        tone: "info",
      };
    case "auth.refused":
      return { text: `Refused: ${String(data["reason"] ?? data["message"] ?? (who || "somebody"))}`, tone: "bad" };
    case "user.signed-in":
      return { text: `${event.user ?? "Somebody with a link"} signed in`, tone: "info" };
    case "user.signed-out":
      return { text: `${event.user ?? "Somebody"} signed out`, tone: "info" };
    case "user.added":
      return { text: `The user ${event.user ?? ""} was added by ${String(data["by"])}`, tone: "info" };
    case "user.removed":
      return { text: `The user ${event.user ?? ""} was removed by ${String(data["by"])}`, tone: "warn" };
    case "user.role":
      return { text: `${event.user ?? ""} was made ${String(data["role"])} by ${String(data["by"])}`, tone: "info" };
    case "user.password":
      return { text: `The password of ${event.user ?? ""} was set by ${String(data["by"])}`, tone: "info" };
    case "user.revoked":
      return { text: `${event.user ?? ""} was signed out by ${String(data["by"])}`, tone: "warn" };
    case "notice.created":
      return { text: `${file} was downloaded${by}`, tone: "info" };
    case "transfer.done":
      return {
        text: `${data["kind"] === "upload" ? "Upload" : "Download"} of ${file === "" ? "a folder" : file}: ${String(data["state"] ?? "over")}`,
        tone: data["state"] === "done" ? "good" : "warn",
      };
    default:
      return { text: [type, file, who].filter((part) => part !== "").join("  "), tone: "info" };
  }
}
