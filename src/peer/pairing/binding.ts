/** What a pairing is bound to, read from its TLS connection. */
import type { TLSSocket } from "node:tls";
import type { Identity } from "../identity.ts";
import { exporterOf, peerIdentityOf } from "../tls.ts";
import type { ChannelBinding } from "./key-exchange.ts";

/** The binding as the joiner sees it: it dialled. */
export function bindingAtJoiner(identity: Identity, socket: TLSSocket): ChannelBinding {
  return {
    joinerCertificate: identity.certificateDer,
    inviterCertificate: peerIdentityOf(socket).certificateDer,
    exporter: exporterOf(socket),
  };
}

/** The binding as the inviter sees it: it accepted. */
export function bindingAtInviter(identity: Identity, socket: TLSSocket): ChannelBinding {
  return {
    joinerCertificate: peerIdentityOf(socket).certificateDer,
    inviterCertificate: identity.certificateDer,
    exporter: exporterOf(socket),
  };
}
