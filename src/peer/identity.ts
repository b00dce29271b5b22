/**
 * The device's certificate and key, kept as `cert.pem` and `key.pem` in its home.
 *
 * The certificate is all that others know of a device: its id is the hash of
 * the DER bytes, so the two files are made once and never renewed.
 */
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { SyncError } from "../shared/errors.ts";
import { type DeviceId, deviceIdFromHash, type ShortId, shortId } from "../shared/ids.ts";
import { makeCertificate } from "./self-signed.ts";

export interface Identity {
  readonly deviceId: DeviceId;
  readonly shortId: ShortId;
  readonly certificatePem: string;
  readonly certificateDer: Uint8Array;
  /** PKCS #8. Never logged; leaves the home in a closed backup only. */
  readonly keyPem: string;
}

const CERTIFICATE_FILE = "cert.pem";
const KEY_FILE = "key.pem";
/** A name being written; complete only once renamed. */
const STAGED = ".new";
const FILE_BYTES_MAX = 64 * 1024;
/** Twenty years. */
const VALID_DAYS = 7305;

/** The device id that a DER certificate stands for. */
export function deviceIdOf(certificateDer: Uint8Array): DeviceId {
  return deviceIdFromHash(createHash("sha256").update(certificateDer).digest());
}

/**
 * Loads the identity from `home`, or makes it when neither file is there.
 *
 * Called once at start, after the home directory itself was checked. A half
 * pair is never completed by guessing: that would change the device's id
 * behind the back of every peer that trusts it.
 */
export async function openIdentity(home: string): Promise<Identity> {
  await finishCreation(home);
  const certificatePem = await readOwn(join(home, CERTIFICATE_FILE), { isSecret: false });
  const keyPem = await readOwn(join(home, KEY_FILE), { isSecret: true });
  if (certificatePem === undefined && keyPem === undefined) return createIdentity(home);
  if (certificatePem === undefined || keyPem === undefined) {
    const missing = certificatePem === undefined ? CERTIFICATE_FILE : KEY_FILE;
    throw new SyncError("E_IDENTITY_BROKEN", `${join(home, missing)} is missing, but its other half is there`);
  }
  return identityFrom(certificatePem, keyPem, home);
}

/**
 * Makes a certificate and key and stores them in `home`.
 *
 * The key takes its name last, so a crash at any point leaves either no
 * identity or a whole one (`finishCreation` does the last rename again).
 */
async function createIdentity(home: string): Promise<Identity> {
  const made = await makeCertificate({ nowMs: Date.now(), validDays: VALID_DAYS, names: [], isClient: true });
  for (const [name, text] of [
    [KEY_FILE, made.keyPem],
    [CERTIFICATE_FILE, made.certificatePem],
  ] as const) {
    await writeStaged(join(home, name + STAGED), text);
  }
  await rename(join(home, CERTIFICATE_FILE + STAGED), join(home, CERTIFICATE_FILE));
  await rename(join(home, KEY_FILE + STAGED), join(home, KEY_FILE));
  await syncDirectory(home);
  return identityFrom(made.certificatePem, made.keyPem, home);
}

/** Repeats the last rename of a creation that a crash cut short; does nothing in every other state. */
async function finishCreation(home: string): Promise<void> {
  const keyPath = join(home, KEY_FILE);
  if ((await readOwn(keyPath, { isSecret: true })) !== undefined) return;
  const certificatePem = await readOwn(join(home, CERTIFICATE_FILE), { isSecret: false });
  if (certificatePem === undefined) return;
  const keyPem = await readOwn(keyPath + STAGED, { isSecret: true });
  if (keyPem === undefined) return;
  identityFrom(certificatePem, keyPem, home);
  await rename(keyPath + STAGED, keyPath);
  await syncDirectory(home);
}

function identityFrom(certificatePem: string, keyPem: string, home: string): Identity {
  const certificateDer = checkedPair(certificatePem, keyPem, home);
  const deviceId = deviceIdOf(certificateDer);
  return { deviceId, shortId: shortId(deviceId), certificatePem, certificateDer, keyPem };
}

function checkedPair(certificatePem: string, keyPem: string, home: string): Uint8Array {
  let certificate: X509Certificate;
  let isPair: boolean;
  try {
    certificate = new X509Certificate(certificatePem);
    isPair = certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch (cause) {
    throw unreadable(home, cause);
  }
  if (!isPair) throw new SyncError("E_IDENTITY_BROKEN", `${home}: key.pem does not belong to cert.pem`);
  return certificate.raw;
}

function unreadable(home: string, cause: unknown): SyncError {
  const message = `${home}: cert.pem or key.pem cannot be read as a certificate and its key`;
  return new SyncError("E_IDENTITY_BROKEN", message, { cause });
}

/** Reads a file of the identity; undefined when it is not there. Refuses links, special files and, for the key, any eyes but the owner's. */
async function readOwn(path: string, options: { isSecret: boolean }): Promise<string | undefined> {
  // Non-blocking, so that a pipe in the file's place cannot hold a thread for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return undefined;
      if (cause.code === "ELOOP" || cause.code === "EMLINK") {
        throw new SyncError("E_KEY_UNSAFE", `${path} is a symbolic link`, {
          hint: "put the file itself in its place",
          cause,
        });
      }
      throw new SyncError("E_KEY_UNSAFE", `${path} cannot be opened: ${cause.message}`, {
        hint: `make it readable for the user that runs Syncline: chmod 600 '${path}'`,
        cause,
      });
    },
  );
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new SyncError("E_KEY_UNSAFE", `${path} is not a regular file`, { hint: "move it away" });
    if (stat.size > FILE_BYTES_MAX)
      throw new SyncError("E_IDENTITY_BROKEN", `${path} is far larger than a certificate or key`);
    if (options.isSecret) checkOwnership(path, stat);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

function checkOwnership(path: string, stat: { readonly mode: number; readonly uid: number }): void {
  if (process.platform === "win32") return;
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== uid) {
    throw new SyncError("E_KEY_UNSAFE", `${path} belongs to another user`, {
      hint: `chown it to the user that runs Syncline, then chmod 600 '${path}'`,
    });
  }
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8);
    throw new SyncError("E_KEY_UNSAFE", `${path} can be read by others (mode ${mode})`, {
      hint: `chmod 600 '${path}'`,
    });
  }
}

async function writeStaged(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  const handle = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
