/**
 * Index updates to bytes and back. The body is `IndexUpdate` of
 * messages.proto; it is written and read by hand because it comes by the
 * hundred thousand records, and so that each limit is checked on the way.
 */
import type { FileInfo, FileType, Head } from "../../shared/file-info.ts";
import { fromHex } from "../../shared/hex.ts";
import { parseShortId, type ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { DirectoryMove, IndexRecord, IndexUpdate } from "../../shared/messages.ts";
import { COUNTER_MAX, type VersionVector } from "../../shared/version-vector.ts";
import { ProtoReader } from "./proto-reader.ts";
import { ProtoWriter } from "./proto-writer.ts";
import { broken, contentIdFrom, epochFrom, folderIdFrom, relPathFrom } from "./wire-values.ts";

/** Brings heads into canonical order and drops what is dominated: the engine's `joinHeads`, handed in. */
export type CanonicalHeads = (heads: readonly Head[]) => readonly Head[];

const TYPES: readonly FileType[] = ["file", "directory", "symlink"];
export const OWNER_CHARACTERS_MAX = 256;
/** Lists above 1 KB are fetched on request; some slack lets the border move. */
const INLINE_LIST_BYTES_MAX = 4096;
export const DEVICES_MAX = 4096;
const MOVES_MAX = LIMITS.movesPerUpdate.value;
const PERMISSIONS = 0o777;
const MOVE_DIGEST_BYTES = 16;
const NO_BYTES = new Uint8Array();

/**
 * Encodes an update as bodies of at most `bodyBytesMax` bytes, each a whole
 * update that continues the one before. Usually one.
 */
export function encodeIndexUpdate(
  update: IndexUpdate,
  bodyBytesMax: number = LIMITS.controlFrameBytes.value,
): readonly Uint8Array<ArrayBuffer>[] {
  const body = encodeWhole(update);
  const isTooLarge =
    body.length > bodyBytesMax ||
    update.records.length > LIMITS.recordsPerUpdate.value ||
    update.moves.length > MOVES_MAX;
  if (!isTooLarge) return [body];
  const halves = halve(update);
  if (halves === undefined) throw new Error(`bug: one index record takes ${body.length} bytes`);
  return halves.flatMap((half) => encodeIndexUpdate(half, bodyBytesMax));
}

/** Splits by sequence number; undefined when there is nothing to split. */
function halve(update: IndexUpdate): readonly IndexUpdate[] | undefined {
  const sequences = [...update.records, ...update.moves].map(({ sequence }) => sequence).sort((a, b) => a - b);
  const middle = sequences[(sequences.length >>> 1) - 1];
  if (middle === undefined || middle === sequences.at(-1)) return undefined;
  const isFirst = ({ sequence }: { readonly sequence: number }): boolean => sequence <= middle;
  const isSecond = (entry: { readonly sequence: number }): boolean => !isFirst(entry);
  return [
    { ...update, lastSequence: middle, records: update.records.filter(isFirst), moves: update.moves.filter(isFirst) },
    {
      ...update,
      afterSequence: middle,
      records: update.records.filter(isSecond),
      moves: update.moves.filter(isSecond),
    },
  ];
}

function encodeWhole(update: IndexUpdate): Uint8Array<ArrayBuffer> {
  const writer = new ProtoWriter();
  const devices = new DeviceTable();
  writer.string(1, update.folder);
  writer.string(2, update.epoch);
  writer.uint(3, update.afterSequence);
  writer.uint(4, update.lastSequence);
  for (const record of update.records) devices.addAll(record.info.heads);
  for (const move of update.moves) devices.indexOf(move.author);
  for (const device of devices.ids) writer.string(5, device);
  for (const record of update.records) writer.message(6, () => writeRecord(writer, record, devices));
  for (const move of update.moves) writer.message(7, () => writeMove(writer, move, devices));
  return writer.finish();
}

/** Devices by number, in the order in which they are first named. */
export class DeviceTable {
  readonly #indexes = new Map<ShortId, number>();

  get ids(): Iterable<ShortId> {
    return this.#indexes.keys();
  }

  indexOf(device: ShortId): number {
    const known = this.#indexes.get(device);
    if (known !== undefined) return known;
    this.#indexes.set(device, this.#indexes.size);
    return this.#indexes.size - 1;
  }

  addAll(heads: readonly Pick<Head, "author" | "version">[]): void {
    for (const head of heads) {
      this.indexOf(head.author);
      for (const [device] of head.version) this.indexOf(device);
    }
  }
}

function writeRecord(writer: ProtoWriter, record: IndexRecord, devices: DeviceTable): void {
  writer.uint(1, record.sequence);
  writer.string(2, record.info.path);
  for (const head of record.info.heads) writer.message(3, () => writeHead(writer, head, devices));
  writer.bytes(4, record.chunkList);
  writer.bool(5, record.isApproved === true);
  if (record.splice !== undefined) writer.bytes(6, record.splice);
  if (record.content !== undefined) writer.bytes(7, record.content);
  if (record.spliceBase !== undefined) writer.bytes(8, fromHex(record.spliceBase));
}

function writeHead(writer: ProtoWriter, head: Head, devices: DeviceTable): void {
  writer.uints(
    1,
    head.version.flatMap(([device, counter]) => [devices.indexOf(device), counter]),
  );
  writer.uint(2, devices.indexOf(head.author));
  writer.uint(3, TYPES.indexOf(head.type));
  writer.bool(4, head.deleted);
  writer.uint(5, head.size);
  writer.sint64(6, head.mtimeNs);
  writer.uint(7, head.mode);
  if (head.contentId !== null) writer.bytes(8, fromHex(head.contentId));
  writer.string(9, head.target);
  if (head.previous !== null) writer.bytes(10, fromHex(head.previous));
  writer.string(11, head.owner);
}

function writeMove(writer: ProtoWriter, move: DirectoryMove, devices: DeviceTable): void {
  writer.uint(1, move.sequence);
  writer.string(2, move.from);
  writer.string(3, move.to);
  writer.uint(4, devices.indexOf(move.author));
  writer.uint(5, move.counter);
  writer.uint(6, move.count);
  writer.bytes(7, fromHex(move.digest));
}

/** Decodes and checks one update. Throws E_PROTOCOL; then nothing of it may be used. */
export function decodeIndexUpdate(body: Uint8Array, canonical: CanonicalHeads): IndexUpdate {
  const reader = new ProtoReader(body);
  let [folder, epoch, afterSequence, lastSequence] = ["", "", 0, 0];
  const devices: ShortId[] = [];
  const records: IndexRecord[] = [];
  const moves: DirectoryMove[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) folder = reader.string();
    else if (field === 2) epoch = reader.string();
    else if (field === 3) afterSequence = reader.uint();
    else if (field === 4) lastSequence = reader.uint();
    else if (field === 5) addBounded(devices, readDevice(reader), DEVICES_MAX);
    else if (field === 6)
      addBounded(records, readRecord(reader.message(), devices, canonical), LIMITS.recordsPerUpdate.value);
    else if (field === 7) addBounded(moves, readMove(reader.message(), devices), MOVES_MAX);
    else reader.skip();
  }
  if (afterSequence > lastSequence) throw broken(`an update from ${afterSequence} back to ${lastSequence}`);
  checkSequences(records, moves, afterSequence, lastSequence);
  return {
    type: "index-update",
    folder: folderIdFrom(folder),
    epoch: epochFrom(epoch, { mayBeEmpty: false }),
    afterSequence,
    lastSequence,
    records,
    moves,
  };
}

function addBounded<T>(list: T[], entry: T, countMax: number): void {
  if (list.length >= countMax) throw broken(`more than ${countMax} entries in one index update`);
  list.push(entry);
}

/** Rising, within the update's range; no record among the numbers of a move. */
function checkSequences(
  records: readonly IndexRecord[],
  moves: readonly DirectoryMove[],
  afterSequence: number,
  lastSequence: number,
): void {
  const moved = moves.map(({ sequence, count }) => ({ first: sequence - 2 * count + 1, sequence }));
  checkRising(moved, afterSequence, lastSequence);
  checkRising(
    records.map(({ sequence }) => ({ first: sequence, sequence })),
    afterSequence,
    lastSequence,
  );
  if (moved.some(({ first, sequence: last }) => records.some(({ sequence }) => sequence >= first && sequence <= last)))
    throw broken("a record among the numbers of a move");
}

function checkRising(
  entries: readonly { readonly first: number; readonly sequence: number }[],
  afterSequence: number,
  lastSequence: number,
): void {
  let previous = afterSequence;
  for (const { first, sequence } of entries) {
    if (first <= previous || sequence > lastSequence) throw broken(`sequence ${sequence} out of order`);
    previous = sequence;
  }
}

export function readDevice(reader: ProtoReader): ShortId {
  const device = parseShortId(reader.string());
  if (device === undefined) throw broken("what is no device's short id");
  return device;
}

function readRecord(reader: ProtoReader, devices: readonly ShortId[], canonical: CanonicalHeads): IndexRecord {
  let [sequence, path] = [0, ""];
  let chunkList: Uint8Array = NO_BYTES;
  let splice: Uint8Array = NO_BYTES;
  let content: Uint8Array = NO_BYTES;
  let spliceBase: Uint8Array = NO_BYTES;
  let isApproved = false;
  const heads: Head[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) sequence = reader.uint();
    else if (field === 2) path = reader.string();
    else if (field === 3) addBounded(heads, readHead(reader.message(), devices), LIMITS.headsPerRecord.value);
    else if (field === 4) chunkList = reader.bytes();
    else if (field === 5) isApproved = reader.bool();
    else if (field === 6) splice = reader.bytes();
    else if (field === 7) content = reader.bytes();
    else if (field === 8) spliceBase = reader.bytes();
    else reader.skip();
  }
  if (heads.length === 0) throw broken("a record without a version");
  for (const list of [chunkList, splice])
    if (list.length > INLINE_LIST_BYTES_MAX) throw broken(`a chunk list of ${list.length} bytes in a record`);
  if (content.length > LIMITS.smallFileBytes.value) throw broken(`a content of ${content.length} bytes in a record`);
  const info: FileInfo = { path: relPathFrom(path), heads: heads.length === 1 ? heads : canonical(heads) };
  return {
    sequence,
    info,
    chunkList: kept(chunkList),
    ...(splice.length === 0 ? {} : { splice: kept(splice) }),
    ...(spliceBase.length === 0 ? {} : { spliceBase: contentIdFrom(spliceBase) }),
    ...(content.length === 0 ? {} : { content: kept(content) }),
    ...(isApproved ? { isApproved } : {}),
  };
}

/** A copy, so that a few bytes do not hold on to a whole frame. */
function kept(bytes: Uint8Array): Uint8Array {
  return bytes.length === 0 ? NO_BYTES : new Uint8Array(bytes);
}

function readHead(reader: ProtoReader, devices: readonly ShortId[]): Head {
  const pairs: number[] = [];
  let [author, type, deleted, size, mtimeNs, mode, target, owner] = [0, 0, false, 0, 0n, 0, "", ""];
  let contentId: Uint8Array = NO_BYTES;
  let previous: Uint8Array = NO_BYTES;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) reader.uints(pairs, 2 * LIMITS.devicesPerVector.value);
    else if (field === 2) author = reader.uint32();
    else if (field === 3) type = reader.uint32();
    else if (field === 4) deleted = reader.bool();
    else if (field === 5) size = reader.uint();
    else if (field === 6) mtimeNs = reader.sint64();
    else if (field === 7) mode = reader.uint32();
    else if (field === 8) contentId = reader.bytes();
    else if (field === 9) target = reader.string();
    else if (field === 10) previous = reader.bytes();
    else if (field === 11) owner = reader.string();
    else reader.skip();
  }
  const head: Head = {
    version: vectorFrom(pairs, devices),
    author: deviceAt(devices, author),
    type: typeFrom(type),
    deleted,
    size,
    mtimeNs,
    mode: mode & PERMISSIONS,
    contentId: contentId.length === 0 ? null : contentIdFrom(contentId),
    target,
    previous: previous.length === 0 ? null : contentIdFrom(previous),
    owner,
  };
  checkHead(head);
  return head.type === "directory" && !head.deleted ? { ...head, mtimeNs: 0n } : head;
}

function typeFrom(number: number): FileType {
  const type = TYPES[number];
  if (type === undefined) throw broken(`the file type ${number}`);
  return type;
}

export function deviceAt(devices: readonly ShortId[], index: number): ShortId {
  const device = devices[index];
  if (device === undefined) throw broken(`device ${index} of ${devices.length}`);
  return device;
}

/** Sorted by device, each once, counters in their bounds. */
export function vectorFrom(pairs: readonly number[], devices: readonly ShortId[]): VersionVector {
  if (pairs.length === 0 || pairs.length % 2 !== 0) throw broken("a version that is not made of pairs");
  const vector: [ShortId, number][] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    vector.push([deviceAt(devices, pairs[i] as number), counterFrom(pairs[i + 1] as number)]);
  }
  if (vector.length > 1) {
    vector.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    for (let i = 1; i < vector.length; i++)
      if (vector[i]?.[0] === vector[i - 1]?.[0]) throw broken("a version that names a device twice");
  }
  return vector;
}

function counterFrom(value: number): number {
  if (value < 1 || value >= COUNTER_MAX) throw broken(`the counter ${value}`);
  return value;
}

/** What the fields of a head say together must be able to be true. */
function checkHead({ type, deleted, size, contentId, target, owner }: Head): void {
  const hasContent = !deleted && type !== "directory";
  if (hasContent !== (contentId !== null))
    throw broken(`a ${deleted ? "tombstone" : type} ${contentId === null ? "without" : "with"} a content id`);
  if (size > (type === "file" ? LIMITS.fileBytes.value : 0)) throw broken(`a ${type} of ${size} bytes`);
  if (type !== "symlink" && target !== "") throw broken(`a ${type} with a link target`);
  if (type === "symlink" && !deleted && target === "") throw broken("a symlink without a target");
  if (target.includes("\0") || target.length > LIMITS.symlinkBytes.value) throw broken("a link target that cannot be");
  if (owner.length > OWNER_CHARACTERS_MAX) throw broken("an owner's name that is too long");
}

function readMove(reader: ProtoReader, devices: readonly ShortId[]): DirectoryMove {
  let [sequence, from, to, author, counter, count] = [0, "", "", 0, 0, 0];
  let digest: Uint8Array = NO_BYTES;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) sequence = reader.uint();
    else if (field === 2) from = reader.string();
    else if (field === 3) to = reader.string();
    else if (field === 4) author = reader.uint32();
    else if (field === 5) counter = reader.uint();
    else if (field === 6) count = reader.uint();
    else if (field === 7) digest = reader.bytes();
    else reader.skip();
  }
  if (count < 1 || count > LIMITS.recordsPerMove.value || 2 * count > sequence)
    throw broken(`a move of ${count} records`);
  if (digest.length !== MOVE_DIGEST_BYTES) throw broken(`a move's digest of ${digest.length} bytes`);
  const move = {
    sequence,
    from: relPathFrom(from),
    to: relPathFrom(to),
    author: deviceAt(devices, author),
    counter: counterFrom(counter),
    count,
    digest: digest.toHex(),
  };
  const isInside = move.to === move.from || move.to.startsWith(`${move.from}/`) || move.from.startsWith(`${move.to}/`);
  if (isInside) throw broken("a move of a directory into itself");
  return move;
}
