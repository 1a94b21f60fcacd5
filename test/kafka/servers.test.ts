import { expect } from "chai";
import {
  createTopics,
  requireOwnServers,
  requireServers,
  type SharedServers,
  sharedServers,
  startKafka,
  startRegistry,
  uniqueName,
  waitForFullIsr,
  withAdmin,
} from "../support/servers.ts";

describe("Shared servers", () => {
  let servers: SharedServers;
  before(async function () {
    servers = await requireServers(this);
  });

  it("are the same ones for every suite", async () => {
    expect(await sharedServers()).to.equal(servers);
  });

  it("take a topic whose copies are in sync when the creation returns", async () => {
    const topic = uniqueName("ready");
    await createTopics(servers.brokers, [{ topic, partitions: 4 }]);
    const metadata = await withAdmin(servers.brokers, (admin) =>
      admin.fetchTopicMetadata({ topics: [topic] }),
    );
    expect(metadata.topics[0]?.partitions).to.have.length(4);
    if (servers.kind === "started") expect(metadata.topics[0]?.partitions[0]?.isr).to.have.length(3);
  });

  it("answer as a schema registry", async () => {
    const answer = await fetch(`${servers.registryUrl}/subjects`);
    expect(answer.status).to.equal(200);
  });
});

describe("Servers of a test's own", function () {
  this.timeout(120_000);
  before(async function () {
    await requireOwnServers(this);
  });

  it("come back after a kill, on the same address with the same data", async () => {
    const cluster = await startKafka();
    try {
      const topic = uniqueName("kept");
      await createTopics(cluster.brokers, [{ topic, partitions: 1 }]);
      await cluster.node(1).kill("SIGKILL");
      expect(cluster.node(1).running()).to.equal(false);
      await cluster.node(1).start();
      const topics = await withAdmin(cluster.brokers, (admin) => admin.listTopics());
      expect(topics).to.include(topic);
      await waitForFullIsr(cluster.brokers, [topic]);
    } finally {
      await cluster.close();
    }
  });

  it("ask for passwords on a listener of their own", async () => {
    const cluster = await startKafka({ security: { users: { alice: "alice-pw" } } });
    try {
      expect(cluster.security?.saslAddress).to.match(/^127\.0\.0\.1:\d+$/);
      expect(cluster.brokers).to.have.length(1);
    } finally {
      await cluster.close();
    }
  });

  it("stop and start a registry on one address", async () => {
    const registry = await startRegistry();
    try {
      await registry.stop();
      expect(await fetch(`${registry.url}/subjects`).catch(() => "refused")).to.equal("refused");
      await registry.start();
      expect((await fetch(`${registry.url}/subjects`)).status).to.equal(200);
    } finally {
      await registry.close();
    }
  });
});
