/** Commands about paired devices, inviting and joining. */
import { readAddress } from "../../peer/discovery/address.ts";
import type { RouteOutput, RouteRequest } from "../../shared/api.ts";
import type { Peer, PeerStatus } from "../../shared/api-peers.ts";
import type { ConfigDraft } from "../../shared/config-schema.ts";
import { SyncError } from "../../shared/errors.ts";
import { formatHostPort } from "../../shared/host-port.ts";
import { type DeviceId, type FolderId, parseDeviceId, shortId } from "../../shared/ids.ts";
import type { NodeService } from "../api/node-service.ts";
import { resolveFolder, resolvePeer } from "../api/resolve-names.ts";
import type { Node } from "../node.ts";
import type { PeerView } from "../peer-set.ts";

export type PeerRoutes = Pick<
  NodeService,
  | "join"
  | "peerInvite"
  | "peerList"
  | "peerShow"
  | "peerAdd"
  | "peerRename"
  | "peerRole"
  | "peerPause"
  | "peerResume"
  | "peerRemove"
  | "peerPing"
>;

const DEFAULT_PORT = 4777;
const SHARE_WAIT_MS = 15_000;

export function peerRoutes(node: Node): PeerRoutes {
  const { parts, peers } = node;
  const config = parts.context.config;
  const find = (text: string): DeviceId => resolvePeer(config.get(), text);
  const show = (device: DeviceId): Peer => peerDocument(node, viewOf(node, device));
  const change = async (device: DeviceId, edit: (peer: ConfigDraft["peers"][DeviceId]) => void): Promise<boolean> =>
    await node.configure((draft) => edit(draft.peers[device] as ConfigDraft["peers"][DeviceId]));
  const setPaused = async (device: DeviceId, paused: boolean): Promise<boolean> =>
    await change(device, (draft) => {
      draft.paused = paused;
    });
  return {
    join: (request, { signal }) => join(node, request, signal),
    peerInvite: (request) => invite(node, request),
    peerList: async () => ({ peers: peers.views.map((view) => peerDocument(node, view)) }),
    peerShow: async ({ peer }) => show(find(peer)),
    peerAdd: async (request) => {
      const device = parseDeviceId(request.device);
      if (device === parts.identity.deviceId) throw new SyncError("E_USAGE", "that is the id of this very device");
      checkName(node, device, request.name);
      await node.configure((draft) => {
        const known = draft.peers[device];
        const name = request.name ?? known?.name ?? device.slice(0, 7);
        draft.peers[device] = {
          name,
          role: request.role,
          paused: false,
          addresses: request.addresses,
          words: known?.words ?? null,
        };
      });
      return show(device);
    },
    peerRename: async ({ peer, name }) => {
      const device = find(peer);
      checkName(node, device, name);
      await change(device, (draft) => {
        draft.name = name;
      });
      return show(device);
    },
    peerRole: async ({ peer, role }) => {
      const device = find(peer);
      await change(device, (draft) => {
        draft.role = role;
      });
      return show(device);
    },
    peerPause: async ({ peer }) => ({ changed: await setPaused(find(peer), true) }),
    peerResume: async ({ peer }) => ({ changed: await setPaused(find(peer), false) }),
    peerRemove: async ({ peer }) => await remove(node, find(peer)),
    peerPing: (request, { signal }) => ping(node, find(request.peer), request.count, signal),
  };
}

function viewOf(node: Node, device: DeviceId): PeerView {
  const view = node.peers.view(device);
  if (view === undefined) throw new SyncError("E_PEER_NOT_FOUND", `there is no paired device ${device} here`);
  return view;
}

function checkName(node: Node, device: DeviceId, name: string | undefined): void {
  const taken = Object.entries(node.parts.context.config.get().peers).find(
    ([id, peer]) => id !== device && peer.name === name,
  );
  if (name !== undefined && taken !== undefined)
    throw new SyncError("E_NAME_TAKEN", `another device is called "${name}"`);
}

export function peerStatus(node: Node, view: PeerView): PeerStatus {
  const needs = needsOf(node, view.id);
  const isConnected = view.state === "connected";
  return {
    id: view.id,
    name: view.config.name,
    state: view.state,
    transport: isConnected ? (view.facts?.transport ?? null) : null,
    address: isConnected ? (view.facts?.address ?? null) : null,
    rttMs: view.rttMs === null ? null : Math.round(view.rttMs * 100) / 100,
    needFiles: needs.files,
    needBytes: needs.bytes,
    lastSeen: isConnected ? new Date(node.parts.clock.now()).toISOString() : timeOrNull(view.lastSeenMs),
    message: view.message,
    offers: offersOf(node, view),
  };
}

function offersOf(node: Node, view: PeerView): PeerStatus["offers"] {
  const { folders } = node.parts.context.config.get();
  return (view.facts?.folders ?? [])
    .filter(({ id }) => folders[id]?.peers[view.id] === undefined)
    .map(({ id, label }) => ({ id, label, isHere: Object.hasOwn(folders, id) }));
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** What a device lacks of ours, over all folders it shares. */
function needsOf(node: Node, device: DeviceId): { readonly files: number; readonly bytes: number } {
  const { index, context } = node.parts;
  let files = 0;
  let bytes = 0;
  for (const [name, folder] of Object.entries(context.config.get().folders)) {
    if (!Object.hasOwn(folder.peers, device)) continue;
    const id = name as FolderId;
    const own = index.read.folder(id);
    const remote = index.read.remoteState(id, shortId(device));
    const need = index.read.localTotalsSince(id, remote.ackedEpoch === own?.epoch ? remote.acked : 0);
    files += need.files;
    bytes += need.bytes;
  }
  return { files, bytes };
}

function peerDocument(node: Node, view: PeerView): Peer {
  const { folders } = node.parts.context.config.get();
  const learned = view.facts?.addresses ?? [];
  return {
    ...peerStatus(node, view),
    role: view.config.role,
    paused: view.config.paused,
    addresses: [...new Set([...view.config.addresses, ...node.peers.knownAddresses(view.id), ...learned])],
    folders: Object.entries(folders).flatMap(([id, folder]) => {
      const grant = folder.peers[view.id];
      return grant === undefined ? [] : [{ id, label: folder.label, rights: grant.rights }];
    }),
    words: view.config.words === null ? null : [...view.config.words],
    removedUs: view.removedUs,
  };
}

async function remove(node: Node, device: DeviceId): Promise<RouteOutput<"peerRemove">> {
  const { name } = viewOf(node, device).config;
  const { folders, peers } = node.parts.context.config.get();
  const sharing = Object.values(folders).filter((folder) => Object.hasOwn(folder.peers, device));
  const told = (Object.keys(peers) as DeviceId[]).filter((other) =>
    sharing.some((folder) => Object.hasOwn(folder.peers, other)),
  );
  await node.net.tellRemoved(device, told);
  await node.configure((draft) => {
    for (const folder of Object.values(draft.folders)) delete folder.peers[device];
    delete draft.peers[device];
  });
  await node.peers.forget(device);
  for (const id of Object.keys(folders) as FolderId[]) await node.parts.index.write.resetRemote(id, shortId(device));
  return { id: device, name };
}

async function* ping(
  node: Node,
  device: DeviceId,
  count: number,
  signal: AbortSignal,
): AsyncIterable<RouteOutput<"peerPing">> {
  const times: number[] = [];
  for (let sequence = 1; sequence <= count; sequence++) {
    const facts = node.peers.connectionOf(device)?.facts;
    if (facts === undefined) {
      const { config, message, state } = viewOf(node, device);
      const text = message === null ? "" : `: ${message}`;
      if (state === "paused")
        throw new SyncError("E_PEER_OFFLINE", `${config.name} is paused here`, {
          hint: `syncline peer resume ${config.name}`,
        });
      throw new SyncError("E_PEER_OFFLINE", `${config.name} is not connected${text}`, {
        hint: `start Syncline there; \`syncline doctor\` here and there finds what is in the way`,
      });
    }
    const rttMs = await node.peers.measure(device);
    if (rttMs !== null) {
      times.push(rttMs);
      yield { type: "pong", sequence, rttMs, address: facts.address, transport: facts.transport };
    }
    if (sequence < count) await node.parts.clock.sleep(500, signal);
  }
  const isAnswered = times.length > 0;
  yield {
    type: "summary",
    peer: device,
    sent: count,
    received: times.length,
    minMs: isAnswered ? Math.min(...times) : null,
    meanMs: isAnswered ? times.reduce((sum, time) => sum + time, 0) / times.length : null,
    maxMs: isAnswered ? Math.max(...times) : null,
  };
}

async function invite(node: Node, request: RouteRequest<"peerInvite">): Promise<RouteOutput<"peerInvite">> {
  const config = node.parts.context.config.get();
  const ids = request.none ? [] : invitedFolders(node, request.folders);
  const folders = ids.map((id) => ({ id, label: config.folders[id]?.label ?? id, rights: request.rights }));
  const made = await node.net.invite({ role: request.role, folders }, { isAsked: request.asked });
  return {
    code: made.code,
    link: made.link,
    folders: [...ids],
    role: request.role,
    rights: request.rights,
    expires: new Date(made.expiresAtMs).toISOString(),
  };
}

function invitedFolders(node: Node, texts: readonly string[]): readonly FolderId[] {
  const config = node.parts.context.config.get();
  if (texts.length > 0) return [...new Set(texts.map((text) => resolveFolder(config, text)))];
  const all = Object.keys(config.folders) as FolderId[];
  if (all.length > 1)
    throw new SyncError("E_USAGE", "there are several folders", {
      hint: `name the ones to share: --folder ${all.join(" --folder ")}, or pass --none`,
    });
  return all;
}

async function* join(
  node: Node,
  request: RouteRequest<"join">,
  signal: AbortSignal,
): AsyncIterable<RouteOutput<"join">> {
  const at = request.at === null ? null : readAddress(request.at, DEFAULT_PORT);
  if (at === undefined)
    throw new SyncError("E_USAGE", `"${request.at}" is not HOST:PORT`, { hint: "such as --at 192.168.1.5:4777" });
  yield at === null
    ? { type: "progress", step: "searching", message: "looking for the other machine" }
    : { type: "progress", step: "connecting", message: `connecting to ${formatHostPort(at)}` };
  const { result, folders } = await node.pairing.withPlan(
    { path: request.path, force: request.force, folderId: request.folderId ?? null },
    () => node.net.join({ code: request.code, at }, signal),
  );
  yield { type: "progress", step: "sharing", message: `paired with ${result.offer.deviceName}` };
  await node.net.dialNow(result.device);
  await untilShared(
    node,
    result.device,
    folders.map(({ id }) => id),
    signal,
  );
  const view = viewOf(node, result.device);
  yield {
    type: "result",
    peer: { id: result.device, name: view.config.name },
    words: result.words.split("-"),
    folders: [...folders],
  };
}

/** Waits until the connection is up and every folder has met its counterpart; the pairing is stored in any case. */
async function untilShared(
  node: Node,
  device: DeviceId,
  folders: readonly FolderId[],
  signal: AbortSignal,
): Promise<void> {
  const deadline = node.parts.clock.monotonic() + SHARE_WAIT_MS;
  const isShared = (): boolean =>
    folders.every(
      (id) =>
        node.folders
          .find(id)
          ?.folder.peers.some(
            (peer) => peer.device === shortId(device) && (peer.isActive || peer.closed !== undefined),
          ) === true,
    );
  while (!isShared() && node.parts.clock.monotonic() < deadline) await node.parts.clock.sleep(20, signal);
}
