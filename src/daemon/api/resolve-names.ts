/** Finds what a person means by the name of a folder or a device. */
import type { Config } from "../../shared/config-schema.ts";
import { suggestion } from "../../shared/did-you-mean.ts";
import { SyncError } from "../../shared/errors.ts";
import type { DeviceId, FolderId } from "../../shared/ids.ts";
import { printable } from "../../shared/printable.ts";

/** Shorter beginnings of a device id are taken for names only. */
const ID_START_MIN = 4;

/**
 * The folder with this id, or the only one with this label; of all, or of those that exist for whoever asks.
 * Throws E_FOLDER_NOT_FOUND with a near miss, E_USAGE when it is ambiguous.
 */
export function resolveFolder(
  config: Config,
  text: string,
  ids: readonly FolderId[] = Object.keys(config.folders) as FolderId[],
): FolderId {
  const exact = ids.find((id) => id === text);
  if (exact !== undefined) return exact;
  const labelled = ids.filter((id) => config.folders[id]?.label === text);
  const [only] = labelled;
  if (only !== undefined && labelled.length === 1) return only;
  if (labelled.length > 1) throw ambiguous("folder", text, labelled);
  const known = [...ids, ...ids.map((id) => config.folders[id]?.label ?? "")];
  throw notFound("E_FOLDER_NOT_FOUND", "folder", text, known, "`syncline folder list`");
}

/** The device with this id, the beginning of one, or this name. Throws E_PEER_NOT_FOUND with a near miss, E_USAGE when it is ambiguous. */
export function resolvePeer(config: Config, text: string): DeviceId {
  const ids = Object.keys(config.peers) as DeviceId[];
  const plain = text.toUpperCase().replaceAll("-", "");
  const exact = ids.find((id) => id.replaceAll("-", "") === plain);
  if (exact !== undefined) return exact;
  const named = ids.filter((id) => config.peers[id]?.name === text);
  const begun = plain.length >= ID_START_MIN ? ids.filter((id) => id.replaceAll("-", "").startsWith(plain)) : [];
  const found = named.length > 0 ? named : begun;
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (found.length > 1) throw ambiguous("device", text, found);
  throw notFound(
    "E_PEER_NOT_FOUND",
    "paired device",
    text,
    ids.map((id) => config.peers[id]?.name ?? id),
    "`syncline peer list`",
  );
}

function ambiguous(what: string, text: string, ids: readonly string[]): SyncError {
  return new SyncError("E_USAGE", `more than one ${what} is called "${printable(text)}"`, {
    hint: `use its id: ${ids.join(", ")}`,
  });
}

function notFound(
  code: "E_FOLDER_NOT_FOUND" | "E_PEER_NOT_FOUND",
  what: string,
  text: string,
  known: readonly string[],
  list: string,
): SyncError {
  const guess = suggestion(text, known);
  const hint = guess === undefined ? undefined : { hint: `${printable(guess)} See ${list}` };
  return new SyncError(code, `there is no ${what} "${printable(text)}" here`, hint);
}
