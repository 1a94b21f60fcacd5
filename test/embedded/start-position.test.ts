import { expect } from "chai";
import { type BrokerSignal, createDevBroker, type DevBroker } from "keryx/testing";
import { createKafkajsPort } from "../../src/transport/kafkajs.ts";
import type { KafkaPort } from "../../src/transport/port.ts";
import { join, type Member, outgoing, until } from "../suites/transport-tools.ts";

const [topic, group] = ["notes", "billing"];

describe("A member that was just assigned a partition", () => {
  let broker: DevBroker;
  let port: KafkaPort;
  let member: Member | undefined;
  const heard: BrokerSignal[] = [];

  before(async () => {
    broker = await createDevBroker({
      log: () => {},
      topics: [{ name: topic, partitions: 3 }],
      observe: (signal) => heard.push(signal),
    });
    port = createKafkajsPort({ brokers: broker.bootstrap() }, () => {});
  });

  after(async () => {
    broker.faults.clear();
    await member?.consumer.close();
    await port.close();
    await broker.close();
  });

  const requests = (api: string): number =>
    heard.filter((signal) => signal.kind === "request.received" && signal.api === api).length;

  it("fetches nothing before it knows where the group stands, and then exactly from there", async () => {
    const producer = port.producer({
      ...{ acks: "all", idempotent: false, compression: "none", requestTimeoutMs: 10_000 },
    });
    const all = [0, 1, 2].flatMap((partition) =>
      Array.from({ length: 10 }, (_, i) => outgoing(topic, null, `${partition}:${i}`, partition)),
    );
    await producer.send(all);
    await port.admin().commitOffsets(group, [
      { topic, partition: 0, offset: 3n },
      { topic, partition: 1, offset: 10n },
    ]);
    const held = broker.faults.inject({ api: "OffsetFetch", group }, { kind: "hold" }, { times: 100 });
    const joining = join(port, [topic], group);
    // Ours and the one of the client library, which would fetch from its own answer.
    await until("it asks where the group stands", () => requests("OffsetFetch") === 2);
    expect(requests("Fetch")).to.equal(0);
    held.release();
    member = await joining;
    await until("all that is left", () => member?.records.length === 17);
    for (const [partition, first] of [
      [0, 3],
      [2, 0],
    ] as const)
      expect(
        member.records.filter((record) => record.partition === partition).map(({ offset }) => Number(offset)),
      ).to.deep.equal(Array.from({ length: 10 - first }, (_, i) => first + i));
    await producer.close();
  });
});
