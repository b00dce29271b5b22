/** What a path on the command line names. */
import { SyncError } from "../shared/errors.ts";

export type Target =
  /** No colon before the first slash: a path of this machine. */
  | { readonly kind: "local"; readonly path: string }
  /** `PEER:FOLDER/PATH`; folder "" for `PEER:` alone. */
  | { readonly kind: "remote"; readonly peer: string; readonly folder: string; readonly path: string };

/** The name under which a node's own folders are reached. */
export const SELF = "self";

/** Tells a local path from `PEER:FOLDER/PATH`. `./a:b` is local, as with rsync. Never fails; names are judged by the node. */
export function parseTarget(text: string, platform: string): Target {
  const colon = text.indexOf(":");
  const slash = text.indexOf("/");
  const isDrive = platform === "win32" && /^[A-Za-z]:(?:[\\/]|$)/.test(text);
  if (colon < 1 || (slash !== -1 && slash < colon) || isDrive) return { kind: "local", path: text };
  const rest = text.slice(colon + 1);
  const end = rest.indexOf("/");
  const folder = end === -1 ? rest : rest.slice(0, end);
  return {
    kind: "remote",
    peer: text.slice(0, colon),
    folder,
    path: end === -1 ? "" : withoutTrailingSlash(rest.slice(end + 1)),
  };
}

/** What `bob`, `desk:` and `desk:bob` name: somebody here, a device, somebody there. */
export function namedDevice(
  text: string,
  platform: string,
): { readonly peer: string | undefined; readonly name: string | undefined } {
  const target = parseTarget(text, platform);
  if (target.kind === "local") return { peer: undefined, name: text };
  const name = target.path === "" ? target.folder : `${target.folder}/${target.path}`;
  return { peer: target.peer === SELF ? undefined : target.peer, name: name === "" ? undefined : name };
}

/** Splits `a.doc@3` into the path and the version. A name that ends so itself is written `a@3@1`. */
export function splitVersion(text: string): { readonly path: string; readonly version: number | undefined } {
  const match = /^(.+)@(\d+)$/s.exec(text);
  if (match === null) return { path: text, version: undefined };
  const version = Number(match[2]);
  if (version < 1 || !Number.isSafeInteger(version)) {
    throw new SyncError("E_USAGE", `"@${match[2]}" is not a version`, {
      hint: "versions are numbered from 1, see `syncline versions PATH`",
    });
  }
  return { path: match[1] ?? "", version };
}

function withoutTrailingSlash(path: string): string {
  return path.replace(/\/+$/, "");
}
