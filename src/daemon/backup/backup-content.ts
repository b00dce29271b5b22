/** What a backup holds: the node itself, never what lies in its folders, and nothing that can be had again. */
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { SyncError } from "../../shared/errors.ts";

/** A backup that grows beyond this when it is unpacked was not made here. */
const UNPACKED_BYTES_MAX = 256 * 1024 * 1024;

/** What SQLite holds in a cell; bytes and large numbers are not among what is kept. */
const cell = z.union([z.string(), z.number(), z.null()]);

const CONTENT = z.strictObject({
  v: z.literal(1),
  createdAt: z.string(),
  /** Version of the program that made it. */
  program: z.string(),
  device: z.strictObject({ id: z.string(), name: z.string() }),
  /** Texts, by the names of their files in the home. */
  files: z.strictObject({
    "cert.pem": z.string(),
    "key.pem": z.string(),
    "config.json": z.string().optional(),
    "peers.json": z.string().optional(),
  }),
  /** Rows of the index, by table. */
  tables: z.record(z.string().regex(/^[a-z_]+$/), z.array(z.record(z.string().regex(/^[a-z_]+$/), cell))),
});

export type BackupContent = z.output<typeof CONTENT>;
export type BackupFile = keyof BackupContent["files"];

export function packContent(content: BackupContent): Buffer {
  return gzipSync(JSON.stringify(content));
}

/** Throws E_BACKUP_BROKEN: who knows the passphrase may still have made something else. */
export function unpackContent(packed: Uint8Array): BackupContent {
  try {
    return CONTENT.parse(JSON.parse(gunzipSync(packed, { maxOutputLength: UNPACKED_BYTES_MAX }).toString("utf8")));
  } catch (cause) {
    throw new SyncError("E_BACKUP_BROKEN", "the backup opens, but a newer Syncline made it, or something else did", {
      cause,
    });
  }
}
