import { expect } from "chai";
import { OrderPlaced } from "../../generated/orders/v1/order_placed_events.ts";
import type { Consumer, ConsumerOptions } from "../../src/core/app.ts";
import type { KeryxError } from "../../src/core/errors.ts";
import { connect, type KeryxApp } from "../../src/index.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { createTopics, uniqueName, waitUntil } from "../support/servers.ts";

type OrderEvent = typeof OrderPlaced;

/** What holds on any Kafka and registry. */
export function describeSharedGroup(requireServers: GetServers): void {
  describe("consumers of one app that share a group", function () {
    this.timeout(120_000);
    let servers: Awaited<ReturnType<GetServers>>;
    let app: KeryxApp;
    let group = "";
    let deduped = 0;

    before(async function () {
      servers = await requireServers(this);
    });

    beforeEach(async () => {
      group = uniqueName("billing");
      deduped = 0;
      app = await open();
    });

    afterEach(() => app.close());

    const open = (consumer: Partial<ConsumerOptions> = {}): Promise<KeryxApp> =>
      connect({
        brokers: servers.brokers,
        registry: servers.registryUrl,
        environment: {},
        logDestination: { write: () => {} },
        observe(signal) {
          if (signal.kind === "record.handled" && signal.outcome === "deduped") deduped++;
        },
        consumer: { sessionTimeoutMs: 10_000, drainTimeoutMs: 2_000, commitTimeoutMs: 3_000, ...consumer },
      });

    const createEvent = async (partitions: number): Promise<OrderEvent> => {
      const topic = uniqueName("orders");
      await createTopics(servers.brokers, [{ topic, partitions }]);
      const policy = { ...OrderPlaced.policy, retry: { delaysMs: [200] }, deadLetter: `${topic}-dlq` };
      return { ...OrderPlaced, topic, subject: `${topic}-orders.v1.OrderPlaced`, policy } as OrderEvent;
    };

    const send = (event: OrderEvent, orderId: string, eventId = `e-${orderId}`): Promise<unknown> =>
      app.producer.send(event, { eventId, orderId, customerId: "c-1", totalMinor: 4_200n });

    // Every record fails once, so that each goes its way through the retry topic.
    const read = async (event: OrderEvent, seen: string[]): Promise<Consumer> => {
      const consumer = app.consumer({ group, createTopics: true }).on(event, (order, { attempt, stage }) => {
        seen.push(`${order.orderId} ${stage}`);
        if (attempt === 1) throw new Error("card declined");
      });
      await consumer.start();
      return consumer;
    };

    const passesOf = (ids: readonly string[]): string[] =>
      ids.flatMap((id) => [`${id} main`, `${id} retry-1`]).sort();

    it("read a topic each, retry in their own retry topics, and go on after every rebalance", async () => {
      const [eastern, western] = [await createEvent(3), await createEvent(3)];
      const [east, west]: [string[], string[]] = [[], []];
      const round = async (name: string): Promise<void> => {
        const ids = Array.from({ length: 6 }, (_, index) => `${name}-${index}`);
        east.length = 0;
        west.length = 0;
        await Promise.all(ids.flatMap((id) => [send(eastern, `east-${id}`), send(western, `west-${id}`)]));
        await waitUntil(`${name} is through`, () => east.length >= 12 && west.length >= 12);
        expect(east.toSorted()).to.deep.equal(passesOf(ids.map((id) => `east-${id}`)));
        expect(west.toSorted()).to.deep.equal(passesOf(ids.map((id) => `west-${id}`)));
      };
      await read(eastern, east);
      const first = await read(western, west);
      await round("two members");
      // A second reader of one topic takes part of its partitions; then it has them alone.
      await read(western, west);
      await round("three members");
      await first.close();
      await round("one left");
    });

    it("share the memory of handled ids, so that a copy on another member's partition has no effect", async () => {
      const event = await createEvent(2);
      const effects = [new Map<string, number>(), new Map<string, number>()];
      for (const own of effects)
        await app
          .consumer({ group, createTopics: true })
          .on(event, ({ eventId }) => {
            own.set(eventId, (own.get(eventId) ?? 0) + 1);
          })
          .start();
      const ids = Array.from({ length: 20 }, (_, index) => `e-${index}`);
      const count = (): number => effects.reduce((sum, own) => sum + own.size, 0);
      // By key each copy lies on a partition of its own choice; twelve copies leave none of the two out.
      await Promise.all(ids.map((id) => send(event, `o-${id}-0`, id)));
      await waitUntil("every id has had its effect", () => count() >= ids.length);
      for (let copy = 1; copy < 12; copy++)
        await Promise.all(ids.map((id) => send(event, `o-${id}-${copy}`, id)));
      await waitUntil("every copy is left out", () => deduped >= 11 * ids.length);
      expect(effects.every((own) => own.size > 0)).to.equal(true);
      expect(effects.flatMap((own) => [...own.keys()]).sort()).to.deep.equal([...ids].sort());
      expect(effects.flatMap((own) => [...own.values()]).every((times) => times === 1)).to.equal(true);
    });

    it("replay by the naming that the app's consumers have", async () => {
      const named = await open({ naming: "group" });
      try {
        const error = await named.replay({ topic: "orders", group }).catch((thrown: unknown) => thrown);
        expect((error as KeryxError).code).to.equal("topic_missing");
        expect((error as KeryxError).message).to.include(`orders-${group}-retry-1`);
      } finally {
        await named.close();
      }
    });
  });
}
