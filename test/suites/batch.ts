import { randomUUID } from "node:crypto";
import { expect } from "chai";
import {
  type App,
  BatchFailure,
  connect,
  type EventType,
  type OutcomeLabel,
  type TopicDefinition,
} from "keryx";
import { OrderPlaced, type OrderPlacedInit } from "../../generated/index.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { createTopics, uniqueName, waitUntil } from "../support/servers.ts";

/** What holds on any Kafka and registry. */
export function describeBatches(requireServers: GetServers): void {
  describe("events that are handled in batches", function () {
    this.timeout(60_000);
    let app: App;
    let event: EventType<OrderPlaced, OrderPlacedInit>;
    let topic: TopicDefinition;
    let outcomes: OutcomeLabel[] = [];

    before(async function () {
      const servers = await requireServers(this);
      const name = uniqueName("batch");
      await createTopics(servers.brokers, [{ topic: name, partitions: 3 }]);
      event = {
        ...OrderPlaced,
        topic: name,
        subject: `${name}-value`,
        policy: { ...OrderPlaced.policy, retry: { delaysMs: [100] }, deadLetter: `${name}-dlq` },
      };
      topic = { name, events: [event as EventType] };
      app = await connect({
        brokers: servers.brokers,
        registry: servers.registryUrl,
        createTopics: true,
        logging: { level: "silent" },
        environment: {},
        observe(signal) {
          if (signal.kind === "record.handled") outcomes.push(signal.outcome);
        },
      });
    });

    after(() => app.close());

    it("are each done once or dead-lettered after all their attempts, in the order of their partition", async () => {
      outcomes = [];
      const done = new Map<number, string[]>();
      const sizes: number[] = [];
      const tries: number[] = [];
      const consumer = app.consumer({ group: uniqueName("billing") }).onBatch(
        event,
        async (batch) => {
          sizes.push(batch.length);
          const bad = batch.findIndex(({ value }) => value.orderId === "bad");
          for (const { value, delivery } of bad < 0 ? batch : batch.slice(0, bad)) {
            const effects = done.get(delivery.partition) ?? [];
            done.set(delivery.partition, [...effects, value.orderId]);
          }
          if (bad < 0) return;
          tries.push(batch[bad]?.delivery.attempt ?? 0);
          throw new BatchFailure(bad, new Error("always"));
        },
        { maxRecords: 20 },
      );
      const producer = app.topicProducer(topic);
      const orders = Array.from({ length: 120 }, (_, index) => (index === 60 ? "bad" : `o-${100 + index}`));
      await Promise.all(orders.map((orderId) => producer.send(event, { eventId: randomUUID(), orderId })));
      await consumer.start();
      await waitUntil(
        "every order to be settled",
        async () =>
          ["processed", "dead_lettered"]
            .map((label) => outcomes.filter((one) => one === label).length)
            .join() === "119,1",
      );
      expect([...done.values()].flat().toSorted()).to.deep.equal(
        orders.filter((order) => order !== "bad").toSorted(),
      );
      for (const effects of done.values()) expect(effects).to.deep.equal(effects.toSorted());
      expect(tries).to.deep.equal([1, 2]);
      expect(Math.max(...sizes)).to.be.within(2, 20);
      await consumer.close();
    });
  });
}
