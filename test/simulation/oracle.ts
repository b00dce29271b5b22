/** What must hold when everything is over, and what every acknowledgement claims. */
import type { Head } from "../../src/shared/file-info.ts";
import type { RelPath } from "../../src/shared/ids.ts";
import type { IndexAck } from "../../src/shared/messages.ts";
import { compare } from "../../src/shared/version-vector.ts";
import { covers, sameHeads, winnerOf } from "../../src/sync/core/heads.ts";
import { compileIgnore } from "../../src/sync/core/ignore.ts";
import type { LocalRow } from "../../src/sync/index/index-port.ts";
import type { Inode } from "../support/sim-disk.ts";
import { type Ledger, tokensOn } from "./ledger.ts";
import { FOLDER, type SimNode } from "./sim-node.ts";

/**
 * An acknowledgement says that everything up to `applied` is on the disk of its
 * sender, and that all it produced was announced before (trust P5).
 */
export function ackFault(sender: SimNode, receiver: SimNode, ack: IndexAck): string | undefined {
  const index = receiver.index.read.folder(FOLDER);
  if (sender.settings.mode === "send-only" || ack.epoch !== index?.epoch) return undefined;
  // An older copy of the index was restored, and nobody knows yet.
  if (ack.received > index.sequence) return undefined;
  const ignore = compileIgnore({
    folderText: textOf(sender, ".synclineignore"),
    devicePatterns: sender.settings.ignorePatterns,
  });
  for (const row of receiver.index.read.localSince(FOLDER, 0, 10_000)) {
    if (row.sequence > ack.applied || ignore.isIgnored(row.path, winnerOf(row.heads).type === "directory")) continue;
    // What the receiver only wants itself it has not announced.
    if (row.stamp === null && !winnerOf(row.heads).deleted) continue;
    const own = sender.index.read.local(FOLDER, row.path);
    // A loser that a person here never saw may have to be applied anew after they changed the path.
    const theirs = winnerOf(row.heads);
    const isKnown = own !== undefined && covers(own.heads, [theirs]);
    const isWanted =
      own !== undefined && own.stamp === null && compare(winnerOf(own.heads).version, theirs.version) === "equal";
    // What it wrote itself, and wants back because a deletion was rejected, it was not told.
    if (theirs.author === sender.device) continue;
    // Nor what it announced itself just so: a record is not sent back.
    const told = receiver.index.read.remoteOf(FOLDER, sender.device, row.path);
    if (told !== undefined && sameHeads(told.heads, row.heads)) continue;
    const isHere = isKnown && (theirs.deleted || !isWanted);
    const isGoneForBoth = winnerOf(row.heads).deleted && own === undefined;
    if (!isHere && !isGoneForBoth)
      return `${sender.name} acknowledged ${ack.applied} of ${receiver.name}, but has not applied ${row.path} (${row.sequence})`;
  }
  return undefined;
}

/** Directories that are deleted elsewhere and stay here, because they hold what does not sync. */
export function blockedDirectories(nodes: readonly SimNode[]): ReadonlySet<string> {
  const problems = nodes.flatMap((node) => node.engine?.status.problems ?? []);
  return new Set(problems.filter((problem) => problem.code === "E_DIR_NOT_EMPTY").map((problem) => problem.path));
}

/** Looks at a world that has come to rest. Returns what is wrong. */
export function judge(
  nodes: readonly SimNode[],
  ledger: Ledger,
  options: { readonly isStrict: boolean },
): readonly string[] {
  const blocked = blockedDirectories(nodes);
  const isBlocked = (path: string): boolean =>
    [...blocked].some((directory) => directory === path || directory.startsWith(`${path}/`));
  return [
    ...lostTokens(nodes, ledger, options.isStrict),
    ...differences(nodes, isBlocked),
    ...nodes.flatMap((node) => indexFaults(node, isBlocked)),
  ];
}

function lostTokens(nodes: readonly SimNode[], ledger: Ledger, isStrict: boolean): readonly string[] {
  const visible = new Set(nodes.flatMap((node) => [...tokensOn(node.fs, "visible")]));
  const kept = new Set(nodes.flatMap((node) => [...tokensOn(node.fs, "kept")]));
  const faults: string[] = [];
  for (const [token, entry] of ledger.entries) {
    if (entry.end !== undefined || visible.has(token)) continue;
    const story = `${token}, written to ${entry.path} on ${entry.node} at ${entry.atMs.toFixed(1)}`;
    if (!kept.has(token)) faults.push(`lost: ${story}`);
    else if (isStrict && entry.hidden === undefined) faults.push(`only in a store: ${story}`);
  }
  return faults;
}

/** Visible trees and records must be equal; what only receives may differ where it was changed. */
function differences(nodes: readonly SimNode[], isBlocked: (path: string) => boolean): readonly string[] {
  const [first, ...others] = nodes.filter((node) => node.settings.mode !== "receive-only");
  if (first === undefined) return [];
  const faults = others.flatMap((other) => [
    ...treeDifferences(first, other, isBlocked),
    // Who only sends knows less of what the others have, and shows the same.
    ...(first.settings.mode === other.settings.mode ? recordDifferences(first, other, isBlocked) : []),
  ]);
  for (const node of nodes.filter((candidate) => candidate.settings.mode === "receive-only")) {
    const own = node.engine?.ownChanges ?? [];
    const isOwn = (path: string): boolean =>
      isBlocked(path) ||
      own.some((changed) => path === changed || path.startsWith(`${changed}/`) || changed.startsWith(`${path}/`));
    faults.push(...treeDifferences(first, node, isOwn));
  }
  return faults;
}

function treeDifferences(a: SimNode, b: SimNode, isExempt: (path: string) => boolean): readonly string[] {
  const [left, right] = [treeOf(a), treeOf(b)];
  const faults: string[] = [];
  for (const path of new Set([...left.keys(), ...right.keys()])) {
    if (left.get(path) === right.get(path) || isExempt(path)) continue;
    faults.push(
      `${path} differs: ${a.name} has ${left.get(path) ?? "nothing"}, ${b.name} has ${right.get(path) ?? "nothing"}`,
    );
  }
  return faults;
}

function recordDifferences(a: SimNode, b: SimNode, isExempt: (path: string) => boolean): readonly string[] {
  const [left, right] = [rowsOf(a), rowsOf(b)];
  const faults: string[] = [];
  for (const path of new Set([...left.keys(), ...right.keys()])) {
    const [one, two] = [left.get(path), right.get(path)];
    if (isExempt(path) || (one !== undefined && two !== undefined && sameHeads(one.heads, two.heads))) continue;
    faults.push(
      `record of ${path} differs: ${a.name} has ${headsText(one?.heads)}, ${b.name} has ${headsText(two?.heads)}`,
    );
  }
  return faults;
}

function headsText(heads: readonly Head[] | undefined): string {
  if (heads === undefined) return "none";
  return heads
    .map(
      (head) =>
        `${head.deleted ? "gone " : ""}${head.type}${head.contentId === null ? "" : ` ${head.contentId.slice(0, 6)}`} ${head.version.map(([device, counter]) => `${device[0]}${counter}`).join(",")}`,
    )
    .join(" | ");
}

/** Paths with what they hold; without what never syncs. */
function treeOf(node: SimNode): Map<string, string> {
  const ignore = compileIgnore({
    folderText: textOf(node, ".synclineignore"),
    devicePatterns: node.settings.ignorePatterns,
  });
  const found = new Map<string, string>();
  const visit = (directory: Inode, prefix: string): void => {
    for (const { name, inode } of directory.entries.values()) {
      const path = prefix + name;
      if (path === ".syncline" || ignore.isIgnored(path as RelPath, inode.type === "directory")) continue;
      found.set(path, shownInode(inode));
      if (inode.type === "directory") visit(inode, `${path}/`);
    }
  };
  visit(node.fs.disk.root, "");
  return found;
}

function shownInode(inode: Inode): string {
  if (inode.type === "directory") return "a directory";
  if (inode.type === "symlink") return `a link to ${inode.target}`;
  const text = new TextDecoder().decode(inode.data);
  return `${(inode.mode & 0o777).toString(8)} ${text.length > 60 ? `${text.slice(0, 60)}… (${text.length}, ${hashOf(text)})` : JSON.stringify(text)}`;
}

function hashOf(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

function textOf(node: SimNode, path: string): string {
  return node.fs.user.exists(path) ? node.fs.user.read(path) : "";
}

function rowsOf(node: SimNode): Map<string, LocalRow> {
  return new Map(node.index.read.localBelow(FOLDER, "", "", 100_000).map((row) => [row.path, row]));
}

/** The index must tell of the disk as it is. */
function indexFaults(node: SimNode, isExempt: (path: string) => boolean): readonly string[] {
  const tree = treeOf(node);
  const faults: string[] = [];
  const own = new Set<string>(node.engine?.ownChanges ?? []);
  for (const [path, row] of rowsOf(node)) {
    if (own.has(path) || isExempt(path)) {
      tree.delete(path);
      continue;
    }
    const winner = winnerOf(row.heads);
    const isOnDisk = tree.has(path);
    if (winner.deleted && isOnDisk) faults.push(`${node.name}: ${path} is deleted in the index but on the disk`);
    if (!winner.deleted && !isOnDisk) faults.push(`${node.name}: ${path} is live in the index but not on the disk`);
    if (!winner.deleted && isOnDisk && row.stamp === null) faults.push(`${node.name}: ${path} has no stamp`);
    const inode = isOnDisk ? node.fs.disk.inodeAt(path, "stat") : undefined;
    if (inode !== undefined && !winner.deleted) {
      if (inode.type !== winner.type)
        faults.push(`${node.name}: ${path} is a ${inode.type}, the index says ${winner.type}`);
      else if (inode.type === "file" && row.stamp !== null && row.stamp.ino !== inode.ino)
        faults.push(`${node.name}: ${path} is another file than the index knows`);
    }
    tree.delete(path);
  }
  for (const path of tree.keys()) {
    const isOwn = [...own].some((changed) => path === changed || path.startsWith(`${changed}/`));
    if (!isOwn && !isExempt(path)) faults.push(`${node.name}: ${path} is on the disk but not in the index`);
  }
  return faults;
}
