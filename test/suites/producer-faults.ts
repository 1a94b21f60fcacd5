import { expect } from "chai";
import { systemClock } from "../../src/core/clock.ts";
import { createContextStore } from "../../src/core/context.ts";
import type { ProducerOptions } from "../../src/producer/options.ts";
import { createTopicProducer, type OwnedTopicProducer } from "../../src/producer/producer.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort } from "../../src/transport/port.ts";
import type { FallibleCluster, OpenCluster } from "../support/fallible-cluster.ts";
import { createTopics, uniqueName } from "../support/servers.ts";
import { createOrderEvent, type Order } from "../unit/producer/memory-kafka.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Binds them to three brokers. */
export function describeProducerFaults(open: OpenCluster): void {
  describe("a producer with brokers that fail", function () {
    this.timeout(180_000);
    let cluster: FallibleCluster;
    let port: KafkaPort;
    let topic = "";

    before(async function () {
      cluster = await open(this);
    });
    beforeEach(async () => {
      port = createKafkajsPort({ brokers: cluster.brokers }, () => {});
      topic = uniqueName("faults");
      await createTopics(cluster.brokers, [{ topic, partitions: 6 }]);
    });
    afterEach(async () => port.close());
    after(async () => cluster?.close());

    function createProducer(options: ProducerOptions): OwnedTopicProducer {
      return createTopicProducer(
        {
          transport: port,
          serializer: {
            prepare: async () => {},
            serialize: (event, value) => event.codec.encode(value, 5),
          },
          observe: () => {},
          clock: systemClock,
          context: createContextStore(),
          options,
        },
        { name: topic, events: [] },
      );
    }

    /** Sends without pause until told to end; every send must succeed. */
    function createStream(producer: OwnedTopicProducer): {
      readonly total: () => number;
      /** Longest time between two acknowledgements. */
      readonly end: () => Promise<void>;
    } {
      const placed = createOrderEvent("order.placed", topic);
      const sends: Promise<unknown>[] = [];
      let total = 0;
      let isOn = true;
      const running = (async () => {
        while (isOn) {
          for (let i = 0; i < 20; i++) {
            const id = total++;
            const sent = producer.send(placed, { key: `k${id % 30}`, id: String(id) });
            sent.catch(() => {});
            sends.push(sent);
          }
          await pause(10);
        }
      })();
      return {
        total: () => total,
        async end() {
          isOn = false;
          await running;
          await Promise.all(sends);
        },
      };
    }

    async function expectAllInOrder(total: number): Promise<void> {
      const seen = new Set<string>();
      const last = new Map<string, number>();
      for (const { partition, low, high } of await port.admin().offsets(topic))
        if (high > low)
          await port.read({ topic, partition, offset: low }, high, async (record) => {
            const text = Buffer.from(record.value ?? []).subarray(5);
            const { key, id }: Order = JSON.parse(text.toString());
            if (seen.has(id)) return;
            seen.add(id);
            expect(Number(id), `order of ${key}`).to.be.greaterThan(last.get(key) ?? -1);
            last.set(key, Number(id));
          });
      expect(seen.size).to.equal(total);
    }

    for (const options of [{}, { idempotent: true }])
      it(`loses nothing and keeps the order per key while a broker is killed and comes back, with ${JSON.stringify(options)}`, async () => {
        const producer = createProducer({ requestTimeoutMs: 5_000, ...options });
        await producer.start();
        const stream = createStream(producer);
        await pause(1_000);
        const victim = cluster.ids[options.idempotent ? 1 : 0] ?? 0;
        await cluster.kill(victim);
        await pause(3_000);
        await cluster.revive(victim);
        await pause(1_000);
        await stream.end();
        expect(producer.stats()).to.include({ sent: stream.total(), produced: stream.total(), inFlight: 0 });
        await expectAllInOrder(stream.total());
        await cluster.settled([topic]);
      });
  });
}
