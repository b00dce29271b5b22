/** Puts the parts of a node together, and in reverse order away. */
import { join } from "node:path";
import { openIdentity } from "../peer/identity.ts";
import type { Config, ConfigDraft } from "../shared/config-schema.ts";
import { SETTINGS } from "../shared/config-settings.ts";
import { SyncError } from "../shared/errors.ts";
import { formatHostPort, type HostPort, parseHostPort } from "../shared/host-port.ts";
import type { DeviceId } from "../shared/ids.ts";
import { DiskClient } from "../sync/executor/disk-client.ts";
import type { FolderStateName } from "../sync/folder-status.ts";
import { createHasher } from "../sync/hash/blake3.ts";
import { startIndex } from "../sync/index/index-client.ts";
import { ScanClient } from "../sync/scanner/scan-client.ts";
import { Access } from "./api/access.ts";
import { localRoutes } from "./api/local-routes.ts";
import type { NodeService } from "./api/node-service.ts";
import { answerPeer } from "./api/peer-commands.ts";
import { conflictRoutes } from "./commands/conflict-routes.ts";
import { contentSource } from "./commands/content-source.ts";
import { doctorRoutes } from "./commands/doctor-routes.ts";
import { fileRoutes } from "./commands/file-routes.ts";
import { folderRoutes } from "./commands/folder-routes.ts";
import { historyRoutes } from "./commands/history-routes.ts";
import { listRoutes } from "./commands/list-routes.ts";
import { peerRoutes } from "./commands/peer-routes.ts";
import { peerAsker } from "./commands/reach-peer.ts";
import { uploadForBrowser } from "./commands/run-transfer.ts";
import { serveTransferRoutes } from "./commands/serve-transfer-routes.ts";
import { statusRoutes } from "./commands/status-routes.ts";
import { transferRoutes } from "./commands/transfer-routes.ts";
import { userRoutes } from "./commands/user-routes.ts";
import { verifyRoutes } from "./commands/verify-routes.ts";
import { versionRoutes } from "./commands/version-routes.ts";
import { wait } from "./commands/wait-route.ts";
import { Dashboard } from "./dashboard/dashboard.ts";
import { EventBook } from "./event-book.ts";
import { FolderSet } from "./folder-set.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { startIdleMemory } from "./idle-memory.ts";
import type { NetEvents } from "./net/net-client.ts";
import { NetClient } from "./net/net-client.ts";
import { ownAddresses } from "./net/own-addresses.ts";
import type { Node } from "./node.ts";
import type { NodeContext, RunningNode } from "./node-context.ts";
import type { NodeParts } from "./node-parts.ts";
import { Pairing } from "./pairing.ts";
import { PeerMemory } from "./peer-memory.ts";
import { PeerSet } from "./peer-set.ts";
import { settleMoves } from "./settle-moves.ts";
import { systemClock, systemRandom } from "./system-ports.ts";
import { startTrafficHistory } from "./traffic-history.ts";
import { greet, openTransfers } from "./transfers/open-transfers.ts";
import type { Transfers } from "./transfers/transfers.ts";
import { Users } from "./users/users.ts";

/** How many ports after the default one are tried when it is taken. */
const PORTS_TRIED = 50;

/** Opens everything a node has. What was opened is closed again when it throws. */
export async function openNode(context: NodeContext): Promise<RunningNode> {
  const opening = new AsyncDisposableStack();
  try {
    return await openParts(context, opening);
  } finally {
    await opening.disposeAsync();
  }
}

async function openParts(context: NodeContext, opening: AsyncDisposableStack): Promise<RunningNode> {
  const { config, paths, log } = context;
  const identity = await openIdentity(paths.stateDir);
  const indexPath = join(paths.stateDir, "index.db");
  const index = opening.use(await startIndex(indexPath));
  const disk = opening.use(new DiskClient());
  const scanner = opening.use(new ScanClient({ indexPath }));
  const events = new EventBook(index, systemClock, log);
  opening.defer(() => events.settled());
  const hasher = createHasher();
  const users = opening.use(
    await Users.open({ stateDir: paths.stateDir, index, events, clock: systemClock, random: systemRandom, log }),
  );
  const parts: NodeParts = {
    context,
    identity,
    index,
    disk,
    scanner,
    events,
    users,
    clock: systemClock,
    random: systemRandom,
    hasher,
    log,
  };
  let peers: PeerSet | undefined;
  const folders = opening.use(new FolderSet(parts, { changed: () => peers?.relink() }));
  await folders.apply(config.get());
  const memory = opening.use(new PeerMemory(join(paths.stateDir, "peers.json"), log));
  const homes = [...new Set([paths.stateDir, join(paths.configFile, "..")])];
  const applied = new Applied(async (next) => {
    await folders.apply(next);
    await peers?.apply(next);
  });
  const configure = async (edit: (draft: ConfigDraft) => void): Promise<boolean> => {
    const changed = await config.update(edit);
    await applied.with(config.get());
    return changed;
  };
  const pairing = new Pairing({
    parts,
    homes,
    configure,
    memory,
    ownAddresses: () => (net === undefined ? [] : ownAddresses(net.listening)),
  });
  const access = new Access(parts, folders);
  let service: NodeService | undefined;
  let transfers: Transfers | undefined;
  let net: NetClient | undefined;
  net = opening.use(
    await startNet(
      context,
      { identity, indexFile: indexPath },
      netEvents(
        context,
        pairing,
        () => peers,
        () => transfers,
        async (peer, command, signal) => {
          if (service !== undefined)
            await answerPeer({ service, access, sessions: users.sessions, log }, peer, command, signal);
        },
      ),
    ),
  );
  peers = new PeerSet({ parts, net, folders, memory });
  transfers = await openTransfers({
    ...{ parts, net, peers },
    service: () => {
      if (service === undefined) throw new SyncError("E_NOT_RUNNING", "the daemon has not started yet");
      return service;
    },
  });
  await peers.apply(config.get());
  const dashboard = new Dashboard({
    context,
    device: identity.deviceId,
    clock: systemClock,
    random: systemRandom,
    log: log.child({ part: "dashboard" }),
    users,
    onRefused: (what) => {
      log.warn("The dashboard refused a request", what);
      events.add({ type: "auth.refused", data: what });
    },
  });
  const stopListening = config.onChange((next, before) => {
    applied.with(next).catch((error: unknown) => log.error("Configuration not applied", { error: String(error) }));
    for (const device of Object.keys(before.peers))
      if (next.peers[device as DeviceId] === undefined)
        users.deviceRemoved(device as DeviceId).catch((error: unknown) => {
          log.error("Logins of a removed device are still kept", { device, error: String(error) });
        });
    if (next.name !== before.name) void net.setName(next.name);
    if (next.discovery !== before.discovery) void net.setDiscovery(next.discovery);
    if (next.dashboard !== before.dashboard)
      dashboard.apply(next).catch((error: unknown) => {
        log.error("The dashboard cannot be served there; the address before counts on", {
          dashboard: next.dashboard,
          error: String(error),
        });
      });
    if (next.listen !== before.listen)
      listenAnew(context, net).catch((error: unknown) => {
        log.error("Cannot listen at the new address; the one before counts on", {
          listen: next.listen,
          error: String(error),
        });
      });
  });
  opening.defer(stopListening);
  const node: Node = { parts, net, folders, peers, pairing, dashboard, access, transfers, homes, configure };
  opening.use(startHousekeeping(node));
  opening.use(settleMoves(node));
  const traffic = opening.use(startTrafficHistory(node));
  opening.use(
    startIdleMemory({
      clock: systemClock,
      isBusy: () => folders.all.some(({ folder }) => isWorking(folder.status.state)),
    }),
  );
  service = {
    ...localRoutes(context, identity.deviceId, (settings) => dashboard.assertSafe(settings["dashboard"])),
    ...statusRoutes(node),
    wait: (request, { signal }) => wait(node, request, signal),
    ...folderRoutes(node),
    ...peerRoutes(node),
    ...conflictRoutes(node),
    ...listRoutes(node),
    ...fileRoutes(node),
    ...verifyRoutes(node),
    ...transferRoutes(node),
    ...historyRoutes(node, traffic),
    ...serveTransferRoutes(node),
    ...versionRoutes(node),
    ...userRoutes(node),
    ...doctorRoutes(node),
    dashboardKey: (request) => dashboard.key(request),
  };
  const asker = peerAsker(node);
  const browser = { content: contentSource(node), upload: uploadForBrowser(node) };
  await opening.use(dashboard).start(service, asker, browser);
  opening.use(transfers.unattended);
  const stack = opening.move();
  return { service, peers: asker, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Applies configurations one after the other; a caller waits until its own, or a later one, holds. */
class Applied {
  readonly #apply: (config: Config) => Promise<void>;
  #work: Promise<void> = Promise.resolve();
  #last: Config | undefined;

  constructor(apply: (config: Config) => Promise<void>) {
    this.#apply = apply;
  }

  with(config: Config): Promise<void> {
    const turn = this.#work.then(async () => {
      if (this.#last === config) return;
      this.#last = config;
      await this.#apply(config);
    });
    this.#work = turn.catch(() => undefined);
    return turn;
  }
}

function netEvents(
  context: NodeContext,
  pairing: Pairing,
  peers: () => PeerSet | undefined,
  transfers: () => Transfers | undefined,
  onCommand: NetEvents["onCommand"],
): NetEvents {
  const { log } = context;
  return {
    onConnected: (peer) => {
      peers()?.connected(peer);
      greet(transfers(), peer.device);
    },
    onChanged: (peer) => peers()?.changed(peer),
    onLost: (peer, reason) => {
      peers()?.lost(peer, reason);
      void transfers()
        ?.served.lost(peer.device)
        .catch((error: unknown) => {
          log.warn("A lost device's transfers were not ended", { error: String(error) });
        });
    },
    onMessage: (peer, message) => peers()?.take(peer, message),
    onCommand,
    onDial: (state) => peers()?.dialled(state),
    onAddresses: (device, addresses) => peers()?.rememberAddresses(device, addresses),
    onDeviceRemoved: (by, removed) => peers()?.removed(by, removed),
    onInvite: (report) => peers()?.tried(report),
    onInviteEnded: (inviteId, end) => log.info("An invite ended", { invite: inviteId, reason: end.reason, by: end.by }),
    onCandidates: () => undefined,
    onRefused: (refusal) => peers()?.refused(refusal),
    onPaired: (paired) => pairing.storePaired(paired),
    onOffer: (offer) => pairing.acceptOffer(offer),
    onFailure: (error) => {
      log.error("The net thread failed", { error });
      context.stop("the net thread failed");
    },
  };
}

type NetIdentity = Pick<Parameters<typeof NetClient.start>[0], "identity" | "indexFile">;

/**
 * Starts the net thread. A default port that is taken gives way to the next
 * free one, and port 0 to the one that was picked: both are kept from then on.
 */
async function startNet(context: NodeContext, base: NetIdentity, events: NetEvents): Promise<NetClient> {
  const { config, log, version } = context;
  const wanted = listenAddress(config.get());
  const isDefault = config.source("listen") === "default";
  const { name, discovery } = config.get();
  const start = (listen: HostPort): Promise<NetClient> =>
    NetClient.start(
      {
        ...base,
        listen,
        name,
        program: `syncline/${version}`,
        hasDiscovery: discovery,
        discovery: { withLoopback: discovery },
      },
      events,
      log.child({ thread: "net" }),
    );
  const net = await (isDefault ? startAtFreePort(start, wanted) : start(wanted));
  if (net.listening.port !== wanted.port) {
    if (isDefault) log.warn("The default port is taken; another one is used from now on", { port: net.listening.port });
    await config.update((draft) => {
      draft.listen = formatHostPort({ host: wanted.host, port: net.listening.port });
    });
  }
  return net;
}

/** Follows a change of `listen` in a running daemon; a port that was picked is kept, as at the start. */
async function listenAnew({ config, log }: NodeContext, net: NetClient): Promise<void> {
  const wanted = listenAddress(config.get());
  const { host, port } = net.listening;
  if (host === wanted.host && port === wanted.port) return;
  await net.setListen(wanted);
  log.info("Listening at another address", { listen: formatHostPort(net.listening) });
  if (wanted.port !== net.listening.port)
    await config.update((draft) => {
      draft.listen = formatHostPort(net.listening);
    });
}

async function startAtFreePort(start: (listen: HostPort) => Promise<NetClient>, wanted: HostPort): Promise<NetClient> {
  for (let port = wanted.port; ; port++) {
    try {
      return await start({ ...wanted, port });
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== "E_PORT_TAKEN" || port >= wanted.port + PORTS_TRIED)
        throw error;
    }
  }
}

function listenAddress(config: Config): HostPort {
  const address = parseHostPort(config.listen) ?? parseHostPort(SETTINGS.listen.default);
  if (address === undefined) throw new SyncError("E_BAD_CONFIG", `"${config.listen}" is not HOST:PORT`);
  return address;
}

function isWorking(state: FolderStateName): boolean {
  return state === "scanning" || state === "syncing";
}
