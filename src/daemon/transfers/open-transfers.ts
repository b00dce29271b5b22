/** Puts together what a node has for uploads and downloads. */
import { type DeviceId, type ShortId, shortId } from "../../shared/ids.ts";
import { localAdmin } from "../api/actor.ts";
import type { NodeService } from "../api/node-service.ts";
import { askPeer } from "../api/peer-commands.ts";
import { peerAsker } from "../commands/reach-peer.ts";
import type { NetClient } from "../net/net-client.ts";
import type { NodeParts } from "../node-parts.ts";
import type { PeerSet } from "../peer-set.ts";
import { Notices } from "./notices.ts";
import { ServedTransfers } from "./served.ts";
import { TransferBook } from "./transfer-book.ts";
import type { Transfers } from "./transfers.ts";
import { UdpLinks } from "./udp-links.ts";
import { Unattended } from "./unattended.ts";

export interface OpenTransfersDeps {
  readonly parts: NodeParts;
  readonly net: NetClient;
  readonly peers: PeerSet;
  readonly service: () => NodeService;
}

/** Opens the book; what a crash left running counts as interrupted. */
export async function openTransfers({ parts, net, peers, service }: OpenTransfersDeps): Promise<Transfers> {
  const { index, clock, random, log, identity, events } = parts;
  const selfName = (): string => parts.context.config.get().name;
  const asker = peerAsker({ parts, net, peers });
  const book = new TransferBook({ index, clock, random, log });
  await book.start();
  return {
    book,
    served: new ServedTransfers({ index, clock, log }),
    notices: new Notices({
      ...{ index, events, clock, log, self: identity.deviceId },
      devicesOf: (user) => parts.users.devicesOf(user),
      connectionOf: (device: ShortId) => net.peers.find((peer) => shortId(peer.device) === device),
      tell: async (peer, input, signal) =>
        await askPeer(asker, peer, "noticeTell", input, { signal, actor: localAdmin(selfName()) }),
    }),
    serving: { service, asker, selfName },
    udp: new UdpLinks({
      ...{ net, clock, random },
      ask: async (peer, input, signal) =>
        await askPeer(asker, peer, "udpOpen", input, { signal, actor: localAdmin(selfName()) }),
    }),
    unattended: new Unattended(),
    ownOffers: new Map(),
  };
}

/** A device has come: it is told what was kept for it. */
export function greet(transfers: Transfers | undefined, device: DeviceId): void {
  void transfers?.notices.deliver(shortId(device));
}
