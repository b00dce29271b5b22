/**
 * Adds to package-lock.json the packages of other platforms that npm left out.
 *
 * npm drops an optional package that the registry in use does not offer, and
 * `npm ci` then holds lock and manifest to differ. Run after adding a package
 * from such a registry: `node scripts/complete-lock.ts`. What is added has no
 * integrity; the platform is read from the name, as the makers of prebuilt
 * packages write it (`@scope/tool-linux-x64-musl`).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface LockEntry {
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type LockPackages = Record<string, LockEntry>;

const LOCK = join(import.meta.dirname, "../package-lock.json");
const SYSTEMS: readonly string[] = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "win32",
];
const PROCESSORS: Readonly<Record<string, string>> = {
  arm: "arm",
  armv7: "arm",
  arm64: "arm64",
  ia32: "ia32",
  loong64: "loong64",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
  x64: "x64",
};

/** The entry of a platform package, its keys in the order npm writes them. */
function platformEntry(name: string, version: string, isDev: boolean): LockEntry {
  const words = name.replace(/^.*\//, "").split("-");
  const system = words.find((word) => SYSTEMS.includes(word));
  const processor = words.map((word) => PROCESSORS[word]).find((word) => word !== undefined);
  if (system === undefined || processor === undefined || !/^\d+\.\d+\.\d+$/.test(version)) {
    throw new Error(`cannot tell platform and version of ${name} ${version}: add it by hand`);
  }
  const library =
    system === "linux" ? LIBRARIES.find(([prefix]) => words.some((word) => word.startsWith(prefix))) : undefined;
  return {
    version,
    cpu: [processor],
    ...(isDev ? { dev: true } : {}),
    ...(library === undefined ? {} : { libc: [library[1]] }),
    optional: true,
    os: [system],
  } as LockEntry;
}

const LIBRARIES: readonly (readonly [prefix: string, library: string])[] = [
  ["musl", "musl"],
  ["gnu", "glibc"],
];

const lock = JSON.parse(readFileSync(LOCK, "utf8")) as { packages: LockPackages };
const added: string[] = [];
for (const [path, { dev = false, optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`;
    if (place in lock.packages || `${path}/${place}` in lock.packages) continue;
    lock.packages[place] = platformEntry(name, version, dev);
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? "the lock names every platform" : `added ${added.join(", ")}`);
