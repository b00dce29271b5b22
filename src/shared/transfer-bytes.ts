/**
 * What a transfer cost and what it spared, in bytes.
 *
 * One definition for sync and explicit commands: `saved` adds up to the bytes
 * of the files less what went over the wire for them, in both directions.
 */

/** Bytes on a connection for some requests: frames, with what TLS adds around them. */
export interface WireBytes {
  readonly sent: number;
  readonly received: number;
}

export interface SavedBytes {
  /** Chunks taken from the version before, and regions rebuilt from it, less what asking and answering took. */
  readonly delta: number;
  /** Bytes that were on this node already: in other files, kept versions, or from a try that broke off. */
  readonly reuse: number;
  /** Of bytes that came whole: less what they took on the wire. Below zero where nothing was compressed: frames and TLS cost a little. */
  readonly compression: number;
}

export interface TransferBytes {
  readonly fileBytes: number;
  readonly wire: WireBytes;
  readonly saved: SavedBytes;
}

export const NO_WIRE: WireBytes = { sent: 0, received: 0 };
export const NO_TRANSFER: TransferBytes = {
  fileBytes: 0,
  wire: NO_WIRE,
  saved: { delta: 0, reuse: 0, compression: 0 },
};

const NO_SHARE: Share = { fileBytes: 0, wire: NO_WIRE };

export function addWire(a: WireBytes, b: WireBytes): WireBytes {
  return { sent: a.sent + b.sent, received: a.received + b.received };
}

export function addTransfer(a: TransferBytes, b: TransferBytes): TransferBytes {
  return {
    fileBytes: a.fileBytes + b.fileBytes,
    wire: addWire(a.wire, b.wire),
    saved: {
      delta: a.saved.delta + b.saved.delta,
      reuse: a.saved.reuse + b.saved.reuse,
      compression: a.saved.compression + b.saved.compression,
    },
  };
}

/** One way in which bytes of a file came: how many of the file's, for how many on the wire. */
export interface Share {
  readonly fileBytes: number;
  readonly wire: WireBytes;
}

export function addShare(a: Share, b: Share): Share {
  return { fileBytes: a.fileBytes + b.fileBytes, wire: addWire(a.wire, b.wire) };
}

/** A transfer as its parts. */
export function transferOf(parts: {
  /** Bytes taken from elsewhere on this node. */
  readonly reusedBytes?: number;
  /** Bytes taken from the version before. */
  readonly keptBytes?: number;
  /** Regions rebuilt from what was here. */
  readonly rebuilt?: Share;
  /** What came whole. */
  readonly whole?: Share;
}): TransferBytes {
  const { reusedBytes = 0, keptBytes = 0, rebuilt = NO_SHARE, whole = NO_SHARE } = parts;
  return {
    fileBytes: reusedBytes + keptBytes + rebuilt.fileBytes + whole.fileBytes,
    wire: addWire(rebuilt.wire, whole.wire),
    saved: { reuse: reusedBytes, delta: keptBytes + spared(rebuilt), compression: spared(whole) },
  };
}

/** What was spared, less what asking as a whole took: it is taken from the part that spared most, else it is a cost like that of frames. */
export function chargedTo(saved: SavedBytes, wireBytes: number): SavedBytes {
  const parts = ["compression", "delta", "reuse"] as const;
  const most = parts.reduce((best, part) => (saved[part] > Math.max(0, saved[best]) ? part : best));
  return { ...saved, [most]: saved[most] - wireBytes };
}

function spared({ fileBytes, wire }: Share): number {
  return fileBytes - wire.sent - wire.received;
}
