import { createSecureContext } from "node:tls";
import { expect, type TestContext, test } from "vitest";
import { clientTlsOptions, SYNC_PROTOCOL, serverTlsOptions } from "../../../src/peer/tls.ts";
import { secureAccepted, secureDialled } from "../../../src/peer/transport/secure-stream.ts";
import type { SecureChannel } from "../../../src/peer/transport/transport.ts";
import { UdpEndpoint } from "../../../src/peer/transport/udp.ts";
import { makeIdentity } from "../certificates.ts";

const HOST = "127.0.0.1";

function endpoint({ skip }: TestContext): UdpEndpoint {
  const found = UdpEndpoint.load();
  skip(found === undefined, "udx-native is not installed: there are no transfers over UDP");
  return found as UdpEndpoint;
}

/** A free port for UDP: bound by an endpoint, and let go of. */
async function listening(context: TestContext): Promise<{ readonly end: UdpEndpoint; readonly port: number }> {
  for (let port = 41_000 + (process.pid % 10_000); ; port++) {
    const end = endpoint(context);
    try {
      end.bind({ host: HOST, port });
      return { end, port };
    } catch {
      await end[Symbol.asyncDispose]();
    }
  }
}

test("both ends prove their keys, and bytes arrive whole and in order", async (context) => {
  const { end, port } = await listening(context);
  await using near = endpoint(context);
  await using far = end;
  const [a, b] = [await makeIdentity(), await makeIdentity()];
  const signal = AbortSignal.timeout(20_000);
  const accepting = (async (): Promise<SecureChannel> => {
    const raw = await far.expect({ local: 2, remote: 1 }, HOST, signal);
    const tls = serverTlsOptions(b, () => [SYNC_PROTOCOL]);
    const { stream, ...facts } = raw;
    return await secureAccepted(
      stream,
      { context: createSecureContext(tls), tls },
      { ...facts, transport: "udp", isDialled: false },
    );
  })();
  const { stream, ...facts } = near.dial({ local: 1, remote: 2 }, { host: HOST, port });
  const dialled = await secureDialled(stream, clientTlsOptions(a, SYNC_PROTOCOL), {
    ...facts,
    transport: "udp",
    isDialled: true,
  });
  const accepted = await accepting;
  expect([dialled.peer.deviceId, accepted.peer.deviceId]).toEqual([b.deviceId, a.deviceId]);
  const sent = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7) & 0xff));
  accepted.stream.on("error", () => {});
  dialled.stream.on("error", () => {});
  accepted.stream.write(sent);
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of dialled.stream as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length >= sent.length) break;
  }
  expect(Buffer.concat(parts).equals(sent)).toBe(true);
  expect(dialled.wireBytes().received).toBeGreaterThan(sent.length);
});

test("nobody is answered who was not announced, and none of another machine", async (context) => {
  const { end, port } = await listening(context);
  await using near = endpoint(context);
  await using far = end;
  const stop = new AbortController();
  const expecting = far.expect({ local: 2, remote: 1 }, "192.0.2.7", stop.signal);
  const strangers = [2, 3].map((remote) => near.dial({ local: remote + 10, remote }, { host: HOST, port }).stream);
  for (const stream of strangers) stream.on("error", () => {}).write("hello");
  // A packet for a stream that does expect this machine comes after those before it.
  const known = far.expect({ local: 9, remote: 19 }, HOST, AbortSignal.timeout(20_000));
  near
    .dial({ local: 19, remote: 9 }, { host: HOST, port })
    .stream.on("error", () => {})
    .write("hello");
  await known;
  stop.abort(new Error("nobody came"));
  await expect(expecting).rejects.toThrow("nobody came");
  expect(strangers.map((stream) => stream.readableLength)).toEqual([0, 0]);
});

test("a number is given out once", async (context) => {
  await using near = endpoint(context);
  near.dial({ local: 5, remote: 6 }, { host: HOST, port: 9 }).stream.on("error", () => {});
  expect(() => near.dial({ local: 5, remote: 6 }, { host: HOST, port: 9 })).toThrow("exists");
});
