import { randomBytes } from "node:crypto";
import { type Duplex, duplexPair } from "node:stream";
import type { TLSSocket } from "node:tls";
import { CONNECTION_TIMES, Connection, type ConnectionEvents, type EndReason } from "../../../src/peer/connection.ts";
import type { ChunkSource } from "../../../src/peer/serve-chunks.ts";
import { SYNC_PROTOCOL } from "../../../src/peer/tls.ts";
import type { SecureChannel } from "../../../src/peer/transport/transport.ts";
import { OFFERED_FEATURES } from "../../../src/peer/wire/features.ts";
import { encodeFrame, FrameDecoder } from "../../../src/peer/wire/frames.ts";
import { encodeHello, encodeIntroduction, type Introduction } from "../../../src/peer/wire/greetings.ts";
import type { DeviceId, FolderId } from "../../../src/shared/ids.ts";
import type { Clock } from "../../../src/shared/ports.ts";
import { ManualClock } from "../support.ts";
import { deviceA, deviceB, folder } from "../wire/samples.ts";

export const nothingHere: ChunkSource = {
  read: () => false,
  chunkList: () => undefined,
  answerRegion: () => undefined,
  splice: () => undefined,
  relatedList: () => undefined,
  rest: () => {},
};

export function introduction(name: string): Introduction {
  const folders = [{ id: folder, label: "Shared" }];
  return { name, program: "test", nowMs: 5, addresses: [`${name}:1`], folders, removed: [] };
}

/** A channel over a stream in memory, as if `peer` had proven its key. */
export function channelOver(stream: Duplex, peer: DeviceId, isDialled: boolean): SecureChannel {
  let received = 0;
  stream.prependListener("data", (bytes: Uint8Array) => {
    received += bytes.length;
  });
  stream.pause();
  return {
    stream,
    socket: stream as TLSSocket,
    peer: { deviceId: peer, certificateDer: new Uint8Array(), protocol: SYNC_PROTOCOL },
    transport: "tcp",
    address: "test:1",
    isDialled,
    wireBytes: () => ({ sent: 0, received }),
  };
}

export interface Side {
  readonly connection: Connection;
  readonly log: string[];
  readonly bodies: Uint8Array[];
  reason: EndReason | undefined;
}

export interface SideOptions {
  readonly clock: Clock;
  readonly run?: bigint;
  readonly source?: ChunkSource;
  readonly mayRead?: (device: DeviceId, folder: FolderId) => boolean;
  readonly events?: Partial<ConnectionEvents>;
}

/** One end of a connection that introduces itself as soon as it is greeted. */
function side(channel: SecureChannel, name: string, options: SideOptions): Side {
  const log: string[] = [];
  const bodies: Uint8Array[] = [];
  const made: { side?: Side } = {};
  const connection = new Connection({
    channel,
    run: options.run ?? randomBytes(8).readBigUInt64LE(),
    clock: options.clock,
    times: CONNECTION_TIMES,
    source: options.source ?? nothingHere,
    mayRead: options.mayRead ?? (() => true),
    events: {
      onGreeted: (greeted) => {
        log.push("greeted");
        greeted.introduce(introduction(name));
      },
      onIntroduced: (_, { name: other }) => log.push(`introduced ${other}`),
      onFolderFrame: (_, type, body) => {
        log.push(type);
        bodies.push(new Uint8Array(body));
      },
      onDeviceRemoved: (_, device) => log.push(`removed ${device}`),
      onCommand: async (_, { route }) => void log.push(`command ${route}`),
      onProbe: (_, { address }) => log.push(`probe ${address}`),
      onProbeReply: (_, { isReachable }) => log.push(`probed ${isReachable}`),
      onEnd: (_, reason) => {
        if (made.side !== undefined) made.side.reason = reason;
        log.push(`end ${reason.code}`);
      },
      ...options.events,
    },
  });
  made.side = { connection, log, bodies, reason: undefined };
  return made.side;
}

/** Two connected ends and the clock they share. */
export function connectedSides(
  a: Partial<SideOptions> = {},
  b: Partial<SideOptions> = {},
): { a: Side; b: Side; clock: ManualClock; streams: [Duplex, Duplex] } {
  const clock = new ManualClock();
  const streams = duplexPair({ highWaterMark: 1024 * 1024 }) as [Duplex, Duplex];
  const near = side(channelOver(streams[0], deviceB, true), "a", { clock, ...a });
  const far = side(channelOver(streams[1], deviceA, false), "b", { clock, ...b });
  near.connection.start();
  far.connection.start();
  for (const stream of streams) stream.resume();
  return { a: near, b: far, clock, streams };
}

/** An established connection whose other end does only what the test does. */
export async function connectedToRaw(
  events: Partial<ConnectionEvents> = {},
  features: readonly string[] = OFFERED_FEATURES,
): Promise<{ a: Side; far: Duplex; types: string[]; clock: ManualClock }> {
  const clock = new ManualClock();
  const [near, far] = duplexPair({ highWaterMark: 1024 * 1024 }) as [Duplex, Duplex];
  const a = side(channelOver(near, deviceB, true), "a", { clock, events });
  const decoder = new FrameDecoder();
  const types: string[] = [];
  far.on("data", (bytes: Uint8Array) => types.push(...decoder.push(bytes).items.map(({ header }) => header.type)));
  a.connection.start();
  near.resume();
  far.write(encodeFrame("hello", encodeHello({ features, run: 1n })));
  far.write(encodeFrame("introduction", encodeIntroduction(introduction("raw"))));
  await settle();
  types.length = 0;
  return { a, far, types, clock };
}

/** Lets everything that is due happen; streams in memory need a few turns. */
export async function settle(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}
