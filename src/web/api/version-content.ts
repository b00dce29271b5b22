/** What a version of a file holds, as far as it is small enough to be looked at. */

import { stream } from "./client.ts";
import { type Preview, type Remote, saveBlob } from "./download.ts";

/** A larger version is restored, not looked at: the daemon holds one whole while it reads. */
export const VERSION_BYTES_MAX = 1024 * 1024;
const IMAGE_TYPES: Readonly<Record<string, string>> = {
  ...{ png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp" },
  ...{ avif: "image/avif", bmp: "image/bmp" },
};

/** Without `version` the current one. */
async function bytesOf({ peer, folder, path }: Remote, version: number, signal?: AbortSignal): Promise<Blob> {
  const pieces: BlobPart[] = [];
  for await (const line of stream("versionRead", { folder, path, version }, signal, peer))
    if (line.type === "piece") pieces.push(Uint8Array.from(atob(line.base64), (character) => character.charCodeAt(0)));
  return new Blob(pieces);
}

/** Has the browser save a version. */
export async function downloadVersion(what: Remote, version: number): Promise<void> {
  const name = what.path.split("/").at(-1) ?? what.path;
  saveBlob(await bytesOf(what, version), versionName(name, version));
}

/** `report.odt` of version 3: `report.v3.odt`. */
export function versionName(name: string, version: number): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}.v${version}${name.slice(dot)}` : `${name}.v${version}`;
}

export async function previewOfVersion(what: Remote, version: number, signal: AbortSignal): Promise<Preview> {
  const blob = await bytesOf(what, version, signal);
  const type = IMAGE_TYPES[what.path.split(".").at(-1)?.toLowerCase() ?? ""];
  if (type !== undefined) return { kind: "image", url: URL.createObjectURL(new Blob([blob], { type })) };
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (bytes.includes(0)) throw new Error("It is neither text nor an image that can be shown; download it.");
  return { kind: "text", text: new TextDecoder().decode(bytes), isAll: true };
}
