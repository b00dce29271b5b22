import { once } from "node:events";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { type ConnectionOptions, connect, createServer, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { Identity } from "../../src/peer/identity.ts";
import {
  clientTlsOptions,
  exporterOf,
  isProtocolRefused,
  PAIRING_PROTOCOL,
  type Protocol,
  peerIdentityOf,
  SYNC_PROTOCOL,
  serverTlsOptions,
} from "../../src/peer/tls.ts";
import { SyncError } from "../../src/shared/errors.ts";
import { makeIdentity, makeKeys } from "./certificates.ts";

let inviter: Identity;
let joiner: Identity;
const cleanups: (() => void)[] = [];

beforeAll(async () => {
  [inviter, joiner] = [await makeIdentity(), await makeIdentity()];
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Accepted {
  readonly server: Server;
  readonly port: number;
  /** The next socket whose handshake ended, with its client's own view. */
  next(): Promise<TLSSocket>;
}

async function listen(options: TlsOptions): Promise<Accepted> {
  const server = createServer(options);
  const sockets: TLSSocket[] = [];
  const waiting: ((socket: TLSSocket) => void)[] = [];
  server.on("secureConnection", (socket) => {
    cleanups.push(() => socket.destroy());
    socket.on("error", () => {});
    const waiter = waiting.shift();
    if (waiter === undefined) sockets.push(socket);
    else waiter(socket);
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  const next = async (): Promise<TLSSocket> =>
    sockets.shift() ?? (await new Promise((resolve) => waiting.push(resolve)));
  return { server, port: (server.address() as AddressInfo).port, next };
}

async function dial(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({ ...options, host: "127.0.0.1", port });
  cleanups.push(() => socket.destroy());
  await once(socket, "secureConnect");
  socket.on("error", () => {});
  return socket;
}

const both: () => readonly Protocol[] = () => [SYNC_PROTOCOL, PAIRING_PROTOCOL];

async function pair(client: Identity, server: Identity): Promise<{ near: TLSSocket; far: TLSSocket }> {
  const accepted = await listen(serverTlsOptions(server, both));
  const near = await dial(accepted.port, clientTlsOptions(client, SYNC_PROTOCOL));
  return { near, far: await accepted.next() };
}

function refusalOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(SyncError);
    expect((error as SyncError).code).toBe("E_NOT_ALLOWED");
    return (error as SyncError).message;
  }
  throw new Error("nothing was refused");
}

test("each end sees the other's device id and the protocol", async () => {
  const { near, far } = await pair(joiner, inviter);
  expect(peerIdentityOf(near)).toEqual({
    deviceId: inviter.deviceId,
    certificateDer: inviter.certificateDer,
    protocol: SYNC_PROTOCOL,
  });
  expect(peerIdentityOf(far).deviceId).toBe(joiner.deviceId);
});

test("a connection has one exporter value, the same at both ends, and no other connection has it", async () => {
  const first = await pair(joiner, inviter);
  const second = await pair(joiner, inviter);
  expect(exporterOf(first.near)).toEqual(exporterOf(first.far));
  expect(exporterOf(first.near)).toHaveLength(32);
  expect(exporterOf(second.near)).not.toEqual(exporterOf(first.near));
});

test("another key is another device in both directions, whatever name its certificate bears", async () => {
  const stranger = await makeIdentity({ name: "syncline" });
  const { near, far } = await pair(stranger, stranger);
  expect(peerIdentityOf(near).deviceId).toBe(stranger.deviceId);
  expect(peerIdentityOf(far).deviceId).toBe(stranger.deviceId);
});

test("the same key under a new certificate is another device", async () => {
  const keys = await makeKeys();
  const [old, renewed] = [await makeIdentity({ keys }), await makeIdentity({ keys })];
  const { near } = await pair(joiner, renewed);
  expect(peerIdentityOf(near).deviceId).toBe(renewed.deviceId);
  expect(renewed.deviceId).not.toBe(old.deviceId);
});

test.each([
  { name: "expired", notBefore: new Date("2001-01-01"), notAfter: new Date("2002-01-01") },
  { name: "not yet valid", notBefore: new Date("2044-01-01"), notAfter: new Date("2045-01-01") },
])("a certificate that is $name is accepted when pinned", async ({ notBefore, notAfter }) => {
  const odd = await makeIdentity({ notBefore, notAfter });
  const { near, far } = await pair(odd, odd);
  expect(peerIdentityOf(near).deviceId).toBe(odd.deviceId);
  expect(peerIdentityOf(far).deviceId).toBe(odd.deviceId);
});

test("a client without a certificate gets no identity", async () => {
  const accepted = await listen(serverTlsOptions(inviter, both));
  const { cert: _cert, key: _key, ...bare } = clientTlsOptions(joiner, SYNC_PROTOCOL);
  await dial(accepted.port, bare);
  const far = await accepted.next();
  expect(refusalOf(() => peerIdentityOf(far))).toContain("no certificate");
});

test("a short RSA key is refused", async () => {
  const weak = await makeIdentity({ algorithm: "RSA-1024" });
  const accepted = await listen(serverTlsOptions(inviter, both));
  // OpenSSL itself loads such a key only at a lowered security level.
  const outcome = await dial(accepted.port, {
    ...clientTlsOptions(weak, SYNC_PROTOCOL),
    ciphers: "DEFAULT@SECLEVEL=0",
  }).then(
    async () => {
      const far = await accepted.next();
      return refusalOf(() => peerIdentityOf(far));
    },
    (error: Error) => error.message,
  );
  expect(outcome).toMatch(/RSA key has only 1024 bits|alert|ECONNRESET|too small/);
});

test("TLS 1.2 is refused in both directions", async () => {
  const accepted = await listen(serverTlsOptions(inviter, both));
  const old = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
  await expect(dial(accepted.port, { ...clientTlsOptions(joiner, SYNC_PROTOCOL), ...old })).rejects.toThrow(
    /protocol version/i,
  );
  const elder = await listen({ ...serverTlsOptions(inviter, both), ...old });
  await expect(dial(elder.port, clientTlsOptions(joiner, SYNC_PROTOCOL))).rejects.toThrow();
});

test("a protocol that is not offered now ends the handshake, before any application byte", async () => {
  const accepted = await listen(serverTlsOptions(inviter, () => [SYNC_PROTOCOL]));
  const failure = await dial(accepted.port, clientTlsOptions(joiner, PAIRING_PROTOCOL)).catch(
    (error: unknown) => error,
  );
  expect(isProtocolRefused(failure)).toBe(true);
});

test.each([["http/1.1"], [], ["syncline/2", "syncline"]])("wrong ALPN %s is refused", async (...protocols) => {
  const accepted = await listen(serverTlsOptions(inviter, both));
  const options = { ...clientTlsOptions(joiner, SYNC_PROTOCOL), ALPNProtocols: protocols };
  const outcome = await dial(accepted.port, options).then(
    async () => {
      const far = await accepted.next();
      return refusalOf(() => peerIdentityOf(far));
    },
    (error: Error) => error.message,
  );
  expect(outcome).toMatch(/no application protocol|no Syncline protocol/i);
});

test("a throw while asking which protocols are open refuses the handshake and nothing else", async () => {
  let isBroken = true;
  const accepted = await listen(
    serverTlsOptions(inviter, () => {
      if (isBroken) throw new Error("broken");
      return both();
    }),
  );
  await expect(dial(accepted.port, clientTlsOptions(joiner, SYNC_PROTOCOL))).rejects.toThrow();
  isBroken = false;
  const near = await dial(accepted.port, clientTlsOptions(joiner, SYNC_PROTOCOL));
  expect(peerIdentityOf(near).deviceId).toBe(inviter.deviceId);
});

test("a resumed session without a certificate gets no identity", async () => {
  const accepted = await listen(serverTlsOptions(inviter, both));
  const first = connect({ ...clientTlsOptions(joiner, SYNC_PROTOCOL), host: "127.0.0.1", port: accepted.port });
  cleanups.push(() => first.destroy());
  const sessions: Buffer[] = [];
  first.on("session", (session) => sessions.push(session));
  await once(first, "secureConnect");
  (await accepted.next()).end("x");
  first.resume();
  await once(first, "close");
  const remembered = sessions.at(-1) ?? first.getSession();
  const { cert: _cert, key: _key, ...bare } = clientTlsOptions(joiner, SYNC_PROTOCOL);
  await dial(accepted.port, { ...bare, ...(remembered === undefined ? {} : { session: remembered }) });
  const far = await accepted.next();
  expect(far.isSessionReused()).toBe(false);
  refusalOf(() => peerIdentityOf(far));
});

test("even where a server hands out tickets, a resumed session gets no identity", async () => {
  const accepted = await listen({ ...serverTlsOptions(inviter, both), secureOptions: 0 });
  const first = connect({
    ...clientTlsOptions(joiner, SYNC_PROTOCOL),
    secureOptions: 0,
    host: "127.0.0.1",
    port: accepted.port,
  });
  cleanups.push(() => first.destroy());
  const session = once(first, "session") as Promise<[Buffer]>;
  await once(first, "secureConnect");
  (await accepted.next()).write("x");
  first.resume();
  const { cert: _cert, key: _key, ...bare } = clientTlsOptions(joiner, SYNC_PROTOCOL);
  await dial(accepted.port, { ...bare, secureOptions: 0, session: (await session)[0] });
  const far = await accepted.next();
  expect(far.isSessionReused()).toBe(true);
  expect(refusalOf(() => peerIdentityOf(far))).toContain("resumed");
});

test("plain TCP and garbage get a TLS alert at most, and the server lives on", async () => {
  const accepted = await listen(serverTlsOptions(inviter, both));
  const socket = connectTcp(accepted.port, "127.0.0.1");
  cleanups.push(() => socket.destroy());
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "close");
  expect(Buffer.concat(received).length).toBeLessThan(16);
  const near = await dial(accepted.port, clientTlsOptions(joiner, SYNC_PROTOCOL));
  expect(peerIdentityOf(near).deviceId).toBe(inviter.deviceId);
});
