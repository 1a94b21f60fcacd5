import type { KafkaPort, PortProducer } from "../../src/transport/port.ts";
import { uniqueName } from "../support/servers.ts";
import { describeAdministration } from "./transport-administration.ts";
import { describeGroups } from "./transport-groups.ts";
import { describeProducing } from "./transport-producing.ts";
import { join, type Member, outgoing, producerOptions, type TransportBench } from "./transport-tools.ts";

/** What every Kafka client behind the port must do, against any Kafka. `open` makes a port; the suite closes it. */
export function transportContract(open: () => KafkaPort): void {
  let port: KafkaPort;
  let producer: PortProducer;
  const members: Member[] = [];

  before(() => {
    port = open();
    producer = port.producer(producerOptions);
  });
  afterEach(async () => {
    await Promise.all(members.splice(0).map(({ consumer }) => consumer.close()));
  });
  after(async () => port.close());

  const bench: TransportBench = {
    get port() {
      return port;
    },
    get producer() {
      return producer;
    },
    open,
    async topicOf(partitions = 1, config = {}) {
      const topic = uniqueName("transport");
      await port.admin().createTopics([{ topic, partitions, config }]);
      return topic;
    },
    async joinAs(...args) {
      const member = await join(port, ...args);
      members.push(member);
      return member;
    },
    numbers: (topic, count, partition) =>
      Array.from({ length: count }, (_, i) => outgoing(topic, `k${i}`, String(i), partition)),
  };

  describeProducing(bench);
  describeGroups(bench);
  describeAdministration(bench);
}
