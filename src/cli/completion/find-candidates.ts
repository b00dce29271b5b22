/** Looks up what may complete a word: in the tables, in this machine's directories, and at the daemon. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { printable } from "../../shared/printable.ts";
import { SELF } from "../remote-path.ts";
import type { Session } from "../session.ts";
import type { Candidate, Completion, Wish } from "./wishes.ts";

/** More than this helps nobody at a prompt. */
const ENTRIES_MAX = 500;

/** Candidates that begin as the word does. What cannot be found out is left out: at a prompt nobody wants an error. */
export async function findCandidates(session: Session, completion: Completion): Promise<readonly Candidate[]> {
  const { wishes, prefix } = completion;
  const lists = await Promise.all(
    wishes.map(async (wish) => {
      try {
        return await candidatesFor(session, wish, prefix);
      } catch {
        return [];
      }
    }),
  );
  return lists
    .flat()
    .filter(({ value }) => value.startsWith(prefix) && printable(value) === value)
    .map((candidate) => ({ ...candidate, value: completion.kept + candidate.value }));
}

async function candidatesFor(session: Session, wish: Wish, prefix: string): Promise<readonly Candidate[]> {
  switch (wish.type) {
    case "words":
      return wish.candidates;
    case "peers":
      return (await session.call("peerList", {})).peers.map(({ name, state }) => closed(name, state));
    case "folders": {
      const { folders } = await session.call("folderList", {});
      return folderNames(folders, prefix).map(({ name, label }) => closed(name, label));
    }
    case "places":
      return await places(session, prefix, wish.isSelfOnly);
    case "files":
      return await localFiles(session, prefix, () => true);
    case "directories":
      return await localFiles(session, prefix, ({ isOpen }) => isOpen);
  }
}

function closed(value: string, note: string): Candidate {
  return { value, note, isOpen: false };
}

/** `PEER:` first, then `PEER:FOLDER/`, then what lies below, one level at a time. */
async function places(session: Session, prefix: string, isSelfOnly: boolean): Promise<readonly Candidate[]> {
  const colon = prefix.indexOf(":");
  if (colon === -1) return await devices(session, isSelfOnly);
  const device = prefix.slice(0, colon);
  if (isSelfOnly && device !== SELF) return [];
  const peer = device === SELF ? undefined : device;
  const rest = prefix.slice(colon + 1);
  const slash = rest.indexOf("/");
  if (slash === -1) {
    const folders = await foldersOf(session, peer);
    return folderNames(folders, rest).map(({ name, label }) => ({
      value: `${device}:${name}/`,
      note: label,
      isOpen: true,
    }));
  }
  const folder = rest.slice(0, slash);
  const entries = await entriesBelow(session, peer, folder, rest.slice(slash + 1));
  return entries.map((candidate) => ({ ...candidate, value: `${device}:${folder}/${candidate.value}` }));
}

async function devices(session: Session, isSelfOnly: boolean): Promise<readonly Candidate[]> {
  const self: Candidate = { value: `${SELF}:`, note: "this node", isOpen: true };
  if (isSelfOnly) return [self];
  const { peers } = await session.call("peerList", {});
  return [self, ...peers.map(({ name, state }) => ({ value: `${name}:`, note: state, isOpen: true }))];
}

interface FolderNames {
  readonly id: string;
  readonly label: string;
}

async function foldersOf(session: Session, peer: string | undefined): Promise<readonly FolderNames[]> {
  const folders: FolderNames[] = [];
  for await (const line of session.stream("list", {}, { peer }))
    if (line.type === "folder") folders.push({ id: line.path, label: line.label });
  return folders;
}

/** Each folder once: by its label where that is its own, else by its id. */
function folderNames(
  folders: readonly FolderNames[],
  prefix: string,
): readonly { readonly name: string; readonly label: string }[] {
  return folders.flatMap(({ id, label }) => {
    const isOwn = !/[/:]/.test(label) && folders.filter((other) => other.label === label).length === 1;
    const name = [...(isOwn ? [label] : []), id].find((text) => text.startsWith(prefix));
    return name === undefined ? [] : [{ name, label }];
  });
}

async function entriesBelow(
  session: Session,
  peer: string | undefined,
  folder: string,
  text: string,
): Promise<readonly Candidate[]> {
  const parent = text.slice(0, Math.max(0, text.lastIndexOf("/")));
  const input = { folder, path: parent, limit: ENTRIES_MAX, after: pathBefore(text) };
  const candidates: Candidate[] = [];
  for await (const line of session.stream("list", input, { peer })) {
    if (line.type === "folder" || line.type === "summary") continue;
    const isDirectory = line.type === "directory";
    candidates.push({ value: isDirectory ? `${line.path}/` : line.path, note: line.type, isOpen: isDirectory });
  }
  return candidates;
}

/** A path that comes before all that begin with `text`, so that a directory of 100,000 need not be read from its start. */
function pathBefore(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  if (!(last > 0x20 && last < 0x7f) || text.endsWith("/")) return "";
  return `${text.slice(0, -1)}${String.fromCharCode(last - 1)}\u{10ffff}`;
}

async function localFiles(
  session: Session,
  prefix: string,
  isWanted: (candidate: Candidate) => boolean,
): Promise<readonly Candidate[]> {
  const typed = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  const directory = resolve(session.io.cwd, typed.replace(/^~\//, `${session.io.userHome}/`));
  const begin = basename(prefix.endsWith("/") ? "" : prefix);
  const names = (await readdir(directory)).filter(
    (name) => name.startsWith(begin) && (begin !== "" || !name.startsWith(".")),
  );
  const found = await Promise.all(
    names.slice(0, ENTRIES_MAX).map(async (name): Promise<Candidate> => {
      const isDirectory = await isDirectoryAt(join(directory, name));
      return { value: `${typed}${name}${isDirectory ? "/" : ""}`, note: "", isOpen: isDirectory };
    }),
  );
  return found.filter(isWanted);
}

async function isDirectoryAt(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
