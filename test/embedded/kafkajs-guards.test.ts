import { expect } from "chai";
import type { KeryxError } from "../../src/core/errors.ts";
import type { DevBroker } from "../../src/embedded/broker/index.ts";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort } from "../../src/transport/port.ts";
import { drain, join, type Member, type MemberOptions, outgoing, until } from "../suites/transport-tools.ts";
import { embeddedBrokers } from "../support/embedded.ts";
import { connectWire, dig } from "../support/embedded-wire.ts";
import { createManualClock } from "../support/manual-clock.ts";

const topic = "orders";
const group = "billing";
const clientId = "guarded";

// What kafkajs would do by itself, seen from the broker's side.
describe("the guards around kafkajs", function () {
  this.timeout(30_000);
  const brokers = embeddedBrokers();
  let broker: DevBroker;
  let port: KafkaPort;

  beforeEach(async () => {
    broker = await brokers.start({ topics: [{ name: topic, partitions: 1 }] });
    port = createKafkajsPort({ brokers: broker.bootstrap(), clientId }, () => {});
  });

  afterEach(async () => {
    broker.faults.clear();
    await port.close();
  });

  const count = (api: string): number => broker.requests({ api }).length;
  const send = async (values: readonly string[]): Promise<void> => {
    const producer = port.producer({
      acks: "all",
      idempotent: false,
      compression: "none",
      requestTimeoutMs: 5_000,
    });
    await producer.send(values.map((value) => outgoing(topic, "k", value, 0)));
    await producer.close();
  };
  const start = async (options: MemberOptions = {}): Promise<Member> => join(port, [topic], group, options);

  it("fetch nothing before it is known where to begin", async () => {
    await send(["a", "b", "c"]);
    const first = await start();
    await until("it has read", () => first.records.length === 3);
    await first.commitAll();
    await first.consumer.close();
    await send(["d"]);
    const before = count("Fetch");
    // kafkajs asks first, and for itself.
    const held = broker.faults.inject({ api: "OffsetFetch", group, nth: 2 }, { kind: "hold" });
    const joining = start();
    await until("it asks where to begin", () => held.hits === 1);
    const beats = count("Heartbeat");
    await until("it beats meanwhile", () => count("Heartbeat") > beats);
    expect(count("Fetch")).to.equal(before);
    held.release();
    const second = await joining;
    await until("it reads", () => second.records.length === 1);
    expect(second.values()).to.deep.equal(["d"]);
  });

  it("commit nothing of their own accord: no seek does, no fetch, no handled batch, no end", async () => {
    await send(["a", "b", "c"]);
    const member = await start();
    await until("it has read", () => member.records.length === 3);
    const before = count("OffsetCommit");
    member.consumer.seek({ topic, partition: 0, offset: 0n });
    await until("it has read again", () => member.records.length === 6);
    await member.consumer.close();
    expect(count("OffsetCommit")).to.equal(before);
    const [committed] = await port.admin().groupOffsets(group, [topic]);
    expect(committed?.offset).to.equal(0n);
  });

  it("send a commit once, and hand its failure on", async () => {
    await send(["a"]);
    const member = await start();
    await until("it has read", () => member.records.length === 1);
    const before = count("OffsetCommit");
    broker.faults.inject({ api: "OffsetCommit", group }, { kind: "error", code: 14 });
    const error = await member.commitAll().catch((thrown: unknown) => thrown);
    expect((error as KeryxError).retriable).to.equal(true);
    expect(count("OffsetCommit")).to.equal(before + 1);
    await member.commitAll();
    expect((await port.admin().groupOffsets(group, [topic]))[0]?.offset).to.equal(1n);
  });

  for (const [what, api, nth] of [
    ["before it knows who it is", "JoinGroup", 1],
    ["while it joins", "JoinGroup", 2],
    ["while it is told what it reads", "SyncGroup", 1],
  ] as const)
    it(`join again as the same member when its connection ends ${what}`, async () => {
      await send(["a"]);
      const ended = broker.faults.inject({ api, group, nth }, { kind: "close", handled: true });
      const member = await start();
      await until("it has read", () => member.records.length === 1);
      expect(ended.hits).to.equal(1);
      expect(member.events.filter(({ kind }) => kind === "crash")).to.deep.equal([]);
      const client = await connectWire(broker.bootstrap()[0] ?? "");
      const told = await client.ask("DescribeGroups", 0, { groups: [group] });
      client.close();
      expect(dig(told, "groups", 0, "members")).to.have.length(1);
    });

  it("keep beating while everything is paused, and read at once when it is resumed", async () => {
    const member = await start();
    const at = { topic, partition: 0 };
    member.consumer.pause([at]);
    const before = count("Heartbeat");
    await until("it beats", () => count("Heartbeat") >= before + 2);
    await send(["a"]);
    const fetches = count("Fetch");
    await until("it beats on", () => count("Heartbeat") >= before + 4);
    // The one that was under way when everything was paused.
    expect(count("Fetch") - fetches).to.be.at.most(1);
    expect(member.records).to.deep.equal([]);
    member.consumer.resume([at]);
    await until("it reads", () => member.records.length === 1);
  });

  it("do not let a partition that was paused for a moment wait for long behind one without news", async () => {
    const clock = createManualClock();
    const frozen = await brokers.start({ topics: [{ name: topic, partitions: 2 }], clock });
    await port.close();
    port = createKafkajsPort({ brokers: frozen.bootstrap(), clientId }, () => {});
    const at = { topic, partition: 0 };
    await send(["a"]);
    const member = await start({
      maxWaitMs: 250,
      handle({ records, resolve }, { consumer, records: seen }) {
        seen.push(...drain(records));
        consumer.pause([at]);
        resolve(seen.at(-1)?.offset ?? -1n);
      },
    });
    await until("it has read", () => member.records.length === 1);
    await until("it asks for the other one, briefly", () => clock.delays.includes(25));
    member.consumer.resume([at]);
    await send(["b"]);
    await clock.advance(25);
    await until("it reads on", () => member.records.length === 2);
    const closed = member.consumer.close();
    await clock.advance(250);
    await closed;
  });

  it("undo pauses and seeks with the assignment that they belong to", async () => {
    await send(["a", "b", "c"]);
    const member = await start({
      revoked: async (_, { consumer, commitAll }) => {
        await commitAll();
        consumer.pause([{ topic, partition: 0 }]);
        consumer.seek({ topic, partition: 0, offset: 0n });
      },
    });
    await until("it has read", () => member.records.length === 3);
    broker.forceRebalance(group);
    await until("it has joined again", () => member.log.filter((line) => line === "assigned 1").length === 2);
    await send(["d"]);
    await until("it reads on", () => member.records.length >= 4);
    expect(member.values()).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("lose a member without a commit when its generation is over, and tell that it joins again", async () => {
    await send(["a"]);
    const member = await start();
    await until("it has read", () => member.records.length === 1);
    const before = count("OffsetCommit");
    broker.expireSession(group);
    await until("it has joined again", () => member.log.filter((line) => line === "assigned 1").length === 2);
    expect(member.log).to.deep.equal(["assigned 1", "lost 1", "assigned 1"]);
    expect(member.events.map(({ kind }) => kind)).to.deep.equal(["joined", "rejoining", "joined"]);
    expect(count("OffsetCommit")).to.equal(before);
  });
});
