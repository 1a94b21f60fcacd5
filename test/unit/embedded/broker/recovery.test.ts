import { expect } from "chai";
import type { Consumer, EachMessagePayload, Kafka } from "kafkajs";
import type { DevBroker } from "../../../../src/embedded/broker/index.ts";
import { embeddedBrokers, until } from "../../../support/embedded.ts";
import { valuesOf } from "../../../support/embedded-batch.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

describe("kafkajs at an embedded broker with faults", () => {
  const { start, wire, kafka } = embeddedBrokers();
  const messages = [{ key: "k", value: "v" }];

  const producing = async (broker: DevBroker, config: Parameters<typeof kafka>[1] = {}) => {
    const producer = kafka(broker, config).producer({ idempotent: false });
    await producer.connect();
    return async (value = "v") => producer.send({ topic: "orders", messages: [{ value }] });
  };
  const started = async (options: Parameters<typeof start>[0] = {}) => {
    const broker = await start({ topics: [{ name: "orders", partitions: 2 }], ...options });
    return { broker, send: await producing(broker, { requestTimeout: 300 }) };
  };

  it("sends again after an error that may pass", async () => {
    const { broker, send } = await started();
    for (const code of [6, 5, 7, 3]) {
      const fault = broker.faults.inject({ api: "Produce" }, { kind: "error", code });
      await send(`behind ${code}`);
      expect(fault.hits).to.equal(1);
    }
    expect(broker.records("orders")).to.have.length(4);
  });

  it("surfaces an error that will not pass", async () => {
    const { broker, send } = await started();
    broker.faults.inject({ api: "Produce" }, { kind: "error", code: 10 });
    const told = await send().catch((error: { readonly type?: string }) => error.type);
    expect(told).to.equal("MESSAGE_TOO_LARGE");
    expect(broker.records("orders")).to.have.length(0);
  });

  it("waits out a delay", async () => {
    const { broker, send } = await started();
    const fault = broker.faults.inject({ api: "Produce" }, { kind: "delay", delayMs: 20 });
    await send();
    expect(fault.hits).to.equal(1);
    expect(broker.records("orders")).to.have.length(1);
  });

  it("gives up on an answer that is held, and both of its attempts are stored when it is released", async () => {
    const { broker } = await started();
    const send = await producing(broker, {
      requestTimeout: 100,
      retry: { retries: 1, initialRetryTime: 10 },
    });
    const fault = broker.faults.inject({ api: "Produce" }, { kind: "hold" });
    const told = await send().catch(
      (error: { readonly cause?: { readonly name: string } }) => error.cause?.name,
    );
    expect(told).to.equal("KafkaJSRequestTimeoutError");
    expect(broker.records("orders")).to.have.length(0);
    fault.release();
    await until(
      () => broker.records("orders").length === 2,
      "the held request was handled, and the one behind it",
    );
  });

  it("stores a record twice when the acknowledgement is lost, with or without the connection", async () => {
    for (const kind of ["drop", "close"] as const) {
      const { broker, send } = await started();
      broker.faults.inject({ api: "Produce" }, { kind, handled: true });
      await send(kind);
      expect(valuesOf(broker.records("orders"))).to.deep.equal([kind, kind]);
    }
  });

  it("stores it once with idempotence, whatever was lost", async () => {
    const broker = await start({ topics: [{ name: "orders" }] });
    const producer = kafka(broker, { requestTimeout: 300 }).producer({ idempotent: true });
    await producer.connect();
    for (const kind of ["drop", "close"] as const)
      for (const handled of [true, false]) {
        broker.faults.inject({ api: "Produce" }, { kind, handled });
        await producer.send({ topic: "orders", messages: [{ value: `${kind} ${handled}` }] });
      }
    expect(valuesOf(broker.records("orders"))).to.deep.equal([
      "drop true",
      "drop false",
      "close true",
      "close false",
    ]);
  });

  it("stores a record once when the request itself is lost", async () => {
    for (const kind of ["drop", "close"] as const) {
      const { broker, send } = await started();
      broker.faults.inject({ api: "Produce" }, { kind, handled: false });
      await send(kind);
      expect(valuesOf(broker.records("orders"))).to.deep.equal([kind]);
    }
  });

  describe("and with what happens to a cluster", () => {
    it("follows leaders that move and are shuffled", async () => {
      const { broker, send } = await started({ brokers: 3 });
      await send("first");
      for (const index of [0, 1]) broker.moveLeader("orders", index, 2);
      await send("moved");
      broker.shuffleLeaders();
      await send("shuffled");
      expect(broker.records("orders")).to.have.length(3);
    });

    it("goes on when the broker that led has stopped, has started again, and is gone for good", async () => {
      const { broker, send } = await started({ brokers: 2 });
      await send("first");
      await broker.stopBroker(0);
      await send("stopped");
      await broker.startBroker(0);
      await broker.stopBroker(1);
      await send("started");
      await broker.startBroker(1);
      await broker.removeBroker(0);
      await send("removed");
      expect(broker.records("orders")).to.have.length(4);
    });

    it("finds brokers that came later", async () => {
      const { broker, send } = await started();
      await send("first");
      const id = await broker.addBroker();
      for (const index of [0, 1]) broker.moveLeader("orders", index, id);
      await send("added");
      expect(broker.records("orders")).to.have.length(2);
    });

    it("is fenced when the epoch of its transactional id is taken on", async () => {
      const { broker } = await started();
      const producer = kafka(broker).producer({
        transactionalId: "t",
        maxInFlightRequests: 1,
        idempotent: true,
      });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic: "orders", messages });
      broker.bumpEpoch("t");
      const told = await transaction.commit().catch((error: { readonly type?: string }) => error.type);
      expect(told).to.equal("INVALID_PRODUCER_EPOCH");
    });

    it("is told that its transaction was aborted behind its back", async () => {
      const { broker } = await started();
      const producer = kafka(broker).producer({
        transactionalId: "t",
        maxInFlightRequests: 1,
        idempotent: true,
      });
      await producer.connect();
      const transaction = await producer.transaction();
      await transaction.send({ topic: "orders", messages });
      broker.abortTransaction("t");
      const told = await transaction.commit().catch((error: { readonly type?: string }) => error.type);
      expect(told).to.equal("INVALID_PRODUCER_EPOCH");
      expect(broker.transactions()).to.deep.include({ id: "t", state: "CompleteAbort", epoch: 1 });
    });

    it("speaks the versions that are announced", async () => {
      const { broker } = await started();
      broker.setVersions(0, 3, 5);
      expect(() => broker.setVersions(0, 3, 9)).to.throw("API 0");
      expect(() => broker.setVersions(4711, 0, 0)).to.throw("API 4711");
      const send = await producing(broker);
      await send();
      expect(broker.requests({ api: "Produce" }).map(({ version }) => version)).to.deep.equal([5]);
    });
  });

  describe("and with what happens to a group", () => {
    const consuming = async (broker: DevBroker, client: Kafka = kafka(broker)) => {
      const seen: string[] = [];
      const consumer: Consumer = client.consumer({
        groupId: "g",
        heartbeatInterval: 20,
        maxWaitTimeInMs: 20,
        retry: { retries: 20 },
      });
      let joins = 0;
      consumer.on(consumer.events.GROUP_JOIN, () => void joins++);
      await consumer.connect();
      await consumer.subscribe({ topic: "orders", fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message }: EachMessagePayload) => void seen.push(String(message.value)),
      });
      await until(() => joins === 1, "the consumer has joined");
      return { seen, joins: () => joins };
    };
    const withConsumer = async (options: Parameters<typeof start>[0] = {}) => {
      const { broker } = await started(options);
      return { broker, ...(await consuming(broker)) };
    };

    it("joins again when its session has ended", async () => {
      const { broker, seen, joins } = await withConsumer();
      broker.expireSession("g");
      await until(() => joins() === 2, "it has joined again");
      broker.seed("orders", [{ value: "later" }]);
      await until(() => seen.includes("later"), "it reads on");
    });

    it("joins again when the group is made to share anew", async () => {
      const { broker, joins } = await withConsumer();
      const before = broker.group("g")?.generation ?? 0;
      broker.forceRebalance("g");
      await until(() => joins() === 2, "it has joined again");
      expect(broker.group("g")).to.include({ state: "Stable" });
      expect(broker.group("g")?.generation).to.equal(before + 1);
    });

    it("waits for a member that is away for as long as the clock says, and not a moment in earnest", async () => {
      const clock = createManualClock();
      const broker = await start({ clock, topics: [{ name: "orders" }] });
      const [one, two] = [await wire(broker), await wire(broker)];
      const request = {
        ...{ groupId: "g", protocolType: "consumer", protocols: [{ name: "range" }] },
        ...{ sessionTimeoutMs: 60_000, rebalanceTimeoutMs: 30_000 },
      };
      await one.ask("JoinGroup", 3, request);
      const told = two.ask("JoinGroup", 3, request);
      await until(() => broker.requests({ api: "JoinGroup" }).length === 2, "the second member has come");
      await clock.advance(29_999);
      expect(broker.group("g")).to.include({ state: "PreparingRebalance" });
      await clock.advance(1);
      expect(await told).to.include({ errorCode: 0, generationId: 2 });
      expect(broker.group("g")?.members).to.have.length(1);
    });

    it("finds its coordinator again when it has moved or its broker has stopped", async () => {
      const { broker, seen } = await withConsumer({ brokers: 2 });
      broker.rehashCoordinators();
      broker.seed("orders", [{ value: "rehashed" }]);
      await until(() => seen.includes("rehashed"), "it reads on");
      await broker.stopBroker(0);
      broker.seed("orders", [{ value: "stopped" }]);
      await until(() => seen.includes("stopped"), "it reads on");
    });

    it("goes to the start of what is left when records were truncated", async () => {
      const { broker } = await started();
      broker.seed("orders", [{ value: "a" }, { value: "b" }]);
      broker.seed("orders", [{ value: "c" }]);
      broker.truncateBefore("orders", 0, 2);
      const { seen } = await consuming(broker);
      await until(() => seen.length === 1, "it has read");
      expect(seen).to.deep.equal(["c"]);
    });

    it("reads what a snapshot brought back", async () => {
      const { broker } = await started();
      broker.seed("orders", [{ value: "kept" }]);
      const snapshot = broker.snapshot();
      broker.seed("orders", [{ value: "forgotten" }]);
      broker.restore(snapshot);
      const { seen } = await consuming(broker);
      await until(() => seen.length > 0, "it has read");
      broker.seed("orders", [{ value: "new" }]);
      await until(() => seen.length === 2, "it has read on");
      expect(seen).to.deep.equal(["kept", "new"]);
    });
  });
});
