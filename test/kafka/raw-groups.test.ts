import { groupsContract, type RawTarget } from "../suites/groups.ts";
import { transactionsContract } from "../suites/transactions.ts";
import { connectWire, type WireClient } from "../support/embedded-wire.ts";
import {
  createTopics,
  type KafkaCluster,
  requireOwnServers,
  startKafka,
  uniqueName,
} from "../support/servers.ts";

describe("groups and transactions of Apache Kafka, by the raw frames that the embedded broker is held to", function () {
  this.timeout(60_000);
  let cluster: KafkaCluster | undefined;
  let target: RawTarget;
  let clients: WireClient[] = [];
  before(async function () {
    await requireOwnServers(this);
    if (process.env["KERYX_TEST_KAFKA_VERSION"]?.startsWith("3.")) {
      console.log(
        "    skipped: the embedded broker is held to Kafka 4, whose coordinator describes groups otherwise",
      );
      this.skip();
    }
    const quick = {
      "group.min.session.timeout.ms": "300",
      "transaction.abort.timed.out.transaction.cleanup.interval.ms": "200",
    };
    cluster = await startKafka({ config: quick });
    const topic = uniqueName("orders");
    await createTopics(cluster.brokers, [{ topic, partitions: 2 }]);
    const connect = async (): Promise<WireClient> => {
      const client = await connectWire(cluster?.brokers[0] ?? "");
      clients.push(client);
      return client;
    };
    target = { topic, name: uniqueName, connect };
    await warmUp(await connect());
  });
  afterEach(() => {
    for (const client of clients) client.close();
    clients = [];
  });
  after(() => cluster?.close());

  groupsContract(() => target);
  transactionsContract(() => target);
});

/** Internal topics appear with the first use, and are refused until then. */
async function warmUp(client: WireClient): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    const asked = {
      groupId: "warm-up",
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 1_000,
      protocolType: "x",
    };
    const protocols = [{ name: "x", metadata: Buffer.alloc(0) }];
    await client.ask("FindCoordinator", 2, { key: "warm-up", keyType: 0 });
    await client.ask("FindCoordinator", 2, { key: "warm-up", keyType: 1 });
    const joined = await client.ask("JoinGroup", 5, { ...asked, protocols });
    const initialised = await client.ask("InitProducerId", 1, {
      transactionalId: "warm-up",
      transactionTimeoutMs: 10_000,
    });
    if (joined["errorCode"] === 79 && initialised["errorCode"] === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
