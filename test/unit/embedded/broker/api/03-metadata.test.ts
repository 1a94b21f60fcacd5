import { expect } from "chai";
import type { DevBroker } from "../../../../../src/embedded/broker/index.ts";
import { embeddedBrokers } from "../../../../support/embedded.ts";
import { dig, type WireClient } from "../../../../support/embedded-wire.ts";

interface Told {
  readonly controllerId: number;
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly name: string;
    readonly partitions: readonly {
      readonly leader: number;
      readonly replicas: readonly number[];
      readonly isr: readonly number[];
    }[];
  }[];
}

describe("what the embedded broker says about the cluster", () => {
  const { start, wire } = embeddedBrokers();
  const ask = async (client: WireClient, version: number, request: Readonly<Record<string, unknown>> = {}) =>
    (await client.ask("Metadata", version, request)) as unknown as Told;
  const names = ({ topics }: Told) => topics.map(({ name }) => name);
  const codes = ({ topics }: Told) => topics.map(({ errorCode }) => errorCode);

  it("lists all topics for no list, none for an empty one, and before version 1 all for an empty one", async () => {
    const client = await wire(await start({ topics: [{ name: "a" }, { name: "b" }] }));
    for (const version of [1, 4, 6]) {
      expect(names(await ask(client, version, { topics: null }))).to.deep.equal(["a", "b"]);
      expect(names(await ask(client, version, { topics: [] }))).to.deep.equal([]);
    }
    expect(names(await ask(client, 0, { topics: [] }))).to.deep.equal(["a", "b"]);
  });

  it("creates a topic only when the request and the broker allow it, usable in the same answer", async () => {
    const asked = (allowAutoTopicCreation: boolean) => ({
      topics: [{ name: "new" }],
      allowAutoTopicCreation,
    });
    const strict = await wire(await start());
    expect(codes(await ask(strict, 4, asked(true)))).to.deep.equal([3]);
    const client = await wire(await start({ autoCreateTopics: true, defaultPartitions: 2 }));
    expect(codes(await ask(client, 4, asked(false)))).to.deep.equal([3]);
    const { topics } = await ask(client, 4, asked(true));
    expect(topics[0]).to.include({ errorCode: 0 });
    expect(topics[0]?.partitions.map(({ leader }) => leader)).to.deep.equal([0, 0]);
    const old = await wire(await start({ autoCreateTopics: true }));
    expect(codes(await ask(old, 3, { topics: [{ name: "new" }] }))).to.deep.equal([0]);
  });

  it("refuses names that Kafka does not take with 17, created on demand or not", async () => {
    const wrong = ["", ".", "..", "a b", "a/b", "ä", "a".repeat(250)];
    for (const autoCreateTopics of [true, false]) {
      const client = await wire(await start({ autoCreateTopics }));
      const told = await ask(client, 4, {
        topics: wrong.map((name) => ({ name })),
        allowAutoTopicCreation: true,
      });
      expect(codes(told)).to.deep.equal(wrong.map(() => 17));
    }
    const client = await wire(await start({ autoCreateTopics: true }));
    expect(
      codes(
        await ask(client, 4, {
          topics: [{ name: "a".repeat(249) }, { name: "_A.b-9" }],
          allowAutoTopicCreation: true,
        }),
      ),
    ).to.deep.equal([0, 0]);
  });

  it("answers with the addresses of the listener that the request came in on", async () => {
    const broker = await start({
      brokers: 2,
      advertisedHost: "localhost",
      listeners: [{ name: "one" }, { name: "two" }],
    });
    for (const listener of ["one", "two"]) {
      const client = await wire(broker, { listener });
      const { brokers } = await ask(client, 1, { topics: [] });
      expect(brokers.map(({ host, port }) => `${host}:${port}`)).to.deep.equal(broker.bootstrap(listener));
      const found = await client.ask("FindCoordinator", 1, { key: "g" });
      expect(broker.bootstrap(listener)).to.include(`${dig(found, "host")}:${dig(found, "port")}`);
    }
  });

  it("refuses coordinators of anything but groups and transactions", async () => {
    const client = await wire(await start());
    expect(await client.ask("FindCoordinator", 1, { key: "x", keyType: 2 })).to.include({
      errorCode: 42,
      nodeId: -1,
    });
  });

  describe("names only brokers that it lists", () => {
    const check = async (broker: DevBroker, ids: readonly number[]) => {
      for (const index of broker.bootstrap().keys()) {
        const client = await wire(broker, { index });
        const told = await ask(client, 5, { topics: null });
        const listed = told.brokers.map(({ nodeId }) => nodeId);
        expect(listed).to.deep.equal(ids);
        const named = [told.controllerId];
        for (const { partitions } of told.topics)
          for (const { leader, replicas, isr } of partitions) named.push(leader, ...replicas, ...isr);
        for (const [key, keyType] of [
          ["group", 0],
          ["transaction", 1],
        ] as const)
          named.push(dig(await client.ask("FindCoordinator", 1, { key, keyType }), "nodeId") as number);
        expect(ids).to.include.members(named);
        expect(told.controllerId).to.equal(Math.min(...ids));
        client.close();
      }
    };
    for (const brokers of [1, 2, 3])
      it(`with ${brokers} of them`, async () => {
        const topics = [{ name: "orders", partitions: 6, replicationFactor: brokers }];
        const broker = await start({ brokers, firstBrokerId: 7, topics });
        await check(
          broker,
          Array.from({ length: brokers }, (_, index) => 7 + index),
        );
      });

    it("when brokers stop, start, come and go for good", async () => {
      const broker = await start({
        brokers: 3,
        topics: [{ name: "orders", partitions: 6, replicationFactor: 2 }],
      });
      await broker.stopBroker(0);
      await check(broker, [1, 2]);
      expect(await broker.addBroker()).to.equal(3);
      await check(broker, [1, 2, 3]);
      await broker.removeBroker(1);
      await check(broker, [2, 3]);
      await broker.startBroker(0);
      await check(broker, [0, 2, 3]);
      await broker.stopBroker(2);
      await broker.stopBroker(3);
      await check(broker, [0]);
    });

    it("and moves no leader to a broker that is not up", async () => {
      const broker = await start({ brokers: 2, topics: [{ name: "orders" }] });
      expect(() => broker.moveLeader("orders", 0, 5)).to.throw("broker 5");
      await broker.stopBroker(1);
      expect(() => broker.moveLeader("orders", 0, 1)).to.throw("broker 1");
      await check(broker, [0]);
    });

    it("after a snapshot of more brokers was put back", async () => {
      const wide = await start({
        brokers: 3,
        topics: [{ name: "orders", partitions: 3, replicationFactor: 3 }],
      });
      const broker = await start();
      broker.restore(wide.snapshot());
      await check(broker, [0]);
    });
  });

  it("spreads leaders over the brokers in turn", async () => {
    const broker = await start({ brokers: 3, topics: [{ name: "orders", partitions: 6 }] });
    const { topics } = await ask(await wire(broker), 5, { topics: null });
    const leaders = topics[0]?.partitions.map(({ leader }) => leader) ?? [];
    expect([...leaders].sort()).to.deep.equal([0, 0, 1, 1, 2, 2]);
  });

  it("gives the same ids for the same seed, and others for another", async () => {
    const idOf = async (seed: number) =>
      dig(await (await wire(await start({ seed }))).ask("Metadata", 2, { topics: [] }), "clusterId");
    expect(await idOf(5)).to.equal(await idOf(5));
    expect(await idOf(5)).not.to.equal(await idOf(6));
  });
});
