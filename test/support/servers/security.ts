import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ExtraListener } from "./kafka-config.ts";
import { findPorts } from "./ports.ts";

const run = promisify(execFile);

export interface SecurityOptions {
  /** User names with their passwords, for PLAIN and both SCRAM mechanisms. */
  readonly users: Readonly<Record<string, string>>;
}

/** A listener with passwords and one with TLS, beside the plain one that the brokers use among themselves. */
export interface SecuritySetup {
  readonly saslAddress: string;
  readonly tlsAddress: string;
  /** PEM of the authority that signed the broker's certificate. */
  readonly caFile: string;
  readonly listeners: readonly ExtraListener[];
  readonly scramUsers: readonly string[];
  readonly config: Readonly<Record<string, string>>;
}

export async function setUpSecurity(folder: string, options: SecurityOptions): Promise<SecuritySetup> {
  const [saslPort = 0, tlsPort = 0] = await findPorts(2);
  const caFile = await makeCertificates(folder);
  const module = "org.apache.kafka.common.security";
  const users = Object.entries(options.users);
  const plain = users.map(([name, password]) => `user_${name}="${password}"`).join(" ");
  const listener = "listener.name.sasl_plaintext";
  return {
    saslAddress: `127.0.0.1:${saslPort}`,
    tlsAddress: `127.0.0.1:${tlsPort}`,
    caFile,
    listeners: [
      { name: "SASL_PLAINTEXT", port: saslPort, protocol: "SASL_PLAINTEXT" },
      { name: "SSL", port: tlsPort, protocol: "SSL" },
    ],
    scramUsers: users.flatMap(([name, password]) =>
      ["SCRAM-SHA-256", "SCRAM-SHA-512"].map((kind) => `${kind}=[name=${name},password=${password}]`),
    ),
    config: {
      "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
      [`${listener}.plain.sasl.jaas.config`]: `${module}.plain.PlainLoginModule required ${plain};`,
      [`${listener}.scram-sha-256.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
      [`${listener}.scram-sha-512.sasl.jaas.config`]: `${module}.scram.ScramLoginModule required;`,
      "ssl.keystore.type": "PEM",
      "ssl.keystore.location": join(folder, "broker.pem"),
      "ssl.truststore.type": "PEM",
      "ssl.truststore.location": caFile,
    },
  };
}

async function makeCertificates(folder: string): Promise<string> {
  const openssl = (...args: string[]): Promise<unknown> => run("openssl", args, { cwd: folder });
  for (const name of ["ca", "broker"])
    await openssl(
      "genpkey",
      "-algorithm",
      "EC",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-out",
      `${name}.key`,
    );
  await openssl("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=ca", "-days", "30", "-out", "ca.crt");
  await openssl("req", "-new", "-key", "broker.key", "-subj", "/CN=broker", "-out", "broker.csr");
  await writeFile(join(folder, "names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  const signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30"];
  await openssl("x509", "-req", "-in", "broker.csr", ...signing, "-extfile", "names", "-out", "broker.crt");
  const parts = await Promise.all(["broker.key", "broker.crt"].map((name) => readFile(join(folder, name))));
  await writeFile(join(folder, "broker.pem"), Buffer.concat(parts));
  return join(folder, "ca.crt");
}
