import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { expect } from "chai";
import type { DevBroker } from "../../src/embedded/broker/index.ts";
import { createClient } from "../../src/transport/kafkajs/client.ts";
import { type Cluster, createCluster, dropBroker } from "../../src/transport/kafkajs/cluster.ts";
import { guardCluster } from "../../src/transport/kafkajs/consumer/guard.ts";
import { resolveTransportOptions } from "../../src/transport/options.ts";
import { embeddedBrokers } from "../support/embedded.ts";

describe("what a Kafka client knows of topics", () => {
  const brokers = embeddedBrokers();
  let broker: DevBroker;
  let cluster: Cluster;

  beforeEach(async () => {
    const names = ["orders", "payments"];
    broker = await brokers.start({ topics: names.map((name) => ({ name, partitions: 2 })) });
    const transport = resolveTransportOptions({ brokers: broker.bootstrap() });
    const kafka = createClient(transport, { requestTimeoutMs: 5_000, retries: 2 });
    cluster = createCluster(kafka, { allowAutoTopicCreation: false, metadataMaxAge: 30_000 });
    await cluster.connect();
  });
  afterEach(() => cluster.disconnect());

  const partitionsOf = (topic: string): number => cluster.findTopicPartitionMetadata(topic).length;

  it("holds a topic for the request that added it while a refresh was under way", async () => {
    await cluster.addMultipleTargetTopics(["orders"]);
    const underWay = cluster.refreshMetadata();
    await cluster.addMultipleTargetTopics(["payments"]);
    expect([partitionsOf("orders"), partitionsOf("payments")]).to.deep.equal([2, 2]);
    await underWay;
  });

  it("comes from one refresh at a time, so that one that was begun before cannot undo another", async () => {
    await cluster.addMultipleTargetTopics(["orders"]);
    // As if the time of what is known had run out.
    Object.assign(cluster.brokerPool, { metadataExpireAt: null });
    const asked = broker.requests({ api: "Metadata" }).length;
    await Promise.all([cluster.refreshMetadataIfNecessary(), cluster.refreshMetadata()]);
    expect(broker.requests({ api: "Metadata" }).length - asked).to.equal(1);
  });

  it("tells a consumer of one broker at least, though all its connections have ended", async () => {
    const never = (): never => {
      throw new Error("called");
    };
    const hooks = {
      joined: never,
      searching: never,
      rejoining: never,
      batch: never,
      skipped: never,
      outOfRange: never,
      unreadable: never,
      heartbeat: never,
      fetched: never,
      isOpen: never,
      crashed: never,
    };
    guardCluster(cluster, { group: "billing", sessionTimeoutMs: 10_000, maxWaitMs: 100 }, hooks);
    await cluster.refreshMetadata();
    const known = Object.values(cluster.brokerPool.brokers);
    expect(known).to.have.length(1);
    for (const { connectionPool } of known) cluster.removeBroker(connectionPool);
    expect(Object.values(cluster.brokerPool.brokers)).to.deep.equal(known);
    // One that says nothing is forgotten all the same: others of the list are asked then.
    for (const one of known) dropBroker(cluster, one, "silent");
    expect(cluster.brokerPool.brokers).to.deep.equal({});
  });

  it("is of no other topics where none were asked for, since one without a leader would fail the answer", async () => {
    await cluster.refreshMetadata();
    expect(cluster.brokerPool.metadata?.brokers).to.have.length(1);
    expect(cluster.brokerPool.metadata?.topicMetadata).to.deep.equal([]);
  });
});

describe("A Kafka client one of whose brokers is frozen", () => {
  const brokers = embeddedBrokers();
  let frozen: Server;

  beforeEach(async () => {
    // As a process that was stopped: its system still takes connections, and nobody reads them.
    frozen = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
    await once(frozen, "listening");
  });
  afterEach(() => {
    frozen.close();
  });

  it("connects to the next one, wherever in the list it begins", async () => {
    const broker = await brokers.start({ topics: [{ name: "orders", partitions: 2 }] });
    const { port } = frozen.address() as AddressInfo;
    const transport = resolveTransportOptions({
      brokers: [`127.0.0.1:${port}`, ...broker.bootstrap()],
      connectionTimeoutMs: 200,
    });
    // Each begins anywhere.
    const ask = async (): Promise<number> => {
      const kafka = createClient(transport, { requestTimeoutMs: 5_000, retries: 1 });
      const cluster = createCluster(kafka, { allowAutoTopicCreation: false, metadataMaxAge: 30_000 });
      try {
        await cluster.connect();
        await cluster.addMultipleTargetTopics(["orders"]);
        return cluster.findTopicPartitionMetadata("orders").length;
      } finally {
        await cluster.disconnect();
      }
    };
    expect(await Promise.all(Array.from({ length: 10 }, ask))).to.deep.equal(Array(10).fill(2));
  });
});
