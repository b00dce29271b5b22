import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openIdentity } from "../../src/peer/identity.ts";
import { SyncError } from "../../src/shared/errors.ts";
import { parseDeviceId } from "../../src/shared/ids.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "syncline-identity-"));
});
afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function codeOf(promise: Promise<unknown>): Promise<{ code: string; hint: string }> {
  const error = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(SyncError);
  const { code, hint } = error as SyncError;
  return { code, hint };
}

test("a new identity is stored once and loaded ever after", async () => {
  const made = await openIdentity(home);
  const loaded = await openIdentity(home);
  expect(loaded).toEqual(made);
  expect(parseDeviceId(made.deviceId)).toBe(made.deviceId);
  expect(made.deviceId.replaceAll("-", "").startsWith(made.shortId)).toBe(true);
  expect((await readdir(home)).sort()).toEqual(["cert.pem", "key.pem"]);
});

test("the certificate is self-signed, names nobody and is valid for 20 years", async () => {
  const { certificatePem } = await openIdentity(home);
  const certificate = new X509Certificate(certificatePem);
  expect(certificate.subject).toBe("CN=syncline");
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  expect(certificate.validFromDate.getTime()).toBeLessThan(Date.now());
  expect(certificate.validToDate.getUTCFullYear() - certificate.validFromDate.getUTCFullYear()).toBe(20);
});

test("two homes get two identities", async () => {
  const other = await mkdtemp(join(tmpdir(), "syncline-identity-"));
  const [ours, theirs] = [await openIdentity(home), await openIdentity(other)];
  await rm(other, { recursive: true });
  expect(ours.deviceId).not.toBe(theirs.deviceId);
});

test("the key is stored for its owner alone", async () => {
  await openIdentity(home);
  expect((await stat(join(home, "key.pem"))).mode & 0o777).toBe(0o600);
});

test.each([0o644, 0o640, 0o604, 0o660])("a key with mode %o is refused with the fix", async (mode) => {
  await openIdentity(home);
  await chmod(join(home, "key.pem"), mode);
  expect(await codeOf(openIdentity(home))).toEqual({
    code: "E_KEY_UNSAFE",
    hint: `chmod 600 '${join(home, "key.pem")}'`,
  });
});

test.each(["key.pem", "cert.pem"])("%s as a symbolic link is refused", async (name) => {
  await openIdentity(home);
  await rename(join(home, name), join(home, "moved"));
  await symlink("moved", join(home, name));
  expect((await codeOf(openIdentity(home))).code).toBe("E_KEY_UNSAFE");
});

test.each(["key.pem", "cert.pem"])("a missing %s is never replaced by a new identity", async (name) => {
  await openIdentity(home);
  await rm(join(home, name));
  expect((await codeOf(openIdentity(home))).code).toBe("E_IDENTITY_BROKEN");
  expect(await readdir(home)).not.toContain(name);
});

test("a key of another certificate is refused", async () => {
  const other = await mkdtemp(join(tmpdir(), "syncline-identity-"));
  const [, theirs] = [await openIdentity(home), await openIdentity(other)];
  await rm(other, { recursive: true });
  await writeFile(join(home, "key.pem"), theirs.keyPem);
  expect((await codeOf(openIdentity(home))).code).toBe("E_IDENTITY_BROKEN");
});

test("a damaged certificate is named, not replaced", async () => {
  await openIdentity(home);
  await writeFile(join(home, "cert.pem"), "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n");
  expect((await codeOf(openIdentity(home))).code).toBe("E_IDENTITY_BROKEN");
});

test("a creation cut short before its last rename is finished at the next start", async () => {
  const made = await openIdentity(home);
  await rename(join(home, "key.pem"), join(home, "key.pem.new"));
  expect((await openIdentity(home)).deviceId).toBe(made.deviceId);
  expect(await readdir(home)).not.toContain("key.pem.new");
});

test("a creation cut short before its first rename starts over", async () => {
  await writeFile(join(home, "key.pem.new"), "half a ke");
  const { deviceId } = await openIdentity(home);
  expect((await openIdentity(home)).deviceId).toBe(deviceId);
});

test("the key file holds nothing but the key", async () => {
  await openIdentity(home);
  expect(await readFile(join(home, "key.pem"), "utf8")).toMatch(
    /^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\n$/,
  );
});
