/**
 * Every kind of frame: its number on the wire, when it may come, how large its
 * body may be and which queue it waits in. docs/protocol.md has the same table.
 */
import { LIMITS } from "../../shared/limits.ts";

/**
 * What waits for what when a connection is busy: a more urgent frame passes
 * all that is less urgent. Frames of one urgency keep their order.
 */
export type Urgency = "control" | "metadata" | "bulk";

export interface FrameRow {
  readonly number: number;
  /** Only a hello may come before the hello, and only then. */
  readonly phase: "before hello" | "after hello";
  readonly bodyBytesMax: number;
  readonly urgency: Urgency;
  /** Handed over in pieces as they arrive, so that bulk is copied once, to where it is wanted. */
  readonly isStreamed: boolean;
  /** Its body may be compressed where both ends have `zstd/1`. */
  readonly isCompressible?: boolean;
  /** The header's request id names a request; 0 in every other frame. */
  readonly hasRequestId: boolean;
}

const HELLO = LIMITS.helloFrameBytes.value;
const CONTROL = LIMITS.controlFrameBytes.value;
const DATA = LIMITS.dataFrameBytes.value;

export const FRAMES = {
  hello: {
    number: 1,
    phase: "before hello",
    bodyBytesMax: HELLO,
    urgency: "control",
    isStreamed: false,
    hasRequestId: false,
  },
  introduction: after(2, CONTROL, "control"),
  goodbye: after(3, HELLO, "control"),
  ping: after(4, 0, "control"),
  pong: after(5, 0, "control"),
  deviceRemoved: after(6, HELLO, "metadata"),
  probeMe: after(7, HELLO, "control"),
  probeReply: after(8, HELLO, "control"),
  folderState: after(16, HELLO, "metadata"),
  indexUpdate: { ...after(17, CONTROL, "metadata"), isCompressible: true },
  indexAck: after(18, CONTROL, "metadata"),
  barrier: after(19, HELLO, "metadata"),
  barrierReply: after(20, CONTROL, "metadata"),
  folderClosed: after(21, HELLO, "metadata"),
  reconcile: after(22, HELLO, "metadata"),
  reconcileStep: after(23, CONTROL, "metadata"),
  fetchChunks: request(32, CONTROL, "control"),
  fetchChunkList: request(33, HELLO, "control"),
  cancel: request(34, 0, "control"),
  chunks: { ...request(35, DATA, "bulk"), isStreamed: true, isCompressible: true },
  chunkList: { ...request(36, DATA, "bulk"), isStreamed: true },
  fetchRegions: request(37, CONTROL, "control"),
  regions: { ...request(38, DATA, "bulk"), isStreamed: true, isCompressible: true },
  command: request(48, LIMITS.commandBytes.value, "control"),
  commandReply: { ...request(49, LIMITS.commandReplyBytes.value, "bulk"), isStreamed: true },
  commandCredit: request(50, HELLO, "control"),
} as const satisfies Record<string, FrameRow>;

export type FrameType = keyof typeof FRAMES;

const typesByNumber: ReadonlyMap<number, FrameType> = new Map(
  (Object.keys(FRAMES) as FrameType[]).map((type) => [FRAMES[type].number, type]),
);

/** The kind of frame with this number, or undefined when there is none. */
export function frameTypeOf(number: number): FrameType | undefined {
  return typesByNumber.get(number);
}

function after(number: number, bodyBytesMax: number, urgency: Urgency): FrameRow {
  return { number, phase: "after hello", bodyBytesMax, urgency, isStreamed: false, hasRequestId: false };
}

function request(number: number, bodyBytesMax: number, urgency: Urgency): FrameRow {
  return { ...after(number, bodyBytesMax, urgency), hasRequestId: true };
}
