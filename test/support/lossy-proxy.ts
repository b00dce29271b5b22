/** Stands between two nodes on loopback: passes TCP on at a rate, and drops and reorders packets of UDP. */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Transform } from "node:stream";
import { seeded } from "./seeded.ts";

export interface LossyProxy extends AsyncDisposable {
  /** HOST:PORT, TCP and UDP. */
  readonly address: string;
  /** Lets no packet of UDP through any more. */
  block(): void;
  readonly packets: { passed: number; dropped: number; reordered: number };
}

export interface LossyProxyOptions {
  /** Where the node listens. */
  readonly port: number;
  /** Share of packets that is lost, 0 to 1. */
  readonly loss: number;
  /** Share that is held back until the next packet has gone. */
  readonly reorder: number;
  /** What TCP lets through each way. Without a bound, loopback has brought a file before UDP has shown what it can. */
  readonly tcpBytesPerMs: number;
  readonly seed: number;
}

const HOST = "127.0.0.1";

function throttle(bytesPerMs: number): Transform {
  return new Transform({
    transform: (bytes: Buffer, _, done) => {
      setTimeout(() => done(null, bytes), bytes.length / bytesPerMs);
    },
  });
}

export async function startLossyProxy(options: LossyProxyOptions): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: HOST, port: options.port });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      const throttled = throttle(options.tcpBytesPerMs);
      from.on("error", () => {});
      // What is still on its way arrives.
      from.on("close", () => throttled.end());
      from.pipe(throttled).pipe(to);
    }
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const packets = { passed: 0, dropped: 0, reordered: 0 };
  const random = seeded(options.seed);
  let isBlocked = false;
  const near = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 });
  near.bind(port, HOST);
  await once(near, "listening");
  const far = new Map<string, UdpSocket>();
  /** One direction, which may hold one packet back. */
  const lane = (send: (bytes: Buffer) => void): ((bytes: Buffer) => void) => {
    let held: Buffer | undefined;
    return (bytes) => {
      if (isBlocked || random() < options.loss) {
        packets.dropped++;
        return;
      }
      packets.passed++;
      if (held === undefined && random() < options.reorder) {
        packets.reordered++;
        held = bytes;
        return;
      }
      send(bytes);
      if (held !== undefined) send(held);
      held = undefined;
    };
  };
  const lanes = new Map<string, (bytes: Buffer) => void>();
  near.on("message", (bytes, from) => {
    const key = `${from.address}:${from.port}`;
    let forth = lanes.get(key);
    if (forth === undefined) {
      const socket = createSocket({ type: "udp4", recvBufferSize: 4 * 1024 * 1024 });
      far.set(key, socket);
      const back = lane((answer) => near.send(answer, from.port, from.address));
      socket.on("message", back);
      forth = lane((question) => socket.send(question, options.port, HOST));
      lanes.set(key, forth);
    }
    forth(bytes);
  });
  return {
    address: `${HOST}:${port}`,
    packets,
    block: () => {
      isBlocked = true;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      for (const socket of far.values()) socket.close();
      near.close();
      server.close();
    },
  };
}
