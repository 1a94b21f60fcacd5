import { expect } from "chai";
import { apis } from "../../../../src/embedded/broker/api/all.ts";
import type { BrokerSignal } from "../../../../src/embedded/broker/signals.ts";
import { apiVersions } from "../../../../src/embedded/broker/versions.ts";
import { embeddedBrokers, until } from "../../../support/embedded.ts";
import { batchOf } from "../../../support/embedded-batch.ts";
import { dig, type Loose } from "../../../support/embedded-wire.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

describe("faults of the embedded broker", () => {
  const { start, wire } = embeddedBrokers();
  const produce = (topic = "orders", index = 0): Loose => ({
    acks: -1,
    topics: [{ name: topic, partitions: [{ index, records: [batchOf(["v"])] }] }],
  });
  const codeOf = (answer: Loose) => dig(answer, "topics", 0, "partitions", 0, "errorCode");
  const started = async () => {
    const clock = createManualClock();
    const broker = await start({
      clock,
      brokers: 1,
      topics: [{ name: "orders", partitions: 2 }, { name: "other" }],
    });
    const client = await wire(broker);
    return {
      clock,
      broker,
      client,
      ask: async (request = produce()) => codeOf(await client.ask("Produce", 7, request)),
    };
  };

  it("an error answers with its code and does nothing", async () => {
    const { broker, ask } = await started();
    const fault = broker.faults.inject({ api: "Produce" }, { kind: "error", code: 7 });
    expect([await ask(), await ask()]).to.deep.equal([7, 0]);
    expect(fault.hits).to.equal(1);
    expect(broker.records("orders")).to.have.length(1);
  });

  it("a delay answers later, on the broker's clock", async () => {
    const { clock, broker, ask } = await started();
    broker.faults.inject({ api: "Produce" }, { kind: "delay", delayMs: 30_000 });
    const told = ask();
    await until(() => broker.requests({ api: "Produce" }).length === 1, "the request has arrived");
    await clock.advance(29_999);
    expect(broker.records("orders")).to.have.length(0);
    await clock.advance(1);
    expect(await told).to.equal(0);
  });

  it("a throttle is handled, and its answer tells how long to keep quiet", async () => {
    const { broker, client } = await started();
    const fault = broker.faults.inject({ api: "Produce" }, { kind: "throttle", throttleMs: 250 });
    const told = await client.ask("Produce", 7, produce());
    expect([dig(told, "throttleTimeMs"), codeOf(told)]).to.deep.equal([250, 0]);
    expect(fault.hits).to.equal(1);
    expect(broker.records("orders")).to.have.length(1);
  });

  it("a hold answers when it is released, and later ones at once", async () => {
    const { broker, ask } = await started();
    const fault = broker.faults.inject({ api: "Produce" }, { kind: "hold" }, { times: 2 });
    const told = ask();
    await until(() => fault.hits === 1, "the request is held");
    expect(broker.records("orders")).to.have.length(0);
    fault.release();
    expect([await told, await ask()]).to.deep.equal([0, 0]);
  });

  it("clear() lets go of what is held or delayed", async () => {
    const { clock, broker, ask } = await started();
    for (const effect of [{ kind: "hold" }, { kind: "delay", delayMs: 60_000 }] as const) {
      const fault = broker.faults.inject({}, effect);
      const told = ask();
      await until(() => fault.hits === 1, "the request is held");
      broker.faults.clear();
      expect(await told).to.equal(0);
    }
    expect(clock.pending()).to.equal(1);
  });

  for (const handled of [true, false])
    it(`a drop answers nothing, and the request takes effect: ${handled}`, async () => {
      const { broker, client } = await started();
      broker.faults.inject({ api: "Produce" }, { kind: "drop", handled });
      client.send("Produce", 7, produce());
      expect(await client.ask("Metadata", 1, { topics: [] })).to.include({ controllerId: 0 });
      expect(broker.records("orders")).to.have.length(handled ? 1 : 0);
    });

  for (const handled of [true, false])
    it(`a close ends the connection, and the request takes effect: ${handled}`, async () => {
      const { broker, client } = await started();
      broker.faults.inject({ api: "Produce" }, { kind: "close", handled });
      client.send("Produce", 7, produce());
      await client.closed;
      expect(broker.records("orders")).to.have.length(handled ? 1 : 0);
    });

  it("match by topic, partition, group, client and broker, and by nothing else", async () => {
    const { broker, client, ask } = await started();
    const error = { kind: "error", code: 7 } as const;
    broker.faults.inject(
      { api: "Produce", topic: "orders", partition: 1, clientId: "wire", broker: 0 },
      error,
    );
    expect(await ask(produce("orders", 0))).to.equal(0);
    expect(await ask(produce("other", 0))).to.equal(0);
    expect(await ask(produce("orders", 1))).to.equal(7);
    broker.faults.inject({ group: "g" }, error, { times: 5 });
    const heartbeat = async (groupId: string) =>
      dig(await client.ask("Heartbeat", 0, { groupId }), "errorCode");
    expect([await heartbeat("h"), await heartbeat("g")]).to.deep.equal([25, 7]);
    expect(await client.ask("FindCoordinator", 1, { key: "g" })).to.include({ errorCode: 7 });
    expect(await client.ask("FindCoordinator", 1, { key: "g", keyType: 1 })).to.include({ errorCode: 0 });
    expect(
      dig(await client.ask("DescribeGroups", 0, { groups: ["h", "g"] }), "groups", 1, "errorCode"),
    ).to.equal(7);
    for (const match of [{ clientId: "nobody" }, { broker: 1 }, { topic: "third" }])
      broker.faults.inject(match, error);
    expect(await ask()).to.equal(0);
    expect(broker.faults.unused()).to.have.length(3);
    broker.faults.clear();
  });

  it("match all topics where a request asks for all", async () => {
    const { broker, client } = await started();
    const fault = broker.faults.inject({ api: "Metadata", topic: "orders" }, { kind: "error", code: 5 });
    const answer = await client.ask("Metadata", 4, { topics: null });
    expect((dig(answer, "topics") as readonly Loose[]).map(({ errorCode }) => errorCode)).to.deep.equal([
      5, 5,
    ]);
    expect(dig(answer, "brokers", 0, "nodeId")).to.equal(0);
    expect(fault.hits).to.equal(1);
  });

  it("hit the nth request that matches", async () => {
    const { broker, ask } = await started();
    broker.faults.inject({ api: "Produce", nth: 3 }, { kind: "error", code: 7 });
    expect([await ask(), await ask(), await ask(), await ask()]).to.deep.equal([0, 0, 7, 0]);
  });

  it("come one after the other, in the order in which they were injected", async () => {
    const { broker, ask } = await started();
    broker.faults.inject({ api: "Produce" }, { kind: "error", code: 5 }, { times: 2 });
    broker.faults.inject({}, { kind: "error", code: 7 });
    expect([await ask(), await ask(), await ask(), await ask()]).to.deep.equal([5, 5, 7, 0]);
  });

  it("are told as unused while they never fired", async () => {
    const { broker, ask } = await started();
    const match = { api: "Fetch" };
    broker.faults.inject(match, { kind: "hold" });
    broker.faults.inject({ api: "Produce" }, { kind: "error", code: 1 }, { times: 2 });
    expect(broker.faults.unused()).to.have.length(2);
    await ask();
    expect(broker.faults.unused()).to.deep.equal([{ match, effect: { kind: "hold" } }]);
    broker.faults.clear();
    expect(broker.faults.unused()).to.deep.equal([]);
  });

  it("are refused for an API that there is not", async () => {
    const { broker } = await started();
    expect(() => broker.faults.inject({ api: "Produced" }, { kind: "hold" })).to.throw("Produced");
  });

  it("are told as signals", async () => {
    const signals: BrokerSignal[] = [];
    const broker = await start({ observe: (signal) => void signals.push(signal) });
    broker.faults.inject({ api: "Metadata" }, { kind: "error", code: 5 });
    await (await wire(broker)).ask("Metadata", 1, { topics: [{ name: "a" }] });
    expect(signals.find(({ kind }) => kind === "fault.hit")).to.include({ api: "Metadata", effect: "error" });
  });

  for (const { key, name, min, max } of apiVersions)
    it(`answers an injected error of ${name} in a form that its clients read`, async () => {
      const { broker, client } = await started();
      const request = apis.find((api) => api.key === key)?.request ?? [];
      const topics = request.find((one) => one.name === "topics")?.type;
      const has = (field: string) => request.some((one) => one.name === field);
      for (let version = min; version <= max; version++) {
        const asked: Record<string, unknown> = {};
        if (has("acks")) asked["acks"] = 1;
        if (has("groupId")) asked["groupId"] = "g";
        if (topics?.kind === "array")
          asked["topics"] = topics.of.kind === "struct" ? [filledTopic(topics.of.fields)] : ["orders"];
        if (has("groups")) asked["groups"] = ["g"];
        if (has("resources")) asked["resources"] = [{ type: 2, name: "orders" }];
        broker.faults.inject({ api: name }, { kind: "error", code: 3 });
        const answer = await client.ask(name, version, asked);
        expect(JSON.stringify(answer)).to.include('"errorCode":3');
      }
    });

  function filledTopic(
    fields: readonly { readonly name: string; readonly type: { readonly kind: string } }[],
  ): Loose {
    const partitions = fields.find(({ name }) => name === "partitions")?.type;
    const isPlain =
      partitions?.kind === "array" && JSON.stringify(partitions).includes('"of":{"kind":"int32"}');
    return {
      name: "orders",
      ...(partitions === undefined ? {} : { partitions: [isPlain ? 0 : { index: 0 }] }),
    };
  }
});
