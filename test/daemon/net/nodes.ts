import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel } from "node:worker_threads";
import type { NetOptions, TrustedDevice } from "../../../src/daemon/net/net-api.ts";
import { NetClient, type NetEvents, type NetThread, type StartThread } from "../../../src/daemon/net/net-client.ts";
import type { NetPeer } from "../../../src/daemon/net/net-peer.ts";
import { runNet } from "../../../src/daemon/net/run-net.ts";
import type { ThreadPort } from "../../../src/daemon/net/thread-calls.ts";
import type { Identity } from "../../../src/peer/identity.ts";
import type { HostPort } from "../../../src/shared/host-port.ts";
import { type ContentId, parseFolderId, parseRelPath } from "../../../src/shared/ids.ts";
import type { FolderMessage } from "../../../src/shared/messages.ts";
import { openDisk } from "../../../src/sync/fs/disk.ts";
import type { DiskStat } from "../../../src/sync/fs/filesystem.ts";
import { type OwnedIndex, openIndex } from "../../../src/sync/index/open-index.ts";
import { makeIdentity } from "../../peer/certificates.ts";
import { silentLog } from "../../peer/support.ts";
import { head } from "../../peer/wire/samples.ts";

export const FOLDER = parseFolderId("shared-k3v9q");

/** A net thread with an empty index, whose events are kept and can be waited for. */
export class TestNode implements AsyncDisposable {
  readonly identity: Identity;
  readonly home: string;
  readonly net: NetClient;
  readonly index: OwnedIndex;
  readonly log: readonly string[];
  readonly messages: readonly FolderMessage[];
  readonly #wakes: Set<() => void>;

  private constructor(
    parts: Pick<TestNode, "identity" | "home" | "net" | "index" | "log" | "messages">,
    wakes: Set<() => void>,
  ) {
    this.identity = parts.identity;
    this.home = parts.home;
    this.net = parts.net;
    this.index = parts.index;
    this.log = parts.log;
    this.messages = parts.messages;
    this.#wakes = wakes;
  }

  /** Starts in a worker, as the daemon does. */
  static startInThread(options: Partial<NetOptions> = {}, events: Partial<NetEvents> = {}): Promise<TestNode> {
    return TestNode.#start(options, events);
  }

  /** Starts without a thread of its own, which is many times faster; messages still cross a channel. */
  static start(options: Partial<NetOptions> = {}, events: Partial<NetEvents> = {}): Promise<TestNode> {
    return TestNode.#start(options, events, startHere);
  }

  static async #start(
    options: Partial<NetOptions>,
    events: Partial<NetEvents>,
    startThread?: StartThread,
  ): Promise<TestNode> {
    const identity = options.identity ?? (await makeIdentity());
    const home = mkdtempSync(join(tmpdir(), "syncline-net-"));
    const indexFile = join(home, "index.db");
    const index = openIndex(indexFile);
    const wakes = new Set<() => void>();
    const log: string[] = [];
    const messages: FolderMessage[] = [];
    const say = (line: string): void => {
      log.push(line);
      for (const wake of [...wakes]) wake();
    };
    const all: NetEvents = {
      onConnected: (peer) => say(`connected ${peer.name}`),
      onChanged: (peer) => say(`changed ${peer.name} [${peer.folders.map(({ id }) => id).join()}]`),
      onLost: (peer, reason) => say(`lost ${peer.name} ${reason.code}`),
      onMessage: (_, message) => {
        messages.push(message);
        say(`message ${message.type}`);
      },
      onCommand: async (_, { route }) => say(`command ${route}`),
      onDial: ({ state, message }) => say(`dial ${state} ${message ?? ""}`),
      onAddresses: (_, addresses) =>
        say(`addresses ${addresses.map(({ address, origin }) => `${origin} ${address.host}:${address.port}`).join()}`),
      onDeviceRemoved: (_, removed) => say(`removed ${removed}`),
      onInvite: (report) => say(`invite ${report.outcome} ${report.message}`),
      onInviteEnded: (_, end) => say(`invite-ended ${end.reason}`),
      onCandidates: () => say("candidates"),
      onRefused: ({ message }) => say(`refused ${message}`),
      onPaired: async () => say("paired"),
      onOffer: async () => ({ deviceName: "joiner", addresses: [] }),
      onFailure: (error) => say(`failure ${error.message}`),
      ...events,
    };
    const net = await NetClient.start(
      {
        identity,
        listen: { host: "127.0.0.1", port: 0 },
        name: "node",
        program: "syncline/test",
        indexFile,
        hasDiscovery: false,
        ...options,
      },
      all,
      silentLog,
      startThread,
    );
    return new TestNode({ identity, home, net, index, log, messages }, wakes);
  }

  get at(): HostPort {
    return this.net.listening;
  }

  /** How another node is told to trust this one. */
  asTrusted(options: { readonly at?: HostPort | null; readonly isPaused?: boolean } = {}): TrustedDevice {
    const at = options.at === undefined ? this.at : options.at;
    return {
      id: this.identity.deviceId,
      addresses: at === null ? [] : [{ address: at, origin: "static", seenAt: 0 }],
      isPaused: options.isPaused ?? false,
    };
  }

  /** Resolves once a line of the log that starts with `text` is there; `count` of them. */
  async seen(text: string, count = 1): Promise<void> {
    const isThere = (): boolean => this.log.filter((line) => line.startsWith(text)).length >= count;
    while (!isThere()) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#wakes.delete(wake);
          resolve();
        };
        this.#wakes.add(wake);
      });
    }
  }

  /** The only connection that stands. */
  get peer(): NetPeer {
    const [peer, ...rest] = this.net.peers;
    if (peer === undefined || rest.length > 0) throw new Error(`${this.net.peers.length} connections`);
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.net[Symbol.asyncDispose]();
    await this.index[Symbol.asyncDispose]();
    rmSync(this.home, { recursive: true, force: true });
  }
}

function startHere(options: NetOptions): NetThread {
  const { port1, port2 } = new MessageChannel();
  runNet(port2 as unknown as ThreadPort, options);
  const onExit: ((value: unknown) => void)[] = [];
  return {
    postMessage: (message, transfer = []) => port1.postMessage(message, [...transfer]),
    on: (event, listener) => {
      if (event === "message") port1.on("message", listener);
      else if (event === "exit") onExit.push(listener);
    },
    terminate: async () => {
      port1.close();
      for (const listener of onExit) listener(0);
    },
  };
}

/** Two nodes that trust each other and share the folder; `a` dials. */
export async function connectedPair(a: TestNode, b: TestNode): Promise<void> {
  const folders = [{ id: FOLDER, label: "Shared" }];
  await b.net.setShares(new Map([[a.identity.deviceId, folders]]));
  await a.net.setShares(new Map([[b.identity.deviceId, folders]]));
  await b.net.setTrust([a.asTrusted({ at: null })]);
  await a.net.setTrust([b.asTrusted()]);
  await Promise.all([a.seen("connected"), b.seen("connected")]);
}

/** Puts a file on the node's disk and into its index, as the engine would after a scan. */
export async function addFile(node: TestNode, name: string, bytes: Uint8Array, contentId: ContentId): Promise<void> {
  const root = join(node.home, "folder");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, name), bytes);
  const disk = openDisk(root);
  const path = parseRelPath(name);
  const { type: _type, links: _links, ...stamp } = disk.stat(path) as DiskStat;
  disk.close();
  await node.index.write.openFolder(FOLDER, "epoch-1");
  await node.index.write.commitLocal(
    FOLDER,
    [{ path, heads: [head({ size: bytes.length, contentId })], stamp, announce: true }],
    { nowMs: 1 },
  );
  await node.net.setFolders([{ id: FOLDER, root }]);
}
