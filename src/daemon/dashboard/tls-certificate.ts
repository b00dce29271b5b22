/**
 * The certificate that the dashboard shows to browsers on other machines. It
 * vouches for itself, so a browser asks once, and its fingerprint is what a
 * person compares. Not the device's own: that one is for paired devices, which
 * know it by its hash, and lives as long as the device.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../peer/self-signed.ts";
import { writeFileAtomically } from "../write-file.ts";
import { ownHosts } from "./own-hosts.ts";

/** Key and certificate in one file, so that there is no half of it. */
const FILE = "dashboard.pem";
/** Apple's systems take no longer ones. */
const VALID_DAYS = 800;
const RENEWED_BEFORE_DAYS = 30;
const DAY_MS = 86_400_000;

export interface DashboardCertificate {
  readonly pem: string;
  /** SHA-256 as browsers show it: `AB:CD:…`. */
  readonly fingerprint: string;
}

/** Loads it, or makes a new one where there is none that holds for a while. */
export async function openCertificate(stateDir: string, nowMs: number): Promise<DashboardCertificate> {
  const file = join(stateDir, FILE);
  const kept = await readFile(file, "utf8").catch(() => undefined);
  const known = kept === undefined ? undefined : usable(kept, nowMs);
  if (known !== undefined) return known;
  const names = [...new Set(["localhost", "127.0.0.1", "::1", hostname(), ...ownHosts()])].map(
    (value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value }) as const,
  );
  const { certificatePem, keyPem } = await makeCertificate({ nowMs, validDays: VALID_DAYS, names, isClient: false });
  const pem = keyPem + certificatePem;
  await writeFileAtomically(file, pem);
  return { pem, fingerprint: new X509Certificate(certificatePem).fingerprint256 };
}

function usable(pem: string, nowMs: number): DashboardCertificate | undefined {
  try {
    const certificate = new X509Certificate(pem);
    const isSound = certificate.checkPrivateKey(createPrivateKey(pem));
    const isLasting = certificate.validToDate.getTime() - nowMs > RENEWED_BEFORE_DAYS * DAY_MS;
    return isSound && isLasting ? { pem, fingerprint: certificate.fingerprint256 } : undefined;
  } catch {
    return undefined;
  }
}
