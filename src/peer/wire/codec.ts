/**
 * The engine's messages to frame bodies and back. What comes from a peer is
 * checked here, whole, before anybody sees any of it.
 */
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { SyncError } from "../../shared/errors.ts";
import { LIMITS } from "../../shared/limits.ts";
import type {
  BarrierReply,
  BarrierRequest,
  FolderClosed,
  FolderMessage,
  FolderState,
  IndexAck,
} from "../../shared/messages.ts";
import type { FrameType } from "./frame-types.ts";
import { type CanonicalHeads, decodeIndexUpdate, encodeIndexUpdate } from "./index-update.ts";
import * as pb from "./messages_pb.ts";
import { checkRepeats } from "./proto-reader.ts";
import { decodeReconcile, decodeReconcileStep, encodeReconcile, encodeReconcileStep } from "./reconcile.ts";
import {
  broken,
  codeFrom,
  countFrom,
  epochFrom,
  folderIdFrom,
  MESSAGE_CHARACTERS_MAX,
  problemsFrom,
  problemsToSend,
  shownText,
} from "./wire-values.ts";

/** The frames that carry a folder's messages, in the order in which both ends must see them. */
export type FolderFrameType = Extract<
  FrameType,
  | "folderState"
  | "indexUpdate"
  | "indexAck"
  | "barrier"
  | "barrierReply"
  | "folderClosed"
  | "reconcile"
  | "reconcileStep"
>;

export interface FolderFrame {
  readonly type: FolderFrameType;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Whether a frame belongs to a folder's exchange. */
export function isFolderFrame(type: FrameType): type is FolderFrameType {
  return type in DECODERS;
}

/** Encodes a message: one frame, or several that say the same in smaller updates. */
export function encodeFolderMessage(message: FolderMessage): readonly FolderFrame[] {
  switch (message.type) {
    case "index-update":
      return encodeIndexUpdate(message).map((body) => ({ type: "indexUpdate", body }));
    case "folder-state":
      return [{ type: "folderState", body: encodeFolderState(message) }];
    case "index-ack":
      return [{ type: "indexAck", body: encodeIndexAck(message) }];
    case "barrier":
      return [
        {
          type: "barrier",
          body: toBytes(pb.BarrierSchema, create(pb.BarrierSchema, { folder: message.folder, id: message.id })),
        },
      ];
    case "barrier-reply":
      return [{ type: "barrierReply", body: encodeBarrierReply(message) }];
    case "folder-closed":
      return [{ type: "folderClosed", body: encodeFolderClosed(message) }];
    case "reconcile":
      return [{ type: "reconcile", body: encodeReconcile(message) }];
    case "reconcile-step":
      return [{ type: "reconcileStep", body: encodeReconcileStep(message) }];
  }
}

/** Decodes a folder's frame. Throws E_PROTOCOL; the connection it came from must end then. */
export function decodeFolderMessage(type: FolderFrameType, body: Uint8Array, canonical: CanonicalHeads): FolderMessage {
  return DECODERS[type](body, canonical);
}

const DECODERS: Readonly<Record<FolderFrameType, (body: Uint8Array, canonical: CanonicalHeads) => FolderMessage>> = {
  folderState: decodeFolderState,
  indexUpdate: decodeIndexUpdate,
  indexAck: decodeIndexAck,
  barrier: decodeBarrier,
  barrierReply: decodeBarrierReply,
  folderClosed: decodeFolderClosed,
  reconcile: decodeReconcile,
  reconcileStep: decodeReconcileStep,
};

/** Reads a body by its schema; whatever the decoder throws is the peer's fault. */
export function fromBytes<T extends DescMessage>(schema: T, body: Uint8Array): MessageShape<T> {
  try {
    return fromBinary(schema, body, { readUnknownFields: false });
  } catch (cause) {
    throw cause instanceof SyncError ? cause : broken(`what is no ${schema.name}`, cause);
  }
}

/** Writes a body by its schema, in a buffer of its own. */
export function toBytes<T extends DescMessage>(schema: T, message: MessageShape<T>): Uint8Array<ArrayBuffer> {
  return toBinary(schema, message).slice();
}

function encodeFolderState(state: FolderState): Uint8Array<ArrayBuffer> {
  const message = create(pb.FolderStateSchema, {
    folder: state.folder,
    epoch: state.epoch,
    sequence: BigInt(state.sequence),
    heldEpoch: state.heldEpoch,
    heldSequence: BigInt(state.heldSequence),
    opening: state.opening,
    answers: state.answers,
  });
  return toBytes(pb.FolderStateSchema, message);
}

function decodeFolderState(body: Uint8Array): FolderState {
  const state = fromBytes(pb.FolderStateSchema, body);
  return {
    type: "folder-state",
    folder: folderIdFrom(state.folder),
    epoch: epochFrom(state.epoch, { mayBeEmpty: true }),
    sequence: countFrom(state.sequence, "sequence"),
    heldEpoch: epochFrom(state.heldEpoch, { mayBeEmpty: true }),
    heldSequence: countFrom(state.heldSequence, "sequence"),
    opening: state.opening,
    answers: state.answers,
  };
}

function encodeIndexAck(ack: IndexAck): Uint8Array<ArrayBuffer> {
  const message = create(pb.IndexAckSchema, {
    folder: ack.folder,
    epoch: ack.epoch,
    received: BigInt(ack.received),
    applied: BigInt(ack.applied),
    problems: problemsToSend(ack.problems).map((problem) => create(pb.ProblemSchema, problem)),
  });
  return toBytes(pb.IndexAckSchema, message);
}

function decodeIndexAck(body: Uint8Array): IndexAck {
  checkRepeats(body, { 5: LIMITS.ackProblems.value });
  const ack = fromBytes(pb.IndexAckSchema, body);
  const received = countFrom(ack.received, "sequence");
  const applied = countFrom(ack.applied, "sequence");
  if (applied > received) throw broken(`an acknowledgement of ${applied}, of which it received ${received}`);
  return {
    type: "index-ack",
    folder: folderIdFrom(ack.folder),
    epoch: epochFrom(ack.epoch, { mayBeEmpty: true }),
    received,
    applied,
    problems: problemsFrom(ack.problems),
  };
}

function decodeBarrier(body: Uint8Array): BarrierRequest {
  const { folder, id } = fromBytes(pb.BarrierSchema, body);
  return { type: "barrier", folder: folderIdFrom(folder), id };
}

function encodeBarrierReply(reply: BarrierReply): Uint8Array<ArrayBuffer> {
  const message = create(pb.BarrierReplySchema, {
    folder: reply.folder,
    id: reply.id,
    sequence: BigInt(reply.sequence),
    problems: problemsToSend(reply.problems).map((problem) => create(pb.ProblemSchema, problem)),
  });
  return toBytes(pb.BarrierReplySchema, message);
}

function decodeBarrierReply(body: Uint8Array): BarrierReply {
  checkRepeats(body, { 4: LIMITS.ackProblems.value });
  const reply = fromBytes(pb.BarrierReplySchema, body);
  return {
    type: "barrier-reply",
    folder: folderIdFrom(reply.folder),
    id: reply.id,
    sequence: countFrom(reply.sequence, "sequence"),
    problems: problemsFrom(reply.problems),
  };
}

function encodeFolderClosed({ folder, code, message }: FolderClosed): Uint8Array<ArrayBuffer> {
  const shown = shownText(message, MESSAGE_CHARACTERS_MAX);
  return toBytes(pb.FolderClosedSchema, create(pb.FolderClosedSchema, { folder, code, message: shown }));
}

function decodeFolderClosed(body: Uint8Array): FolderClosed {
  const { folder, code, message } = fromBytes(pb.FolderClosedSchema, body);
  return {
    type: "folder-closed",
    folder: folderIdFrom(folder),
    code: codeFrom(code),
    message: shownText(message, MESSAGE_CHARACTERS_MAX),
  };
}
