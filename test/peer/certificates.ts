import "reflect-metadata";
import { type webcrypto, X509Certificate } from "node:crypto";
import { BasicConstraintsExtension, X509CertificateGenerator } from "@peculiar/x509";
import { deviceIdOf, type Identity } from "../../src/peer/identity.ts";
import { shortId } from "../../src/shared/ids.ts";

const ALGORITHMS = {
  "P-256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "RSA-1024": {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  },
} as const;

export interface CertificateWish {
  readonly algorithm?: keyof typeof ALGORITHMS;
  readonly name?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly keys?: webcrypto.CryptoKeyPair;
}

export async function makeKeys(algorithm: keyof typeof ALGORITHMS = "P-256"): Promise<webcrypto.CryptoKeyPair> {
  return (await crypto.subtle.generateKey(ALGORITHMS[algorithm], true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
}

/** Makes an identity that was never on disk, so that tests can ask for odd ones. */
export async function makeIdentity(wish: CertificateWish = {}): Promise<Identity> {
  const algorithm = wish.algorithm ?? "P-256";
  const keys = wish.keys ?? (await makeKeys(algorithm));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex"),
    name: `CN=${wish.name ?? "syncline"}`,
    notBefore: wish.notBefore ?? new Date("2026-01-01"),
    notAfter: wish.notAfter ?? new Date("2046-01-01"),
    signingAlgorithm: ALGORITHMS[algorithm],
    keys,
    extensions: [new BasicConstraintsExtension(false, undefined, true)],
  });
  const der = new X509Certificate(certificate.toString("pem")).raw;
  const key = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const deviceId = deviceIdOf(der);
  return {
    deviceId,
    shortId: shortId(deviceId),
    certificatePem: certificate.toString("pem"),
    certificateDer: der,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}
