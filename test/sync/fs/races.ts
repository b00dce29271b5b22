/** One primitive, a user who acts at chosen calls of it, and what must hold whatever happens. */
import { expect } from "vitest";
import { type DiskStamp, sameStamp } from "../../../src/shared/file-info.ts";
import type { RelPath } from "../../../src/shared/ids.ts";
import { changeMode } from "../../../src/sync/fs/change-mode.ts";
import { deleteDirectory, deleteFile } from "../../../src/sync/fs/delete.ts";
import {
  type DiskStat,
  type Filesystem,
  type FsPath,
  PRIVATE_DIRECTORY,
  privatePath,
} from "../../../src/sync/fs/filesystem.ts";
import { installNew } from "../../../src/sync/fs/install-new.ts";
import { IntentLog } from "../../../src/sync/fs/intent-log.ts";
import type { Kept } from "../../../src/sync/fs/keep.ts";
import { moveDirectory, moveFile } from "../../../src/sync/fs/move.ts";
import { replace } from "../../../src/sync/fs/replace.ts";
import { type Staged, stageFile, stageSymlink } from "../../../src/sync/fs/stage.ts";
import { stepping } from "../../support/stepping-fs.ts";
import type { UserActor } from "../../support/user-actor.ts";
import type { Bench } from "./filesystem-suite.ts";

const OLD = "old content";
const NEW = "new content of the other device";
const MOVED = "moved";
const KEEP = privatePath("store", "kept");
const path = (text: string): RelPath => text as RelPath;

/** Whatever a primitive answers, as far as the checks look into it. */
interface Outcome {
  readonly type: string;
  readonly kept?: Kept | undefined;
  readonly stamp?: DiskStamp;
}

export interface Scenario {
  readonly name: string;
  /** What the user has before. */
  plant(user: UserActor): void;
  /** Makes ready what the engine has before, and gives the primitive. */
  prepare(fs: Filesystem): (stepped: Filesystem, log: IntentLog) => Outcome;
  /** The paths that the user plays with, the one the primitive is about first. */
  readonly paths: readonly string[];
  /** The content that a believed stamp in the outcome stands for, and where. */
  readonly claims?: { readonly path: string; readonly text: string };
  /** No step but the user's ever leaves this path without a file, where the file system can exchange. */
  readonly alwaysThere?: string;
}

function stat(fs: Filesystem, of: string): DiskStat {
  const found = fs.stat(of as FsPath);
  if (found === undefined) throw new Error(`nothing at ${of}`);
  return found;
}

function stageNew(fs: Filesystem): Staged {
  return stageFile(fs, {
    path: privatePath("stage", "new"),
    bytes: new TextEncoder().encode(NEW),
    mode: 0o644,
    mtimeNs: 1_600_000_000_000_000_000n,
  });
}

const plantOld = (user: UserActor): void => {
  user.mkdir("d");
  user.write("d/a", OLD);
};
const plantLinked = (user: UserActor): void => {
  plantOld(user);
  user.link("d/a", "twin");
};

function replacing(fs: Filesystem): (stepped: Filesystem, log: IntentLog) => Outcome {
  const staged = stageNew(fs);
  const expected = stat(fs, "d/a");
  return (stepped, log) => replace(stepped, log, { staged, path: path("d/a"), expected, keepAs: KEEP });
}

function deleting(fs: Filesystem): (stepped: Filesystem, log: IntentLog) => Outcome {
  const expected = stat(fs, "d/a");
  return (stepped, log) => deleteFile(stepped, log, { path: path("d/a"), expected, keepAs: KEEP });
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "installNew",
    plant: (user) => user.mkdir("d"),
    prepare: (fs) => {
      const staged = stageNew(fs);
      return (stepped) => installNew(stepped, { staged, path: path("d/a") });
    },
    paths: ["d/a"],
    claims: { path: "d/a", text: NEW },
  },
  {
    name: "replace",
    plant: plantOld,
    prepare: replacing,
    paths: ["d/a"],
    claims: { path: "d/a", text: NEW },
    alwaysThere: "d/a",
  },
  {
    name: "replace of a linked file",
    plant: plantLinked,
    prepare: replacing,
    paths: ["d/a", "twin"],
    claims: { path: "d/a", text: NEW },
    alwaysThere: "d/a",
  },
  {
    name: "replace by a symlink",
    plant: plantOld,
    prepare: (fs) => {
      const staged = stageSymlink(fs, { path: privatePath("stage", "new"), target: NEW, mtimeNs: 0n });
      const expected = stat(fs, "d/a");
      return (stepped, log) => replace(stepped, log, { staged, path: path("d/a"), expected, keepAs: KEEP });
    },
    paths: ["d/a"],
    alwaysThere: "d/a",
  },
  { name: "deleteFile", plant: plantOld, prepare: deleting, paths: ["d/a"] },
  { name: "deleteFile of a linked file", plant: plantLinked, prepare: deleting, paths: ["d/a", "twin"] },
  {
    name: "moveFile",
    plant: (user) => {
      plantOld(user);
      user.mkdir("e");
    },
    prepare: (fs) => {
      const expected = stat(fs, "d/a");
      return (stepped, log) => moveFile(stepped, log, { from: path("d/a"), to: path("e/b"), expected, keepAs: KEEP });
    },
    paths: ["d/a", "e/b"],
    claims: { path: "e/b", text: OLD },
  },
  {
    name: "moveDirectory",
    plant: plantOld,
    prepare: (fs) => {
      const expected = stat(fs, "d");
      return (stepped) => moveDirectory(stepped, { from: path("d"), to: path("e"), expected });
    },
    paths: ["d/a", "e/a", "e"],
  },
  {
    name: "deleteDirectory",
    plant: (user) => user.mkdir("d"),
    prepare: () => (stepped) => deleteDirectory(stepped, { path: path("d"), removeJunk: true }),
    paths: ["d/a"],
  },
  {
    name: "changeMode",
    plant: plantOld,
    prepare: (fs) => {
      const expected = stat(fs, "d/a");
      return (stepped) => changeMode(stepped, { path: path("d/a"), expected, mode: 0o755 });
    },
    paths: ["d/a"],
    claims: { path: "d/a", text: OLD },
    alwaysThere: "d/a",
  },
];

/** What is known of every content ever written. */
class Ledger {
  /** Every text a reader may ever meet at a path. */
  readonly all = new Set<string>([OLD, NEW, MOVED]);
  /** What must not be lost. */
  live: ReadonlySet<string>;
  #count = 0;

  constructor(planted: Iterable<string>) {
    this.live = new Set(planted);
  }

  token(): string {
    this.#count += 1;
    const text = `token ${this.#count}${"!".repeat(this.#count)}`;
    this.all.add(text);
    this.live = new Set([...this.live, text]);
    return text;
  }

  /** The user overwrites or removes this, having it before their eyes. */
  supersede(text: string): void {
    this.live = new Set([...this.live].filter((other) => other !== text));
  }
}

export interface Play {
  readonly user: UserActor;
  readonly ledger: Ledger;
  readonly later: (() => void)[];
  /** The user left the path without a file. */
  userRemoved: boolean;
  /** The user took a name from an inode. */
  userUnlinked: boolean;
}

export interface UserAction {
  readonly name: string;
  act(play: Play, path: string): void;
}

function supersedeAt(play: Play, at: string): void {
  for (const [found, text] of play.user.contents()) {
    if (isAtOrBelow(found, at)) play.ledger.supersede(text);
  }
}

/** `rm` takes a name; with another link the content is still the user's. */
function supersedeUnlessLinked(play: Play, at: string): void {
  play.userUnlinked = true;
  const contents = play.user.contents();
  for (const [found, text] of contents) {
    if (!isAtOrBelow(found, at)) continue;
    const isElsewhere = [...contents].some(
      ([other, same]) => same === text && !isPrivate(other) && !isAtOrBelow(other, at),
    );
    if (!isElsewhere) play.ledger.supersede(text);
  }
}

export const ACTIONS: readonly UserAction[] = [
  {
    name: "writes in place",
    act: (play, at) => {
      supersedeAt(play, at);
      play.user.write(at, play.ledger.token());
    },
  },
  {
    name: "saves by rename",
    act: (play, at) => {
      supersedeUnlessLinked(play, at);
      play.user.save(at, play.ledger.token());
    },
  },
  {
    name: "deletes",
    act: (play, at) => {
      supersedeUnlessLinked(play, at);
      play.user.delete(at);
      play.userRemoved = true;
    },
  },
  {
    name: "deletes and creates",
    act: (play, at) => {
      supersedeUnlessLinked(play, at);
      play.user.delete(at);
      play.user.write(at, play.ledger.token());
    },
  },
  {
    name: "holds it open and writes later",
    act: (play, at) => {
      const handle = play.user.open(at);
      play.later.push(() => {
        // The user removed the other names by another program: what is written now is at no path of theirs.
        if (play.userUnlinked && handle.links() === 0) return;
        play.ledger.supersede(handle.read());
        handle.write(play.ledger.token());
        handle.close();
      });
    },
  },
  {
    name: "replaces it by a directory",
    act: (play, at) => {
      supersedeUnlessLinked(play, at);
      play.user.delete(at);
      play.user.mkdir(at);
      play.user.write(`${at}/in`, play.ledger.token());
      play.userRemoved = true;
    },
  },
  {
    name: "links it",
    act: (play, at) => play.user.link(at, "linked"),
  },
  {
    name: "removes the directory",
    act: (play, at) => {
      const parent = at.slice(0, Math.max(at.lastIndexOf("/"), 0)) || at;
      supersedeUnlessLinked(play, parent);
      play.user.delete(parent);
      play.userRemoved = true;
    },
  },
  {
    name: "moves the directory away and links to it",
    act: (play, at) => {
      const parent = at.slice(0, Math.max(at.lastIndexOf("/"), 0)) || at;
      play.user.move(parent, MOVED);
      play.user.symlink(MOVED, parent);
      play.userRemoved = true;
    },
  },
];

export interface Step {
  readonly step: number;
  readonly action: UserAction;
  readonly path: string;
}

/** Runs a scenario with the user acting right before the calls named in `steps`; returns how many calls there were. */
export function play(bench: Bench, scenario: Scenario, steps: readonly Step[]): number {
  const { fs, user } = bench;
  scenario.plant(user);
  const primitive = scenario.prepare(fs);
  const log = new IntentLog(fs, "test");
  log.record([{ path: path(scenario.paths[0] ?? ""), keepAs: KEEP }]);
  const planted = [...user.contents()].filter(([at]) => !isPrivate(at)).map(([, text]) => text);
  const state: Play = { user, ledger: new Ledger(planted), later: [], userRemoved: false, userUnlinked: false };
  let calls = 0;
  const before = (step: number): void => {
    calls = Math.max(calls, step + 1);
    for (const planned of steps) if (planned.step === step) tryAction(planned, state);
    checkReader(bench, scenario, state);
  };
  const outcome = primitive(stepping(fs, before), log);
  before(calls);
  checkStamps(fs, scenario, outcome, user);
  for (const later of state.later) later();
  checkLedger(user, state, outcome);
  log.close();
  return calls;
}

/** What a user cannot do just then (the file is not there) they do not do. */
function tryAction({ action, path: at }: Step, state: Play): void {
  const { live } = state.ledger;
  try {
    action.act(state, at);
  } catch (thrown) {
    if (!(thrown instanceof Error && "errno" in thrown)) throw thrown;
    state.ledger.live = live;
  }
}

/** P3: whoever looks sees a whole content, and where exchange exists never an empty place. */
function checkReader(bench: Bench, scenario: Scenario, state: Play): void {
  const contents = bench.user.contents();
  for (const at of scenario.paths) {
    const text = contents.get(at);
    if (text !== undefined) checkWhole(state, at, text);
    else if (at === scenario.alwaysThere && bench.fs.capabilities.exchange && !state.userRemoved)
      throw new Error(`${at} is not there`);
  }
}

/** A stamp that the disk has stands for the content that the index will believe in. */
function checkStamps(fs: Filesystem, scenario: Scenario, outcome: Outcome, user: UserActor): void {
  if (scenario.claims !== undefined && outcome.stamp !== undefined) {
    const found = fs.stat(scenario.claims.path as FsPath);
    if (found !== undefined && sameStamp(found, outcome.stamp))
      expect(user.contents().get(scenario.claims.path)).toBe(scenario.claims.text);
  }
  if (outcome.kept === undefined || (outcome.type !== "installed" && outcome.type !== "deleted")) return;
  const found = fs.stat(outcome.kept.path);
  if (found !== undefined && sameStamp(found, outcome.kept.stat))
    expect(user.contents().get(outcome.kept.path)).toBe(OLD);
}

/** P1: every content that nobody overwrote or removed with open eyes is at a path, or where the outcome says. */
function checkLedger(user: UserActor, state: Play, outcome: Outcome): void {
  const contents = [...user.contents()];
  for (const text of state.ledger.live) {
    const places = contents.filter(([, found]) => found === text).map(([at]) => at);
    const isNamed = places.some(
      (at) => !isPrivate(at) || (outcome.kept !== undefined && isAtOrBelow(at, outcome.kept.path)),
    );
    if (!isNamed)
      throw new Error(`${JSON.stringify(text)} is lost; outcome ${outcome.type}; files ${JSON.stringify(contents)}`);
  }
  for (const [at, text] of contents) if (!isPrivate(at)) checkWhole(state, at, text);
}

/** Plain throws in all of these: a suite runs them a million times. */
function checkWhole(state: Play, at: string, text: string): void {
  if (!state.ledger.all.has(text)) throw new Error(`${at} holds ${JSON.stringify(text)}, which nobody wrote`);
}

function isPrivate(at: string): boolean {
  return at.startsWith(`${PRIVATE_DIRECTORY}/`);
}

function isAtOrBelow(at: string, path: string): boolean {
  return at === path || at.startsWith(`${path}/`);
}
