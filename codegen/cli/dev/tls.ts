import { randomBytes, type webcrypto } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ListenerTls } from "../../../src/embedded/broker/options.ts";

/** An authority and a server certificate for one run. */
export interface DevTls {
  readonly listener: ListenerTls;
  /** What clients are to trust. */
  readonly caPath: string;
  readonly certPath: string;
  /** Deletes the files. */
  remove(): Promise<void>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const dayMs = 86_400_000;

/** Makes an authority, lets it sign a certificate for this machine and `host`, and forgets the authority's key. */
export async function createDevTls(host: string): Promise<DevTls> {
  // The certificate library's own container looks for it when it is loaded.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const makeKeys = (): Promise<webcrypto.CryptoKeyPair> =>
    crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const [caKeys, keys] = await Promise.all([makeKeys(), makeKeys()]);
  const nowMs = Date.now();
  const common = {
    // Clocks of containers may be behind.
    notBefore: new Date(nowMs - dayMs),
    notAfter: new Date(nowMs + 30 * dayMs),
    signingAlgorithm: algorithm,
  };
  const serialNumber = (): string => `01${randomBytes(15).toString("hex")}`;
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    name: "CN=keryx dev authority",
    serialNumber: serialNumber(),
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const names = [...new Set(["localhost", "127.0.0.1", "::1", host])];
  const cert = await x509.X509CertificateGenerator.create({
    ...common,
    subject: "CN=keryx dev",
    issuer: ca.subject,
    serialNumber: serialNumber(),
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const key = x509.PemConverter.encode(
    await crypto.subtle.exportKey("pkcs8", keys.privateKey),
    "PRIVATE KEY",
  );
  const folder = await mkdtemp(join(tmpdir(), "keryx-dev-"));
  const [caPath, certPath] = [join(folder, "ca.pem"), join(folder, "server.pem")];
  await writeFile(caPath, ca.toString("pem"));
  await writeFile(certPath, cert.toString("pem"));
  return {
    listener: { key, cert: cert.toString("pem") },
    ...{ caPath, certPath },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
