/**
 * Closes bytes with a passphrase, and opens them again.
 *
 * A backup is a first line that says how it was closed, and behind it what
 * AES-256-GCM made of the content. The key comes from the passphrase by
 * argon2id. The first line is authenticated with the rest, so nothing of the
 * file can be changed unseen.
 */
import { argon2, createCipheriv, createDecipheriv } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import { SyncError } from "../../shared/errors.ts";

export interface SealDeps {
  readonly randomBytes: (length: number) => Uint8Array;
}

/** As this version closes; a later one may ask for more. Source: RFC 9106 §4, second choice. */
const COST = { memoryKib: 64 * 1024, passes: 3, lanes: 4 };
/** A file that asks for more is no backup but an attack on memory. */
const MEMORY_KIB_MAX = 1024 * 1024;
const PASSES_MAX = 32;
const LANES_MAX = 16;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const HEADER_BYTES_MAX = 1024;
const FORMAT = "syncline-backup-1";

const HEADER = z.strictObject({
  format: z.literal(FORMAT),
  kdf: z.literal("argon2id"),
  memoryKib: z.int().min(8).max(MEMORY_KIB_MAX),
  passes: z.int().min(1).max(PASSES_MAX),
  lanes: z.int().min(1).max(LANES_MAX),
  salt: z.base64(),
  cipher: z.literal("aes-256-gcm"),
  nonce: z.base64(),
});

type Header = z.output<typeof HEADER>;

export async function seal(content: Uint8Array, passphrase: string, { randomBytes }: SealDeps): Promise<Buffer> {
  const header: Header = {
    format: FORMAT,
    kdf: "argon2id",
    ...COST,
    salt: Buffer.from(randomBytes(SALT_BYTES)).toString("base64"),
    cipher: "aes-256-gcm",
    nonce: Buffer.from(randomBytes(NONCE_BYTES)).toString("base64"),
  };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  const cipher = createCipheriv(header.cipher, await keyOf(passphrase, header), Buffer.from(header.nonce, "base64"));
  cipher.setAAD(line);
  return Buffer.concat([line, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** Throws E_BACKUP_BROKEN for what is no backup, and E_WRONG_PASSPHRASE when it does not open: a damaged file looks the same. */
export async function unseal(sealed: Uint8Array, passphrase: string): Promise<Buffer> {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const end = bytes.subarray(0, HEADER_BYTES_MAX).indexOf(10) + 1;
  const header = readHeader(bytes.subarray(0, end).toString("utf8"));
  if (bytes.length < end + TAG_BYTES) throw new SyncError("E_BACKUP_BROKEN", "the backup ends too early");
  const decipher = createDecipheriv(
    header.cipher,
    await keyOf(passphrase, header),
    Buffer.from(header.nonce, "base64"),
  );
  decipher.setAAD(bytes.subarray(0, end));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(end, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new SyncError("E_WRONG_PASSPHRASE", "the passphrase does not open this backup, or the file was changed", {
      cause,
    });
  }
}

function readHeader(line: string): Header {
  try {
    return HEADER.parse(JSON.parse(line));
  } catch (cause) {
    throw new SyncError("E_BACKUP_BROKEN", "this is no backup of Syncline, or a newer one made it", { cause });
  }
}

const deriveKey = promisify(argon2);

/** The same letters are the same passphrase, however a keyboard composes them. */
async function keyOf(passphrase: string, { salt, memoryKib, passes, lanes }: Header): Promise<Buffer> {
  return await deriveKey("argon2id", {
    message: Buffer.from(passphrase.normalize("NFC")),
    nonce: Buffer.from(salt, "base64"),
    memory: memoryKib,
    passes,
    parallelism: lanes,
    tagLength: KEY_BYTES,
  });
}
