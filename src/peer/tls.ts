/**
 * Mutual TLS 1.3 with pinned certificates: the options for both ends, and who is at the other end.
 *
 * TLS proves only that the peer holds the key of the certificate it showed.
 * Whether that device is welcome is decided from the {@link DeviceId} by the
 * caller, anew on each connection; certificate dates, names and issuers are
 * never looked at (clocks lie, and everybody signs for himself).
 *
 * Invariants:
 * 1. No connection without a peer certificate gets an identity.
 * 2. No resumed session gets one: it would present a certificate that was not proven in this handshake.
 * 3. No callback throws: an exception inside a TLS callback would end the process.
 */
import { constants, type X509Certificate } from "node:crypto";
import type { ConnectionOptions, TLSSocket, TlsOptions } from "node:tls";
import { SyncError } from "../shared/errors.ts";
import type { DeviceId } from "../shared/ids.ts";
import { LIMITS } from "../shared/limits.ts";
import { deviceIdOf, type Identity } from "./identity.ts";

/** Between devices that trust each other. */
export const SYNC_PROTOCOL = "syncline/1";
/** Between a device with an invite and a stranger that wants to join. */
export const PAIRING_PROTOCOL = "syncline-pair/1";
export type Protocol = typeof SYNC_PROTOCOL | typeof PAIRING_PROTOCOL;

const CERTIFICATE_BYTES_MAX = 16 * 1024;
const RSA_BITS_MIN = 2048;
const EXPORTER_LABEL = "EXPORTER-syncline-channel";
const EXPORTER_BYTES = 32;

export interface PeerIdentity {
  readonly deviceId: DeviceId;
  readonly certificateDer: Uint8Array;
  readonly protocol: Protocol;
}

const COMMON = {
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  // With tickets, a resumed session shows the old client certificate although none was sent.
  secureOptions: constants.SSL_OP_NO_TICKET,
  // Certificates sign themselves; `peerIdentityOf` and the pin decide instead.
  rejectUnauthorized: false,
} as const satisfies TlsOptions & ConnectionOptions;

/**
 * Options for `tls.createServer`.
 *
 * `offers` is asked in each handshake which protocols are open now, so that
 * with no invite a stranger's handshake for pairing ends before any
 * application byte. When it throws, the handshake is refused.
 */
export function serverTlsOptions(identity: Identity, offers: () => readonly Protocol[]): TlsOptions {
  return {
    ...COMMON,
    cert: identity.certificatePem,
    key: identity.keyPem,
    requestCert: true,
    handshakeTimeout: LIMITS.handshakeMs.value,
    ALPNCallback: ({ protocols }) => {
      try {
        const open = offers();
        return protocols.find((protocol) => (open as readonly string[]).includes(protocol));
      } catch {
        return undefined;
      }
    },
  };
}

/** Options for `tls.connect`, to be completed with host and port or a socket. */
export function clientTlsOptions(identity: Identity, protocol: Protocol): ConnectionOptions {
  return {
    ...COMMON,
    cert: identity.certificatePem,
    key: identity.keyPem,
    ALPNProtocols: [protocol],
    // No server name on the wire: it would tell a listener which machine is meant.
    servername: "",
    checkServerIdentity: () => undefined,
  };
}

/**
 * Says who is at the other end of a finished handshake.
 *
 * Throws E_NOT_ALLOWED when that cannot be said; the caller then destroys the
 * socket. On the client this holds as soon as `secureConnect` fires, but the
 * server may still refuse: nothing confidential before its hello.
 */
export function peerIdentityOf(socket: TLSSocket): PeerIdentity {
  if (socket.isSessionReused()) throw refusal("a resumed session proves no key");
  if (socket.getProtocol() !== "TLSv1.3") throw refusal(`it speaks ${socket.getProtocol() ?? "no TLS"}, not TLS 1.3`);
  const protocol = protocolOf(socket);
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw refusal("it showed no certificate");
  const certificateDer = certificate.raw;
  if (certificateDer.length === 0 || certificateDer.length > CERTIFICATE_BYTES_MAX)
    throw refusal("its certificate has an impossible size");
  checkKey(certificate);
  return { deviceId: deviceIdOf(certificateDer), certificateDer, protocol };
}

/** Keying material that only the two ends of this very connection share; whoever relays between two connections has two different ones. */
export function exporterOf(socket: TLSSocket): Uint8Array {
  return socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, Buffer.alloc(0));
}

/** Whether a failed dial failed because the other side does not offer the protocol now: for pairing, that no invite is open there. */
export function isProtocolRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL";
}

function protocolOf(socket: TLSSocket): Protocol {
  const protocol = socket.alpnProtocol;
  if (protocol === SYNC_PROTOCOL || protocol === PAIRING_PROTOCOL) return protocol;
  throw refusal("it agreed on no Syncline protocol");
}

function checkKey(certificate: X509Certificate): void {
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  const bits = asymmetricKeyDetails?.modulusLength;
  const isWeak = asymmetricKeyType?.startsWith("rsa") === true && (bits === undefined || bits < RSA_BITS_MIN);
  if (isWeak) throw refusal(`its RSA key has only ${bits} bits`);
}

function refusal(reason: string): SyncError {
  return new SyncError("E_NOT_ALLOWED", `the device at the other end was refused: ${reason}`, {
    hint: "pair with it first: syncline peer invite",
  });
}
