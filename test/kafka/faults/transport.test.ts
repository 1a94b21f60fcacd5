import { expect } from "chai";
import { KeryxError } from "../../../src/core/errors.ts";
import { createKafkajsPort } from "../../../src/transport/kafkajs.ts";
import type { KafkaPort } from "../../../src/transport/port.ts";
import { sendUntilTaken } from "../../suites/transport-faults.ts";
import { join, outgoing, pause, text, until } from "../../suites/transport-tools.ts";
import {
  type KafkaCluster,
  requireFallibleKafka,
  uniqueName,
  waitForFullIsr,
} from "../../support/servers.ts";

describe("kafkajs behind the port, with brokers that fail", function () {
  this.timeout(180_000);
  let cluster: KafkaCluster;
  let port: KafkaPort;

  before(async function () {
    cluster = await requireFallibleKafka(this);
  });
  beforeEach(() => {
    port = createKafkajsPort({ brokers: cluster.brokers }, () => {});
  });
  afterEach(async () => {
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await port.close();
  });

  async function createTopic(partitions: number): Promise<string> {
    const topic = uniqueName("faults");
    await port.admin().createTopics([{ topic, partitions }]);
    return topic;
  }

  it("one frozen leader of three: producing goes on within ten seconds, and reading too", async () => {
    const topic = await createTopic(1);
    const producer = port.producer({
      acks: "all",
      idempotent: false,
      compression: "none",
      requestTimeoutMs: 30_000,
    });
    const member = await join(port, [topic], uniqueName("group"));
    await sendUntilTaken(producer, [outgoing(topic, "k", "before")]);
    const leader = await leaderOf(cluster, topic);
    await cluster.node(leader).kill("SIGSTOP");
    try {
      const startedAt = Date.now();
      await sendUntilTaken(producer, [outgoing(topic, "k", "during")]);
      expect(Date.now() - startedAt, "milliseconds without a send").to.be.lessThan(10_000);
      await until("the record", () => member.values().includes("during"), 30_000);
    } finally {
      await cluster.node(leader).kill("SIGCONT");
    }
    await waitForFullIsr(cluster.brokers, [topic]);
    await sendUntilTaken(producer, [outgoing(topic, "k", "after")]);
    await until("the last record", () => member.values().includes("after"));
  });

  it("all brokers away for 20 seconds: sends fail as retriable, then go on; a member resumes without a restart", async () => {
    const topic = await createTopic(3);
    const producer = port.producer({
      acks: "all",
      idempotent: true,
      compression: "none",
      requestTimeoutMs: 5_000,
    });
    const member = await join(port, [topic], uniqueName("group"));
    const sent = new Set<string>();
    const send = async (value: string): Promise<void> => {
      await sendUntilTaken(producer, [outgoing(topic, value, value)]);
      sent.add(value);
    };
    for (let i = 0; i < 20; i++) await send(`before ${i}`);
    await Promise.all(cluster.nodes.map((node) => node.kill("SIGKILL")));
    const during = send("during");
    await pause(20_000);
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await during;
    for (let i = 0; i < 20; i++) await send(`after ${i}`);
    await until("every record", () => [...sent].every((value) => member.values().includes(value)), 60_000);
    await member.commitAll();
    expect(member.events.filter((event) => event.kind === "crash" && !event.willRestart)).to.deep.equal([]);
  });

  it("a batch that failed is sent again without a repeat, and another in its place is not taken for it", async () => {
    const topic = await createTopic(1);
    const producer = port.producer({
      acks: "all",
      idempotent: true,
      compression: "none",
      requestTimeoutMs: 3_000,
    });
    await sendUntilTaken(producer, [outgoing(topic, "k", "0")]);
    const followers = cluster.nodes.filter(({ id }) => id !== 0);
    const leader = await leaderOf(cluster, topic);
    const others = followers.filter(({ id }) => id !== leader);
    // With both copies frozen a write is taken by the leader and never acknowledged.
    await Promise.all(others.map((node) => node.kill("SIGSTOP")));
    const given = [outgoing(topic, "k", "given up")];
    const error = await producer.send(given).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    await Promise.all(others.map((node) => node.kill("SIGCONT")));
    await waitForFullIsr(cluster.brokers, [topic]);
    if (error !== undefined) expect(error).to.be.instanceOf(KeryxError).and.to.include({ retriable: true });
    await sendUntilTaken(producer, [outgoing(topic, "k", "next")]);
    const found: (string | null)[] = [];
    await port.read(
      { topic, partition: 0, offset: 0n },
      10n,
      async ({ value }) => void found.push(text(value)),
    );
    expect(found).to.include("next");
    expect(found.filter((value) => value === "given up").length).to.be.lessThan(2);
  });
});

async function leaderOf(cluster: KafkaCluster, topic: string): Promise<number> {
  const { withAdmin } = await import("../../support/servers.ts");
  const { topics } = await withAdmin(cluster.brokers, (admin) =>
    admin.fetchTopicMetadata({ topics: [topic] }),
  );
  return topics[0]?.partitions[0]?.leader ?? 0;
}
