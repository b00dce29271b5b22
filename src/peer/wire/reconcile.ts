/** Comparisons of indexes to bytes and back: `Reconcile` and `ReconcileStep` of messages.proto. */
import { fromHex } from "../../shared/hex.ts";
import type { ShortId } from "../../shared/ids.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Origin, OriginRun, Reconcile, ReconcileStep, Step } from "../../shared/reconcile-messages.ts";
import { DEVICES_MAX, DeviceTable, deviceAt, OWNER_CHARACTERS_MAX, readDevice, vectorFrom } from "./index-update.ts";
import { ProtoReader } from "./proto-reader.ts";
import { ProtoWriter } from "./proto-writer.ts";
import { broken, contentIdFrom, folderIdFrom, MESSAGE_CHARACTERS_MAX, shownText } from "./wire-values.ts";

const SALT_BYTES = 16;
const SUM_BYTES = 16;
const ELEMENT_BYTES = 8;
const NO_BYTES = new Uint8Array();
const FIELDS: Readonly<Record<Step["type"], number>> = {
  summary: 3,
  wish: 4,
  symbols: 5,
  proposal: 6,
  origins: 7,
  filled: 8,
  failure: 9,
};

export function encodeReconcile({ folder, salt, isFresh, isDeclined }: Reconcile): Uint8Array<ArrayBuffer> {
  const writer = new ProtoWriter();
  writer.string(1, folder);
  writer.bytes(2, salt);
  writer.bool(3, isFresh);
  writer.bool(4, isDeclined);
  return writer.finish();
}

export function decodeReconcile(body: Uint8Array): Reconcile {
  const reader = new ProtoReader(body);
  let [folder, isFresh, isDeclined] = ["", false, false];
  let salt: Uint8Array = NO_BYTES;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) folder = reader.string();
    else if (field === 2) salt = new Uint8Array(reader.bytes());
    else if (field === 3) isFresh = reader.bool();
    else if (field === 4) isDeclined = reader.bool();
    else reader.skip();
  }
  if (salt.length !== SALT_BYTES) throw broken(`a salt of ${salt.length} bytes`);
  return { type: "reconcile", folder: folderIdFrom(folder), salt, isFresh, isDeclined };
}

export function encodeReconcileStep({ folder, tag, step }: ReconcileStep): Uint8Array<ArrayBuffer> {
  const writer = new ProtoWriter();
  writer.string(1, folder);
  writer.uint(2, tag);
  writer.message(FIELDS[step.type], () => writeStep(writer, step));
  return writer.finish();
}

export function decodeReconcileStep(body: Uint8Array): ReconcileStep {
  const reader = new ProtoReader(body);
  let [folder, tag] = ["", 0];
  let step: Step | undefined;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    const read = READERS[field];
    if (field === 1) folder = reader.string();
    else if (field === 2) tag = reader.uint32();
    else if (read !== undefined) step = read(reader.message());
    else reader.skip();
  }
  if (step === undefined) throw broken("a step of a comparison that is none");
  return { type: "reconcile-step", folder: folderIdFrom(folder), tag, step };
}

function writeStep(writer: ProtoWriter, step: Step): void {
  switch (step.type) {
    case "summary":
      writer.uint(1, step.size);
      writer.bytes(2, step.root);
      break;
    case "wish":
      writer.uint(1, step.first);
      writer.uint(2, step.length);
      break;
    case "symbols":
      writer.uint(1, step.first);
      writer.uint(2, step.length);
      writer.bytes(3, step.symbols);
      break;
    case "proposal":
      writer.bytes(1, step.theirs);
      writer.bytes(2, step.sum);
      break;
    case "origins":
      writeOrigins(writer, step);
      break;
    case "filled":
      writer.bytes(1, step.changed);
      break;
    case "failure":
      writer.string(1, shownText(step.reason, MESSAGE_CHARACTERS_MAX));
      break;
    default:
      step satisfies never;
  }
}

function writeOrigins(writer: ProtoWriter, { isLast, runs }: Extract<Step, { type: "origins" }>): void {
  const devices = new DeviceTable();
  for (const { origin } of runs) if (origin !== null) devices.addAll([origin]);
  writer.bool(1, isLast);
  for (const device of devices.ids) writer.repeatedString(2, device);
  for (const run of runs) writer.message(3, () => writeRun(writer, run, devices));
}

function writeRun(writer: ProtoWriter, { count, origin }: OriginRun, devices: DeviceTable): void {
  writer.uint(1, count);
  if (origin === null) return;
  writer.uints(
    2,
    origin.version.flatMap(([device, counter]) => [devices.indexOf(device), counter]),
  );
  writer.uint(3, devices.indexOf(origin.author));
  if (origin.previous !== null) writer.bytes(4, fromHex(origin.previous));
  if (origin.owner !== origin.author) writer.string(5, origin.owner);
}

const READERS: Readonly<Record<number, (reader: ProtoReader) => Step>> = {
  3: (reader) => {
    let size = 0;
    let root: Uint8Array = NO_BYTES;
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) size = reader.uint();
      else if (field === 2) root = sumFrom(reader.bytes());
      else reader.skip();
    }
    return { type: "summary", size, root: sumFrom(root) };
  },
  4: (reader) => {
    const { first, length } = readRange(reader);
    return { type: "wish", first, length };
  },
  5: (reader) => ({ type: "symbols", ...readRange(reader) }),
  6: (reader) => {
    let [theirs, sum]: [Uint8Array, Uint8Array] = [NO_BYTES, NO_BYTES];
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) theirs = elementsFrom(reader.bytes());
      else if (field === 2) sum = reader.bytes();
      else reader.skip();
    }
    return { type: "proposal", theirs, sum: sumFrom(sum) };
  },
  7: readOrigins,
  8: (reader) => {
    let changed: Uint8Array = NO_BYTES;
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) changed = elementsFrom(reader.bytes());
      else reader.skip();
    }
    return { type: "filled", changed };
  },
  9: (reader) => {
    let reason = "";
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) reason = shownText(reader.string(), MESSAGE_CHARACTERS_MAX);
      else reader.skip();
    }
    return { type: "failure", reason };
  },
};

function readRange(reader: ProtoReader): {
  readonly first: number;
  readonly length: number;
  readonly symbols: Uint8Array;
} {
  let [first, length] = [0, 0];
  let symbols: Uint8Array = NO_BYTES;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) first = reader.uint32();
    else if (field === 2) length = reader.uint32();
    else if (field === 3) symbols = new Uint8Array(reader.bytes());
    else reader.skip();
  }
  const isInRange = length >= 1 && length <= LIMITS.reconcileRun.value;
  if (!isInRange || first + length > LIMITS.reconcileSymbols.value)
    throw broken(`coded symbols ${first} to ${first + length}`);
  return { first, length, symbols };
}

function readOrigins(reader: ProtoReader): Step {
  let isLast = false;
  const devices: ShortId[] = [];
  const runs: OriginRun[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) isLast = reader.bool();
    else if (field === 2) {
      if (devices.length >= DEVICES_MAX) throw broken("too many devices in one message");
      devices.push(readDevice(reader));
    } else if (field === 3) {
      if (runs.length >= LIMITS.recordsPerUpdate.value) throw broken("too many origins in one message");
      runs.push(readRun(reader.message(), devices));
    } else reader.skip();
  }
  return { type: "origins", isLast, runs };
}

function readRun(reader: ProtoReader, devices: readonly ShortId[]): OriginRun {
  let [count, author, owner] = [0, 0, ""];
  let previous: Origin["previous"] = null;
  const pairs: number[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) count = reader.uint32();
    else if (field === 2) reader.uints(pairs, 2 * LIMITS.devicesPerVector.value);
    else if (field === 3) author = reader.uint32();
    else if (field === 4) previous = contentIdFrom(reader.bytes());
    else if (field === 5) owner = reader.string();
    else reader.skip();
  }
  if (count < 1) throw broken("a run of no records");
  if (pairs.length === 0) return { count, origin: null };
  if (owner.length > OWNER_CHARACTERS_MAX) throw broken("an owner's name that is too long");
  const by = deviceAt(devices, author);
  const version = vectorFrom(pairs, devices);
  return { count, origin: { version, author: by, previous, owner: owner === "" ? by : owner } };
}

function sumFrom(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== SUM_BYTES) throw broken(`a sum of ${bytes.length} bytes`);
  return new Uint8Array(bytes);
}

function elementsFrom(bytes: Uint8Array): Uint8Array {
  if (bytes.length % ELEMENT_BYTES !== 0) throw broken("a part of an element");
  return new Uint8Array(bytes);
}
