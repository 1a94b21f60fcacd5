import { expect } from "chai";
import type { RuleEffect, RuleMatch, RuleOptions } from "../../../../src/testing/proxy/options.ts";
import { chaosProxies } from "../../../support/chaos-proxies.ts";
import { embeddedBrokers, until } from "../../../support/embedded.ts";
import { batchOf } from "../../../support/embedded-batch.ts";
import { connectWire, dig, type Loose, type WireClient } from "../../../support/embedded-wire.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

describe("rules of the chaos proxy", () => {
  const { proxy } = chaosProxies();
  const { start } = embeddedBrokers();
  const clients: WireClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  const produce = (value = "v", topic = "orders", index = 0, acks = -1): Loose => ({
    acks,
    topics: [{ name: topic, partitions: [{ index, records: [batchOf([value])] }] }],
  });
  const codeOf = (answer: Loose) => dig(answer, "topics", 0, "partitions", 0, "errorCode");
  const started = async (match?: RuleMatch, effect?: RuleEffect, options?: RuleOptions) => {
    const clock = createManualClock();
    const broker = await start({ topics: [{ name: "orders", partitions: 2 }, { name: "other" }] });
    const chaos = await proxy({ brokers: broker.bootstrap(), clock });
    const rule = match && effect ? chaos.rule(match, effect, options) : undefined;
    const client = await connectWire(chaos.brokers[0] ?? "");
    clients.push(client);
    const values = () => broker.records("orders").map(({ value }) => String(value));
    return { clock, broker, chaos, rule, client, values };
  };

  it("an error answers in the broker's place, for the topic and partition that it names, as often as it says", async () => {
    const { client, rule, values } = await started(
      { api: "Produce", topic: "orders", partition: 1 },
      { kind: "error", code: 6 },
      { times: 2 },
    );
    const codes: unknown[] = [];
    for (const index of [0, 1, 1, 1])
      codes.push(codeOf(await client.ask("Produce", 7, produce("v", "orders", index))));
    expect(codes).to.deep.equal([0, 6, 6, 0]);
    expect([rule?.hits, values().length]).to.deep.equal([2, 2]);
  });

  it("an error of Metadata fails the topics beside true brokers, and names the proxy", async () => {
    const { client, chaos } = await started({ api: "Metadata" }, { kind: "error", code: 5 });
    const told = await client.ask("Metadata", 6, {
      topics: [{ name: "orders" }],
      allowAutoTopicCreation: false,
    });
    expect(dig(told, "topics", 0, "errorCode")).to.equal(5);
    expect(`127.0.0.1:${dig(told, "brokers", 0, "port")}`).to.equal(chaos.brokers[0]);
  });

  it("an answer made by the proxy waits for those of the requests before it", async () => {
    const { broker, client } = await started({ api: "ListGroups" }, { kind: "error", code: 15 });
    const held = broker.faults.inject({ api: "Produce" }, { kind: "hold" });
    client.send("Produce", 7, produce());
    client.send("ListGroups", 0);
    await until(() => held.hits === 1, "the first request is held");
    held.release();
    const ids = [await client.nextFrame(), await client.nextFrame()].map((frame) => frame.readInt32BE(0));
    expect(ids).to.deep.equal([1, 2]);
  });

  it("rules are used in the order in which they came, and nth counts what matches", async () => {
    const { client, chaos } = await started({ api: "Produce", nth: 3 }, { kind: "error", code: 10 });
    chaos.rule({ api: "Produce" }, { kind: "error", code: 7 });
    const codes: unknown[] = [];
    for (let i = 0; i < 5; i++) codes.push(codeOf(await client.ask("Produce", 7, produce())));
    expect(codes).to.deep.equal([7, 0, 10, 0, 0]);
  });

  it("a dropped answer leaves the client in doubt: stored when the broker saw it, else not", async () => {
    const { client, chaos, values } = await started({ api: "Produce" }, { kind: "drop", handled: true });
    client.send("Produce", 7, produce("unknown"));
    await until(() => values().length === 1, "it is stored");
    chaos.rule({ api: "Produce" }, { kind: "drop", handled: false });
    client.send("Produce", 7, produce("lost"));
    const next = await client.ask("Heartbeat", 0, { groupId: "g", generationId: 1, memberId: "m" });
    expect(next["errorCode"], "the next answer is that of the next request").to.equal(25);
    expect(values()).to.deep.equal(["unknown"]);
  });

  it("a closed connection, too", async () => {
    const { client, chaos, values } = await started({ api: "Produce" }, { kind: "close", handled: true });
    client.send("Produce", 7, produce("unknown"));
    await client.closed;
    expect(values()).to.deep.equal(["unknown"]);
    chaos.rule({ api: "Produce" }, { kind: "close", handled: false });
    const second = await connectWire(chaos.brokers[0] ?? "");
    second.send("Produce", 7, produce("lost"));
    await second.closed;
    expect(values()).to.deep.equal(["unknown"]);
  });

  it("a delay holds a request and those behind it, in order", async () => {
    const { clock, client, values } = await started({ api: "Produce" }, { kind: "delay", delayMs: 1_000 });
    client.send("Produce", 7, produce("first"));
    client.send("Produce", 7, produce("second"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.advance(999);
    expect(values()).to.deep.equal([]);
    await clock.advance(1);
    await until(() => values().length === 2, "both are stored");
    expect(values()).to.deep.equal(["first", "second"]);
  });

  it("a duplicate reaches the broker twice, and the client gets one answer", async () => {
    const { client, values } = await started({ api: "Produce" }, { kind: "duplicate" });
    expect(codeOf(await client.ask("Produce", 7, produce("twice")))).to.equal(0);
    expect(codeOf(await client.ask("Produce", 7, produce("once")))).to.equal(0);
    expect(values()).to.deep.equal(["twice", "twice", "once"]);
  });

  it("takes a request that wants no answer for what it is", async () => {
    const { client, chaos, values } = await started({ api: "Produce" }, { kind: "duplicate" });
    client.send("Produce", 7, produce("twice", "orders", 0, 0));
    await client.ask("Metadata", 6, { topics: [] });
    expect(values()).to.deep.equal(["twice", "twice"]);
    chaos.rule({ api: "Produce" }, { kind: "error", code: 7 });
    client.send("Produce", 7, produce("refused", "orders", 0, 0));
    await client.closed;
  });

  it("a kept rule with a probability is used on that share, until it is taken away", async () => {
    const kept = { times: Number.POSITIVE_INFINITY, probability: 0.3 };
    const { client, rule } = await started({ api: "Produce" }, { kind: "error", code: 7 }, kept);
    const count = async (): Promise<number> => {
      let failed = 0;
      for (let i = 0; i < 200; i++) if (codeOf(await client.ask("Produce", 7, produce())) === 7) failed++;
      return failed;
    };
    const failed = await count();
    expect(failed).to.be.greaterThan(30).and.lessThan(90);
    expect(rule?.hits).to.equal(failed);
    await rule?.remove();
    expect(await count()).to.equal(0);
  });

  it("healing takes every rule away, and what was delayed goes on", async () => {
    const { client, chaos } = await started({ api: "Produce" }, { kind: "delay", delayMs: 60_000 });
    const told = client.ask("Produce", 7, produce());
    await until(() => chaos.timeline.some(({ kind }) => kind === "fault.hit"), "the request is delayed");
    await chaos.heal();
    expect(codeOf(await told)).to.equal(0);
    expect(chaos.timeline.filter(({ kind }) => kind === "fault.hit")).to.have.length(1);
    expect(chaos.timeline.find(({ kind }) => kind === "fault.hit")).to.include({
      api: "Produce",
      fault: "delay",
    });
  });

  it("refuses the name of an API that there is not", async () => {
    const { chaos } = await started();
    expect(() => chaos.rule({ api: "Consume" }, { kind: "duplicate" }))
      .to.throw()
      .with.property("code", "config_invalid");
  });
});
