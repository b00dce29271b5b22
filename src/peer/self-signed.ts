/** Makes certificates that vouch for themselves. */

const DAY_MS = 24 * 60 * 60 * 1000;

export interface CertificateWish {
  readonly nowMs: number;
  readonly validDays: number;
  /** What a TLS client may have asked for; none for the device's own, which is known by its hash. */
  readonly names: readonly { readonly type: "dns" | "ip"; readonly value: string }[];
  readonly isClient: boolean;
}

/** The key is PKCS #8. */
export async function makeCertificate(wish: CertificateWish): Promise<{ certificatePem: string; keyPem: string }> {
  // Loaded here only: it costs more start-up time than all that uses it, and is needed once in years.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const notBefore = new Date(wish.nowMs - DAY_MS);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
    name: "CN=syncline",
    notBefore,
    notAfter: new Date(notBefore.getTime() + wish.validDays * DAY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(wish.isClient ? [serverAuth, clientAuth] : [serverAuth]),
      ...(wish.names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...wish.names])]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const body = (pkcs8.match(/.{1,64}/g) ?? []).join("\n");
  return {
    certificatePem: `${certificate.toString("pem")}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`,
  };
}
