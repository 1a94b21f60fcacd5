import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDevBroker } from "../../src/embedded/broker/index.ts";
import { startKafka } from "../support/servers/kafka.ts";
import { withAdmin } from "../support/servers/ready.ts";
import { testTls } from "../support/tls.ts";

/** What a peer is run against. */
export interface PeerServer {
  readonly kind: "embedded" | "kafka";
  /** What its programs find in their environment. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const user = "peer";
const password = "peer-secret";

/** One embedded broker with a plain listener, one with passwords and one with TLS. */
export async function startEmbedded(): Promise<PeerServer> {
  const folder = await mkdtemp(join(tmpdir(), "keryx-peers-"));
  const caFile = join(folder, "ca.pem");
  await writeFile(caFile, testTls.ca);
  const broker = await createDevBroker({
    listeners: [
      { name: "plain" },
      { name: "sasl", sasl: { users: { [user]: password } } },
      { name: "tls", tls: testTls.server },
    ],
    log: () => {},
  });
  const [plain = "", sasl = "", tls = ""] = ["plain", "sasl", "tls"].map((name) =>
    broker.bootstrap(name).join(","),
  );
  return {
    kind: "embedded",
    env: envOf({ plain, sasl, tls, caFile }),
    async close() {
      await broker.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Apache Kafka with the same listeners. @throws ServersUnavailable */
export async function startReal(): Promise<PeerServer> {
  const cluster = await startKafka({ nodes: 1, security: { users: { [user]: password } } });
  const { security } = cluster;
  if (security === undefined) throw new Error("the cluster has no listener with passwords");
  // Creates the internal topic of groups, which otherwise fails the first member.
  await withAdmin(cluster.brokers, (admin) => admin.describeGroups(["warm-up"]), 10);
  const { saslAddress: sasl, tlsAddress: tls, caFile } = security;
  return {
    kind: "kafka",
    env: envOf({ plain: cluster.brokers.join(","), sasl, tls, caFile }),
    close: () => cluster.close(),
  };
}

interface Addresses {
  readonly plain: string;
  readonly sasl: string;
  readonly tls: string;
  readonly caFile: string;
}

function envOf({ plain, sasl, tls, caFile }: Addresses): Readonly<Record<string, string>> {
  return {
    BROKERS: plain,
    SASL_BROKERS: sasl,
    SASL_USER: user,
    SASL_PASSWORD: password,
    TLS_BROKERS: tls,
    TLS_CA: caFile,
  };
}
