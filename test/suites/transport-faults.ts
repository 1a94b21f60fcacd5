import { expect } from "chai";
import kafkajs from "kafkajs";
import { KeryxError } from "../../src/core/errors.ts";
import type { OutgoingRecord } from "../../src/core/record.ts";
import { withCluster } from "../../src/transport/kafkajs/cluster.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort, PortProducer } from "../../src/transport/port.ts";
import type { FallibleCluster, OpenCluster } from "../support/fallible-cluster.ts";
import { uniqueName } from "../support/servers.ts";
import { join, type Member, outgoing, pause, until } from "./transport-tools.ts";

/** Binds them to three brokers. */
export function describeTransportFaults(open: OpenCluster): void {
  describe("a group whose brokers fail", function () {
    this.timeout(180_000);
    let cluster: FallibleCluster;
    let port: KafkaPort;

    before(async function () {
      cluster = await open(this);
    });
    beforeEach(() => {
      port = createKafkajsPort({ brokers: cluster.brokers }, () => {});
    });
    afterEach(async () => port.close());
    after(async () => cluster?.close());

    it("a coordinator that dies is replaced: the last commit reaches its successor, and nothing is lost", async () => {
      const [topic, group] = [await createTopic(port, 3), uniqueName("group")];
      const producer = port.producer({
        acks: "all",
        idempotent: false,
        compression: "none",
        requestTimeoutMs: 5_000,
      });
      // Long enough for a successor to be found before the commit at the revoke is given up.
      const member = await join(port, [topic], group, {
        ...{ sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 40_000 },
        revoked: (_, self) => commitInTime(self),
      });
      await sendUntilTaken(producer, numbered(topic, 0, 30));
      await until("the first records", () => member.records.length === 30);
      const coordinator = await coordinatorOf(cluster.brokers, group);
      await cluster.kill(coordinator);
      await sendUntilTaken(producer, numbered(topic, 30, 60));
      await until("the other records", () => new Set(member.values()).size === 60, 60_000);
      await cluster.revive(coordinator);
      await cluster.settled([topic]);
      // By position: a write that was not acknowledged in time may lie in the log twice.
      const positions = member.records.map(({ partition, offset }) => `${partition}@${offset}`);
      expect(new Set(positions).size, "positions read once").to.equal(positions.length);
      expect(member.log.filter((line) => line.startsWith("lost"))).to.deep.equal([]);
    });
  });
}

/** As the engine does: what passes by is tried again. */
async function commitInTime(member: Member, deadlineMs = Date.now() + 15_000): Promise<void> {
  await member.commitAll().catch(async (error: KeryxError) => {
    if (!error.retriable || Date.now() >= deadlineMs) throw error;
    await pause(200);
    await commitInTime(member, deadlineMs);
  });
}

async function createTopic(port: KafkaPort, partitions: number): Promise<string> {
  const topic = uniqueName("faults");
  await port.admin().createTopics([{ topic, partitions }]);
  return topic;
}

function numbered(topic: string, from: number, to: number): OutgoingRecord[] {
  return Array.from({ length: to - from }, (_, i) => outgoing(topic, `k${from + i}`, `v${from + i}`));
}

export async function coordinatorOf(brokers: readonly string[], groupId: string): Promise<number> {
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const { cluster: inner, client } = withCluster(kafka, () => kafka.admin());
  await client.connect();
  await inner.refreshMetadata();
  const { nodeId } = await inner.findGroupCoordinator({ groupId });
  await client.disconnect();
  return Number(nodeId);
}

/** Tries again as the producer above the port does. */
export async function sendUntilTaken(
  producer: PortProducer,
  batch: readonly OutgoingRecord[],
): Promise<void> {
  for (;;) {
    try {
      await producer.send(batch);
      return;
    } catch (error) {
      if (!(error instanceof KeryxError) || !error.retriable) throw error;
      await pause(200);
    }
  }
}
