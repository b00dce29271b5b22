/** Names made from other names: a mark goes between a name and its extension. */

const NAME_BYTES_MAX = 255;
/** A longer ending is no extension that anybody looks at. */
const EXTENSION_BYTES_MAX = 64;
const encoder = new TextEncoder();

interface SplitName {
  readonly stem: string;
  readonly extension: string;
}

/** What a version of a file is called beside it: `a.v3.pdf`, `a.v3.tar.gz`, `.bashrc.v3`. */
export function versionName(name: string, version: number): string {
  return marked(splitExtension(name), `.v${version}`);
}

/** Within the 255 bytes that file systems take. */
export function marked({ stem, extension }: SplitName, mark: string): string {
  return cutToBytes(stem, NAME_BYTES_MAX - byteLength(mark) - byteLength(extension)) + mark + extension;
}

/** `.tar.gz` counts whole; dots at the beginning begin no extension. */
export function splitExtension(name: string): SplitName {
  const start = /^\.+/.exec(name)?.[0].length ?? 0;
  const dot = name.lastIndexOf(".");
  if (dot <= start - 1 || dot === 0) return { stem: name, extension: "" };
  const stem = name.slice(0, dot);
  const compound = /^(.+)(\.tar)$/is.exec(stem);
  const at = compound !== null && compound[1] !== undefined && compound[1].length >= start ? dot - 4 : dot;
  const extension = name.slice(at);
  if (byteLength(extension) > EXTENSION_BYTES_MAX) return { stem: name, extension: "" };
  return { stem: name.slice(0, at), extension };
}

/** Cut at a character. */
export function cutToBytes(text: string, bytesMax: number): string {
  if (byteLength(text) <= bytesMax) return text;
  const characters = Array.from(text);
  let bytes = byteLength(text);
  while (bytes > bytesMax) bytes -= byteLength(characters.pop() ?? "");
  return characters.join("");
}

export function byteLength(text: string): number {
  return encoder.encode(text).length;
}
