import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { type App, connect, type EventType, type OutcomeLabel, type TopicDefinition } from "keryx";
import { OrderPlaced, type OrderPlacedInit } from "../../generated/index.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { createTopics, uniqueName, waitUntil } from "../support/servers.ts";

/** What holds on any Kafka and registry. */
export function describeDedupe(requireServers: GetServers): void {
  describe("records with the same id", function () {
    this.timeout(60_000);
    let servers: Awaited<ReturnType<GetServers>>;
    let app: App;
    let outcomes: OutcomeLabel[] = [];
    let event: EventType<OrderPlaced, OrderPlacedInit>;
    let topic: TopicDefinition;

    before(async function () {
      servers = await requireServers(this);
    });

    beforeEach(async () => {
      outcomes = [];
      const name = uniqueName("dedupe");
      await createTopics(servers.brokers, [{ topic: name, partitions: 6 }]);
      event = {
        ...OrderPlaced,
        topic: name,
        subject: `${name}-value`,
        policy: { ...OrderPlaced.policy, deadLetter: `${name}-dlq` },
      };
      topic = { name, events: [event as EventType] };
      app = await connect({
        brokers: servers.brokers,
        registry: servers.registryUrl,
        createTopics: true,
        logging: { level: "silent" },
        environment: {},
        observe(signal) {
          if (signal.kind === "record.handled" && signal.outcome !== "held") outcomes.push(signal.outcome);
        },
      });
    });

    afterEach(() => app.close());

    const sendCopies = async (eventId: string, copies: number): Promise<void> => {
      const producer = app.topicProducer(topic);
      // Different keys: the copies lie in different partitions and run at the same time.
      await Promise.all(
        Array.from({ length: copies }, (_, copy) => producer.send(event, { eventId, orderId: `o-${copy}` })),
      );
    };

    it("have one effect, also when they run at the same time", async () => {
      let effects = 0;
      const consumer = app.consumer({ group: uniqueName("billing") }).on(event, async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        effects++;
      });
      await consumer.start();
      await sendCopies(randomUUID(), 8);
      await waitUntil("every copy to be settled", async () => outcomes.length === 8);
      expect(effects).to.equal(1);
      expect(outcomes.filter((outcome) => outcome === "deduped")).to.have.length(7);
    });

    it("are not lost when the handler of one copy fails while the others wait for it", async () => {
      let calls = 0;
      let effects = 0;
      const consumer = app.consumer({ group: uniqueName("billing") }).on(event, async () => {
        const isFirst = calls++ === 0;
        await new Promise((resolve) => setTimeout(resolve, 300));
        if (isFirst) throw new Error("the first copy fails");
        effects++;
      });
      await consumer.start();
      await sendCopies(randomUUID(), 4);
      // Four copies, one of which goes through a retry topic and comes back.
      await waitUntil("every copy and the retry to be settled", async () => outcomes.length === 5);
      expect(effects).to.equal(1);
      expect(outcomes.toSorted()).to.deep.equal(["deduped", "deduped", "deduped", "processed", "retried"]);
    });
  });
}
