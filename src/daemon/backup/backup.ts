/** Puts what makes a node this node into one closed file, and takes it out again. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { openIdentity } from "../../peer/identity.ts";
import { parseConfig } from "../../shared/config-parse.ts";
import { SyncError } from "../../shared/errors.ts";
import type { HomePaths } from "../../shared/home-paths.ts";
import { openHome } from "../home.ts";
import { systemClock, systemRandom } from "../system-ports.ts";
import { programVersion } from "../version.ts";
import { writeFileAtomically } from "../write-file.ts";
import { type BackupContent, type BackupFile, packContent, unpackContent } from "./backup-content.ts";
import { readKeptTables, writeKeptTables } from "./kept-tables.ts";
import { seal, unseal } from "./seal.ts";

/** What a backup holds, for people. */
export interface BackupSummary {
  readonly device: { readonly id: string; readonly name: string };
  readonly createdAt: string;
  readonly program: string;
  readonly files: readonly string[];
  readonly folders: number;
  readonly peers: number;
  readonly users: number;
}

/** Writes a backup of the home to `file`, which must not exist. The daemon may run. */
export async function createBackup(paths: HomePaths, file: string, passphrase: string): Promise<BackupSummary> {
  const content = await gather(paths);
  const sealed = await seal(packContent(content), passphrase, { randomBytes: (length) => systemRandom.bytes(length) });
  try {
    await writeFile(file, sealed, { flag: "wx", mode: 0o600, flush: true });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new SyncError("E_EXISTS", `${file} exists`, { cause });
    if (code === "ENOSPC") throw new SyncError("E_DISK_FULL", `${file}: the disk is full`, { cause });
    throw new SyncError("E_PERMISSION", `${file} cannot be written: ${message}`, { cause });
  }
  return summaryOf(content);
}

async function gather(paths: HomePaths): Promise<BackupContent> {
  const cert = await readOptional(join(paths.stateDir, "cert.pem"));
  const key = await readOptional(join(paths.stateDir, "key.pem"));
  if (cert === undefined || key === undefined)
    throw new SyncError("E_HOME_EMPTY", `${paths.stateDir} holds no identity: there is no node to keep`);
  const { deviceId } = await openIdentity(paths.stateDir);
  const config = await readOptional(paths.configFile);
  const peers = await readOptional(join(paths.stateDir, "peers.json"));
  return {
    v: 1,
    createdAt: new Date(systemClock.now()).toISOString(),
    program: programVersion(),
    device: { id: deviceId, name: parsed(config)?.name ?? hostname() },
    files: {
      "cert.pem": cert,
      "key.pem": key,
      ...(config === undefined ? {} : { "config.json": config }),
      ...(peers === undefined ? {} : { "peers.json": peers }),
    },
    tables: readKeptTables(join(paths.stateDir, "index.db")),
  };
}

/** Says what a backup holds, and changes nothing. */
export async function inspectBackup(file: string, passphrase: string): Promise<BackupSummary> {
  return summaryOf(await load(file, passphrase));
}

/**
 * Makes the home of `paths` from a backup. It must be missing or empty. The
 * key comes last: a restore that was cut short leaves no node behind, and a
 * home that another restore refuses until it is emptied.
 */
export async function restoreBackup(paths: HomePaths, file: string, passphrase: string): Promise<BackupSummary> {
  const content = await load(file, passphrase);
  for (const directory of new Set([paths.stateDir, paths.configDir])) await requireEmpty(directory);
  await openHome(paths);
  writeKeptTables(join(paths.stateDir, "index.db"), content.tables);
  const order: readonly BackupFile[] = ["config.json", "peers.json", "cert.pem", "key.pem"];
  for (const name of order) {
    const text = content.files[name];
    if (text !== undefined)
      await writeFileAtomically(name === "config.json" ? paths.configFile : join(paths.stateDir, name), text);
  }
  const { deviceId } = await openIdentity(paths.stateDir);
  if (deviceId !== content.device.id)
    throw new SyncError("E_BACKUP_BROKEN", "the backup holds the key of another device than it says");
  return summaryOf(content);
}

async function load(file: string, passphrase: string): Promise<BackupContent> {
  const sealed = await readOptional(file, null);
  if (sealed === undefined)
    throw new SyncError("E_PATH_NOT_FOUND", `${file} does not exist`, { hint: "check the spelling" });
  return unpackContent(await unseal(sealed, passphrase));
}

async function requireEmpty(directory: string): Promise<void> {
  const names = await readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new SyncError("E_PERMISSION", `${directory} cannot be opened: ${cause.message}`, { cause });
  });
  if (names.length === 0) return;
  throw new SyncError("E_HOME_NOT_EMPTY", `${directory} is not empty: a restore replaces nothing`);
}

function summaryOf({ device, createdAt, program, files, tables }: BackupContent): BackupSummary {
  const config = parsed(files["config.json"]);
  return {
    device,
    createdAt,
    program,
    files: Object.keys(files),
    folders: config?.folders ?? 0,
    peers: config?.peers ?? 0,
    users: tables["user"]?.length ?? 0,
  };
}

interface ConfigFacts {
  readonly name: string | undefined;
  readonly folders: number;
  readonly peers: number;
}

function parsed(text: string | undefined): ConfigFacts | undefined {
  const result = parseConfig(text ?? "");
  if (!result.ok) return undefined;
  const { name, folders, peers } = result.config;
  return { name: name ?? undefined, folders: Object.keys(folders).length, peers: Object.keys(peers).length };
}

async function readOptional(file: string): Promise<string | undefined>;
async function readOptional(file: string, encoding: null): Promise<Buffer | undefined>;
async function readOptional(file: string, encoding: "utf8" | null = "utf8"): Promise<string | Buffer | undefined> {
  try {
    return await readFile(file, encoding);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new SyncError("E_PERMISSION", `${file} cannot be read: ${message}`, { cause });
  }
}
