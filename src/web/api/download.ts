/** Files as the browser itself fetches them: by a ticket, so that they stream to the disk and are never held here. */
import type { SessionInput } from "../../shared/api.ts";
import { callSession, failureOf } from "./client.ts";

/** A file or directory, on this node or on a peer. */
export interface Remote {
  /** Undefined: this node. */
  readonly peer: string | undefined;
  readonly folder: string;
  readonly path: string;
  /** One of a file's versions; undefined: what is there now. */
  readonly version?: number | undefined;
}

/** Has the browser save a file, or a directory as an archive. Throws Failure when it cannot be had. */
export async function download(what: Remote): Promise<void> {
  const { url } = await callSession("ticket", inputOf(what));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = "";
  anchor.click();
}

/** Has the browser save what is in its memory. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  URL.revokeObjectURL(url);
}

export type Preview =
  | { readonly kind: "image"; readonly url: string }
  | { readonly kind: "text"; readonly text: string; readonly isAll: boolean };

/** What can be shown of a file. Throws Failure where nothing can. */
export async function previewOf(what: Remote, signal: AbortSignal): Promise<Preview> {
  const { url, preview } = await callSession("ticket", { ...inputOf(what), use: "preview" });
  if (preview === "image") return { kind: "image", url };
  const response = await fetch(url, { credentials: "same-origin", cache: "no-store", signal });
  if (!response.ok) throw await failureOf(response);
  const text = await response.text();
  const shownBytes = Number(response.headers.get("Content-Length"));
  return { kind: "text", text, isAll: shownBytes >= Number(response.headers.get("X-Syncline-Size")) };
}

function inputOf({ peer, folder, path, version }: Remote): SessionInput<"ticket"> {
  return { peer: peer ?? "self", folder, path, version };
}
