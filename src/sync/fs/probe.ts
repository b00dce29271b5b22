/** Finds out what a file system can do by trying, because names of file systems tell little. */
import { isFsError } from "./errno.ts";
import { type Filesystem, type FsCapabilities, PRIVATE_DIRECTORY, type PrivatePath } from "./filesystem.ts";

export interface ProbeOptions {
  /** Goes into the names of trial files, so that two threads may probe at once. */
  readonly unique: string;
  /** Copies by sharing blocks or says that it cannot. */
  readonly reflink: (from: PrivatePath, to: PrivatePath) => boolean;
}

const STAGE = `${PRIVATE_DIRECTORY}/stage`;
// A second that is odd, and a fraction that shows every coarser step.
const TRIAL_MTIME_NS = 1_500_000_001_123_456_789n;
const GRAINS_NS = [1, 100, 1000, 1_000_000, 10_000_000, 1_000_000_000, 2_000_000_000] as const;

/**
 * Probes in `.syncline/stage`, which must exist and be writable, and leaves
 * nothing behind. Fails with FsError when not even a file can be made there.
 */
export function probeCapabilities(fs: Filesystem, options: ProbeOptions): FsCapabilities {
  // Names beyond ASCII are wanted here, which privatePath() refuses.
  const name = (suffix: string): PrivatePath => `${STAGE}/probe-${options.unique}-${suffix}` as PrivatePath;
  const made: PrivatePath[] = [];
  const track = (suffix: string): PrivatePath => {
    const path = name(suffix);
    made.push(path);
    remove(fs, path);
    return path;
  };
  try {
    const a = makeFile(fs, track("a"));
    const b = makeFile(fs, track("b"));
    return {
      exchange: can(() => fs.exchange(a, b)),
      renameNoReplace: canRenameNoReplace(fs, makeFile(fs, track("c")), track("d"), b),
      hardLinks: can(() => fs.link(a, track("link"))),
      symlinks: can(() => fs.symlink("target", track("symlink"))),
      executableBit: hasExecutableBit(fs, a),
      caseSensitive: isDistinct(fs, makeFile(fs, track("case")), name("CASE")),
      unicodeExact: isDistinct(fs, makeFile(fs, track("\u00e9")), name("e\u0301")) && isListed(fs, name("\u00e9")),
      mtimeGrainNs: mtimeGrain(fs, a),
      reflink: options.reflink(a, track("reflink")),
    };
  } finally {
    for (const path of made) remove(fs, path);
  }
}

function makeFile(fs: Filesystem, path: PrivatePath): PrivatePath {
  const handle = fs.createStage(path);
  try {
    handle.write(new Uint8Array([1]), 0);
  } finally {
    handle.close();
  }
  return path;
}

function can(trial: () => void): boolean {
  try {
    trial();
    return true;
  } catch (thrown) {
    if (isFsError(thrown, "ENOTSUP", "EPERM", "ENOSYS", "EINVAL", "EMLINK", "EXDEV")) return false;
    throw thrown;
  }
}

function canRenameNoReplace(fs: Filesystem, from: PrivatePath, to: PrivatePath, taken: PrivatePath): boolean {
  if (!can(() => fs.renameNoReplace(from, to))) return false;
  try {
    fs.renameNoReplace(to, taken);
    return false;
  } catch (thrown) {
    return isFsError(thrown, "EEXIST");
  }
}

function hasExecutableBit(fs: Filesystem, path: PrivatePath): boolean {
  const bitsAfter = (mode: number): number => {
    can(() => fs.chmod(path, mode));
    return (fs.stat(path)?.mode ?? 0) & 0o100;
  };
  return bitsAfter(0o700) !== 0 && bitsAfter(0o600) === 0;
}

/** Whether `other`, which was not made, is not found because `made` was. */
function isDistinct(fs: Filesystem, made: PrivatePath, other: PrivatePath): boolean {
  return fs.stat(made) !== undefined && fs.stat(other) === undefined;
}

function isListed(fs: Filesystem, path: PrivatePath): boolean {
  const wanted = path.slice(path.lastIndexOf("/") + 1);
  return fs.list(STAGE as PrivatePath).some((entry) => entry.name === wanted);
}

function mtimeGrain(fs: Filesystem, path: PrivatePath): number {
  fs.setMtime(path, TRIAL_MTIME_NS);
  const stored = fs.stat(path)?.mtimeNs ?? 0n;
  const fits = (grain: number): boolean => TRIAL_MTIME_NS - (TRIAL_MTIME_NS % BigInt(grain)) === stored;
  // A value that no step explains was rounded by a conversion on the way: microseconds hold.
  return GRAINS_NS.find(fits) ?? (isNear(stored) ? 1000 : 2_000_000_000);
}

function isNear(stored: bigint): boolean {
  const difference = stored - TRIAL_MTIME_NS;
  return difference > -1000n && difference < 1000n;
}

function remove(fs: Filesystem, path: PrivatePath): void {
  try {
    fs.unlink(path);
  } catch (thrown) {
    if (!isFsError(thrown, "ENOENT", "ENOTDIR")) throw thrown;
  }
}
