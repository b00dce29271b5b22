/**
 * The thread that writes: hosts the disk operations of every folder of a node.
 *
 * Calls of one folder run in the order they were made. A failure travels back
 * as its code and message; the thread itself never ends on one.
 */
import { randomUUID } from "node:crypto";
import { parentPort } from "node:worker_threads";
import type { FolderId, ShortId } from "../../shared/ids.ts";
import { releaseBytes } from "../../shared/release-bytes.ts";
import { createCutter } from "../delta/cut.ts";
import { openDisk } from "../fs/disk.ts";
import { type Filesystem, FsError } from "../fs/filesystem.ts";
import { createHasher } from "../hash/blake3.ts";
import { DiskOperations } from "./disk-operations.ts";

/** Names of {@link DiskOperations} methods that may be called from outside. */
export type DiskCall = Exclude<keyof DiskOperations, "close">;

export type DiskRequest =
  | {
      readonly type: "open";
      readonly id: number;
      readonly folder: FolderId;
      readonly self: ShortId;
      readonly root: string;
    }
  | { readonly type: "close"; readonly id: number; readonly folder: FolderId }
  | {
      readonly type: "call";
      readonly id: number;
      readonly folder: FolderId;
      readonly call: DiskCall;
      readonly args: readonly unknown[];
    };

export interface DiskReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

const port = parentPort;
if (port === null) throw new Error("bug: the disk worker is a thread");
const hasher = createHasher();
const cutter = createCutter();
const folders = new Map<FolderId, { readonly fs: Filesystem; readonly operations: DiskOperations }>();

function open(request: Extract<DiskRequest, { type: "open" }>): void {
  const { folder, self, root } = request;
  folders.get(folder)?.operations.close();
  folders.delete(folder);
  const fs = openDisk(root);
  const operations = new DiskOperations({
    fs,
    folder,
    self,
    hasher,
    cutter,
    elsewhere: (other) => folders.get(other)?.fs,
    unique: () => randomUUID(),
    nowNs: () => BigInt(Date.now()) * 1_000_000n,
  });
  if (operations.check().type === "ok") fs.probe();
  folders.set(folder, { fs, operations });
}

function answer(request: DiskRequest): unknown {
  if (request.type === "open") return open(request);
  const operations = folders.get(request.folder)?.operations;
  if (request.type === "close") {
    operations?.close();
    folders.delete(request.folder);
    return undefined;
  }
  if (operations === undefined) throw new FsError("ENOENT", 2, request.folder, "open");
  if (request.call === "writeStaged") return writeStaged(operations, request.args as Parameters<WriteStaged>);
  if (request.call === "execute") return execute(operations, request.args as Parameters<Execute>);
  const method = operations[request.call] as (...args: readonly unknown[]) => unknown;
  return method.apply(operations, [...request.args]);
}

type WriteStaged = DiskOperations["writeStaged"];

function writeStaged(operations: DiskOperations, [contentId, pieces]: Parameters<WriteStaged>): void {
  operations.writeStaged(contentId, pieces);
  for (const { bytes } of pieces) releaseBytes(bytes);
}

type Execute = DiskOperations["execute"];

/** The bytes that came along are copies of this thread's own, many of them in one buffer. */
function execute(operations: DiskOperations, [steps]: Parameters<Execute>): ReturnType<Execute> {
  const outcomes = operations.execute(steps);
  const buffers = new Set(
    steps.flatMap((step) => (step.step === "file" && step.source.from === "bytes" ? [step.source.bytes.buffer] : [])),
  );
  for (const buffer of buffers) releaseBytes(new Uint8Array(buffer));
  return outcomes;
}

port.on("message", (request: DiskRequest) => {
  let reply: DiskReply;
  try {
    reply = { id: request.id, value: answer(request) };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const code = typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "E_INTERNAL";
    reply = { id: request.id, error: { code, message } };
  }
  port.postMessage(reply);
});
