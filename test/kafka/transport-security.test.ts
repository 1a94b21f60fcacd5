import { copyFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { expect } from "chai";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { TransportOptions } from "../../src/transport/options.ts";
import { createRecorder, failure, join, outgoing } from "../suites/transport-tools.ts";
import { type KafkaCluster, requireOwnServers, startKafka, uniqueName } from "../support/servers.ts";

describe("kafkajs behind the port, with logins, TLS and rights", function () {
  this.timeout(120_000);
  let cluster: KafkaCluster;
  const open: { close(): Promise<void> }[] = [];

  before(async function () {
    await requireOwnServers(this);
    cluster = await startKafka({
      security: { users: { admin: "admin-pw", alice: "alice-pw" } },
      config: {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:admin",
      },
    });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((port) => port.close()));
  });
  after(async () => cluster?.close());

  const portOf = (
    options: Partial<TransportOptions>,
    observe = createRecorder().observe,
  ): ReturnType<typeof createKafkajsPort> => {
    const port = createKafkajsPort({ connectionTimeoutMs: 2_000, ...options }, observe);
    open.push(port);
    return port;
  };
  const sasl = (
    username: string,
    password: string,
    mechanism: "plain" | "scram-sha-256" | "scram-sha-512" = "scram-sha-512",
  ) =>
    ({
      brokers: [cluster.security!.saslAddress],
      sasl: { mechanism, username, password },
      allowInsecure: true,
    }) as const;

  for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512"] as const) {
    it(`${mechanism} logs in`, async () => {
      expect((await portOf(sasl("admin", "admin-pw", mechanism)).ping()).brokers).to.equal(1);
    });

    it(`${mechanism} with a wrong password is auth_failed, not an outage, and prints no password`, async () => {
      const port = portOf(sasl("admin", "wrong-pw", mechanism));
      const producer = port.producer({
        acks: "all",
        idempotent: false,
        compression: "none",
        requestTimeoutMs: 2_000,
      });
      const attempts = [
        () => port.ping(),
        () => producer.send([outgoing("any", "k", "v")]),
        () => join(port, ["any"], "group"),
      ];
      for (const attempt of attempts) {
        const error = await failure(attempt());
        expect(error).to.include({ code: "auth_failed", retriable: false });
        expect(error.message).not.to.contain("wrong-pw");
      }
    });
  }

  it("a client without a login at a listener that wants one is told what to compare", async () => {
    const error = await failure(portOf({ brokers: [cluster.security!.saslAddress] }).ping());
    expect(error.code).to.equal("broker_unreachable");
    expect(error.help).to.contain("`tls` and `sasl`");
  });

  it("an OAuth function that fails is auth_failed, with its own words", async () => {
    const token = async (): Promise<never> => {
      throw new Error("the identity provider is away");
    };
    const error = await failure(
      portOf({
        brokers: [cluster.security!.saslAddress],
        sasl: { mechanism: "oauthbearer", token },
        allowInsecure: true,
      }).ping(),
    );
    expect(error.code).to.equal("auth_failed");
  });

  it("TLS connects with the right authority, read from its file", async () => {
    const { tlsAddress, caFile } = cluster.security!;
    expect((await portOf({ brokers: [tlsAddress], tls: { caPath: caFile } }).ping()).brokers).to.equal(1);
  });

  for (const [what, tls] of [
    ["a foreign authority", true],
    ["a wrong host name", { serverName: "elsewhere.example" }],
  ] as const)
    it(`${what} is tls_failed, not an outage`, async () => {
      const { tlsAddress, caFile } = cluster.security!;
      const options = tls === true ? tls : { ...tls, caPath: caFile };
      const error = await failure(portOf({ brokers: [tlsAddress], tls: options }).ping());
      expect(error).to.include({ code: "tls_failed", retriable: false });
    });

  it("a file that is not there is named when the port is made", () => {
    expect(() => portOf({ tls: { caPath: "/nowhere/ca.pem" } })).to.throw(/tls\.caPath: \/nowhere\/ca\.pem/);
  });

  it("a certificate file that is replaced is read by the next connection", async () => {
    const { tlsAddress, caFile } = cluster.security!;
    const path = joinPath(cluster.folder, "rotating.pem");
    // Certificates alike, but not the authority.
    copyFileSync(joinPath(cluster.folder, "broker.crt"), path);
    const port = portOf({ brokers: [tlsAddress], tls: { caPath: path } });
    expect((await failure(port.ping())).code).to.equal("tls_failed");
    copyFileSync(caFile, path);
    expect((await port.ping()).brokers).to.equal(1);
  });

  it("any certificate is accepted only when told so, and that is said aloud", async () => {
    const recorder = createRecorder();
    const port = portOf(
      { brokers: [cluster.security!.tlsAddress], tls: { rejectUnauthorized: false } },
      recorder.observe,
    );
    expect((await port.ping()).brokers).to.equal(1);
    expect(recorder.signals).to.have.length(1);
    expect(recorder.signals[0]).to.include({ kind: "config.warning" });
  });

  it("rights that are missing are named: the topic, the group", async () => {
    const topic = uniqueName("denied");
    const owner = portOf({ brokers: cluster.brokers });
    await owner.admin().createTopics([{ topic, partitions: 1 }]);
    const alice = portOf(sasl("alice", "alice-pw"));
    const producer = alice.producer({
      acks: "all",
      idempotent: false,
      compression: "none",
      requestTimeoutMs: 2_000,
    });
    const error = await failure(producer.send([outgoing(topic, "k", "v")]));
    expect(error).to.include({ code: "not_authorized", retriable: false });
    expect(error.message).to.contain(topic);
    expect((await failure(join(alice, [topic], "group"))).code).to.equal("not_authorized");
    expect(
      (
        await failure(
          alice.admin().createTopics([{ topic: uniqueName("denied"), partitions: 1, replicationFactor: 1 }]),
        )
      ).code,
    ).to.equal("not_authorized");
  });

  it("a group without rights is named, although the client hides why it found no coordinator", async () => {
    const topic = uniqueName("granted");
    const owner = portOf({ brokers: cluster.brokers });
    await owner.admin().createTopics([{ topic, partitions: 1 }]);
    await grantTopic(cluster, topic);
    const alice = portOf(sasl("alice", "alice-pw"));
    const error = await failure(join(alice, [topic], "closed-group"));
    expect(error.code).to.equal("not_authorized");
    expect(error.message).to.contain("closed-group");
    const producer = alice.producer({
      acks: "all",
      idempotent: false,
      compression: "none",
      requestTimeoutMs: 2_000,
    });
    expect(await producer.send([outgoing(topic, "k", "v")])).to.have.length(1);
  });
});

async function grantTopic(cluster: KafkaCluster, topic: string): Promise<void> {
  const { default: kafkajs } = await import("kafkajs");
  const { withAdmin } = await import("../support/servers.ts");
  await withAdmin(cluster.brokers, (admin) =>
    admin.createAcls({
      acl: [
        {
          resourceType: kafkajs.AclResourceTypes.TOPIC,
          resourceName: topic,
          resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
          principal: "User:alice",
          host: "*",
          operation: kafkajs.AclOperationTypes.ALL,
          permissionType: kafkajs.AclPermissionTypes.ALLOW,
        },
      ],
    }),
  );
}
