import { setTimeout as wait } from "node:timers/promises";
import { expect } from "chai";
import { ApiRequest } from "../../../generated/index.ts";
import type { Signal } from "../../../src/core/signals.ts";
import { connect, type KeryxApp } from "../../../src/index.ts";
import { partitionOfKey } from "../../../src/transport/partitioner.ts";
import {
  createTopics,
  type KafkaCluster,
  requireFallibleKafka,
  requireServers,
  uniqueName,
  waitForFullIsr,
  waitUntil,
  withAdmin,
} from "../../support/servers.ts";

const standstillMs = 6_000;
/** Keys of partition 0 and of partition 1, of two. */
const keys = [0, 1].map((partition) => findKey(partition));

describe("A hand-over that no broker acknowledges", function () {
  this.timeout(180_000);
  let cluster: KafkaCluster;
  let registryUrl: string;
  let app: KeryxApp | undefined;

  before(async function () {
    ({ registryUrl } = await requireServers(this));
    cluster = await requireFallibleKafka(this);
  });
  afterEach(async () => {
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await app?.close();
  });

  const running = (): readonly string[] =>
    cluster.nodes.filter((node) => node.running()).map(({ address }) => address);

  const committed = (group: string, topic: string): Promise<readonly string[]> =>
    withAdmin(running(), async (admin) => {
      // Before it knows a broker, kafkajs finds no coordinator.
      await admin.fetchTopicMetadata({ topics: [topic] });
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return (found?.partitions ?? [])
        .toSorted((a, b) => a.partition - b.partition)
        .map(({ offset }) => offset);
    });

  const endOf = (topic: string): Promise<number> =>
    withAdmin(running(), async (admin) => {
      const partitions = await admin.fetchTopicOffsets(topic);
      return partitions.reduce((sum, { high }) => sum + Number(high), 0);
    });

  it("holds the source's offset until all replicas have it, and then lets the record go its way", async () => {
    const topic = uniqueName("source");
    const group = uniqueName("billing");
    const [retry, dlq] = [`${topic}-retry-1`, `${topic}-dlq`];
    const config = { "min.insync.replicas": "3", "retention.ms": "2592000000" };
    // Two copies are enough for the source and for the group's offsets, but not for what is handed over.
    await createTopics(cluster.brokers, [
      { topic, partitions: 2, config: { "min.insync.replicas": "1" } },
      { topic: retry, partitions: 2, config },
      { topic: dlq, partitions: 2, config },
    ]);
    const event = {
      ...ApiRequest,
      topic,
      subject: `${topic}-value`,
      policy: { ...ApiRequest.policy, retry: { delaysMs: [200] }, deadLetter: dlq },
    };
    const signals: Signal[] = [];
    const handled: string[] = [];
    app = await connect({
      brokers: [...cluster.brokers],
      registry: { url: registryUrl },
      logging: { level: "silent" },
      observe: (signal) => signals.push(signal),
      environment: {},
    });
    const producer = app.topicProducer({ name: topic, events: [event] });
    const send = (path: string, partition: number): Promise<unknown> =>
      producer.send(event, toRequest(path, keys[partition] ?? ""));
    const consumer = app
      .consumer({ group, drainTimeoutMs: 2_000, dedupe: "off" })
      .on(event, (value, delivery) => {
        handled.push(`${value.path} ${delivery.attempt}`);
        if (value.path === "/dead") return delivery.deadLetter("nobody wants it");
        if (value.path === "/later" && delivery.attempt === 1) throw new Error("not now");
      });
    await consumer.start();
    await Promise.all([send("/good", 0), send("/good", 1)]);
    await waitUntil(
      "both partitions are committed",
      async () => (await committed(group, topic)).join() === "1,1",
    );

    const down = cluster.nodes.at(-1);
    await down?.stop();
    await Promise.all([send("/later", 0), send("/dead", 1)]);
    const isHeld = ({ kind, ...rest }: Signal): boolean =>
      kind === "partition.paused" && "cause" in rest && rest.cause === "sink";
    await waitUntil("both were handled", async () =>
      ["/later 1", "/dead 1"].every((one) => handled.includes(one)),
    );
    await wait(standstillMs);
    expect(await committed(group, topic), "while one broker is down").to.deep.equal(["1", "1"]);
    expect(signals.filter(isHeld).length, "partitions that waited for the sink").to.be.at.least(2);
    // Losing the coordinator may have dealt the partitions out anew: then a handler ran again, but no further.
    expect(new Set(handled)).to.deep.equal(new Set(["/good 1", "/later 1", "/dead 1"]));

    await down?.start();
    await waitForFullIsr(cluster.brokers, [topic, retry, dlq]);
    await waitUntil("the record is tried again", async () => handled.includes("/later 2"));
    await waitUntil("both are committed", async () => (await committed(group, topic)).join() === "2,2");
    expect(await endOf(dlq)).to.be.at.least(1);
  });
});

function toRequest(path: string, clientId: string): Parameters<typeof ApiRequest.codec.create>[0] {
  return {
    requestId: crypto.randomUUID(),
    clientId,
    method: "GET",
    path,
    status: 200,
    durationMs: 1,
    responseBytes: 1n,
    receivedAt: 1_790_000_000_000_000n,
    remoteAddress: "203.0.113.17",
    queryParameters: {},
  };
}

function findKey(partition: number): string {
  for (let index = 0; ; index++) {
    const key = `client-${index}`;
    if (partitionOfKey(new TextEncoder().encode(key), 2) === partition) return key;
  }
}
