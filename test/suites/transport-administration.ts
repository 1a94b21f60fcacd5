import { expect } from "chai";
import type { PortAssignment } from "../../src/transport/port.ts";
import { uniqueName } from "../support/servers.ts";
import { failure, join, type TransportBench, until } from "./transport-tools.ts";

/** Topics, offsets and ranges, asked for beside any group. */
export function describeAdministration(bench: TransportBench): void {
  const { topicOf, joinAs, numbers } = bench;

  describe("administration", () => {
    it("topics are created once, described, and deleted", async () => {
      const admin = bench.port.admin();
      const [topic, open] = [uniqueName("created"), uniqueName("created")];
      expect(
        await admin.createTopics([
          { topic, partitions: 2, config: { "retention.ms": "1234567" } },
          { topic: open },
        ]),
      ).to.deep.equal([topic, open]);
      expect(await admin.createTopics([{ topic, partitions: 5 }])).to.deep.equal([]);
      const found = await admin.describeTopics([topic, uniqueName("missing")]);
      expect(found.map(({ topic: name, partitions }) => [name, partitions])).to.deep.equal([[topic, 2]]);
      expect((await admin.describeConfig(topic)).get("retention.ms")).to.equal("1234567");
      await admin.deleteTopics([topic, open]);
      await until("the topic is gone", async () => (await admin.describeTopics([topic])).length === 0);
    });

    it("a group's offsets are told for topics that are named, and for all where none are", async () => {
      const [first, second] = [await topicOf(1), await topicOf(1)];
      const group = uniqueName("group");
      const member = await join(bench.port, [first, second], group);
      const assigned = member.consumer.assignment();
      const offsets = assigned.map(({ topic, partition }) => ({ topic, partition, offset: 0n }));
      await member.consumer.commit(offsets, assigned[0]!.epoch);
      const admin = bench.port.admin();
      const topicsOf = async (...topics: readonly [] | [readonly string[]]): Promise<readonly string[]> =>
        (await admin.groupOffsets(group, ...topics)).map(({ topic }) => topic).sort();
      expect(await topicsOf([first])).to.deep.equal([first]);
      expect(await topicsOf()).to.deep.equal([first, second].sort());
      await member.consumer.close();
    });

    it("answers questions of several groups about several topics at once, on a client that knew none of them", async () => {
      const topics = await Promise.all(Array.from({ length: 4 }, () => topicOf(2)));
      const group = uniqueName("group");
      await bench.port.admin().commitOffsets(
        group,
        topics.flatMap((topic) => [0, 1].map((partition) => ({ topic, partition, offset: 0n }))),
      );
      const fresh = bench.open();
      try {
        const admin = fresh.admin();
        const ask = async (topic: string): Promise<readonly number[]> => {
          const [committed, ends] = await Promise.all([
            admin.groupOffsets(group, [topic]),
            admin.offsets(topic),
          ]);
          return [committed.length, ends.length];
        };
        expect(await Promise.all(topics.map(ask))).to.deep.equal(topics.map(() => [2, 2]));
      } finally {
        await fresh.close();
      }
    });

    it("offsets are committed for a group without members, with their metadata, and refused while it has some", async () => {
      const [topic, group] = [await topicOf(2), uniqueName("group")];
      await bench.producer.send(numbers(topic, 5, 0));
      const admin = bench.port.admin();
      const at = (offset: bigint, metadata: string) => [
        { topic, partition: 0, offset, metadata },
        { topic, partition: 1, offset: 0n, metadata: "none yet" },
      ];
      for (const [offset, note] of [
        [2n, "first"],
        [3n, "second"],
      ] as const) {
        await admin.commitOffsets(group, at(offset, note));
        const found = await admin.groupOffsets(group, [topic]);
        expect(found.toSorted((a, b) => a.partition - b.partition)).to.deep.equal(at(offset, note));
      }
      const member = await joinAs([topic], group);
      await until("the rest", () => member.records.length === 2);
      expect((await failure(admin.commitOffsets(group, at(0n, "")))).code).to.equal("fenced");
      expect(member.records[0]!.offset).to.equal(3n);
    });

    it("an assignment tells where its partitions begin, and what was committed there", async () => {
      const [topic, group] = [await topicOf(3), uniqueName("group")];
      await bench.producer.send(numbers(topic, 5, 0));
      const metadata = "x".repeat(4_096);
      await bench.port.admin().commitOffsets(group, [
        { topic, partition: 0, offset: 2n, metadata },
        { topic, partition: 1, offset: 0n },
      ]);
      const told: PortAssignment[] = [];
      const member = await joinAs([topic], group, { assigned: (partitions) => told.push(...partitions) });
      const at = { topic, epoch: member.consumer.assignment()[0]!.epoch };
      expect(told.toSorted((a, b) => a.partition - b.partition)).to.deep.equal([
        { ...at, partition: 0, offset: 2n, metadata },
        { ...at, partition: 1, offset: 0n },
        { ...at, partition: 2, offset: 0n },
      ]);
      await until("the rest", () => member.records.length === 3);
      expect(member.records[0]!.offset).to.equal(2n);
    });

    it("a commit whose metadata the broker does not keep says so by its code", async () => {
      const [topic, group] = [await topicOf(), uniqueName("group")];
      const member = await joinAs([topic], group);
      const [{ epoch } = { epoch: -1 }] = member.consumer.assignment();
      const metadata = "x".repeat(4_097);
      const error = await failure(
        member.consumer.commit([{ topic, partition: 0, offset: 0n, metadata }], epoch),
      );
      expect(error.details["kafkaCode"]).to.equal(12);
      await member.consumer.commit([{ topic, partition: 0, offset: 0n }], epoch);
    });

    it("offsets tell the first and the end of each partition", async () => {
      const topic = await topicOf(2);
      await bench.producer.send(numbers(topic, 3, 1));
      expect(await bench.port.admin().offsets(topic)).to.deep.equal([
        { partition: 0, low: 0n, high: 0n },
        { partition: 1, low: 0n, high: 3n },
      ]);
      expect(await bench.port.admin().groupOffsets(uniqueName("group"), [topic])).to.deep.equal([]);
    });

    it("a range is read in order, its end excluded, and ends where the partition does", async () => {
      const topic = await topicOf();
      await bench.producer.send(numbers(topic, 10));
      const readFrom = async (from: bigint, to: bigint): Promise<bigint[]> => {
        const found: bigint[] = [];
        await bench.port.read(
          { topic, partition: 0, offset: from },
          to,
          async ({ offset }) => void found.push(offset),
        );
        return found;
      };
      expect(await readFrom(2n, 5n)).to.deep.equal([2n, 3n, 4n]);
      expect(await readFrom(8n, 99n)).to.deep.equal([8n, 9n]);
      expect(await readFrom(5n, 5n)).to.deep.equal([]);
      expect(await readFrom(10n, 99n)).to.deep.equal([]);
    });

    it("reading stops when it is called off, and names what is missing", async () => {
      const topic = await topicOf();
      await bench.producer.send(numbers(topic, 10));
      const stop = new AbortController();
      let count = 0;
      const reading = bench.port.read(
        { topic, partition: 0, offset: 0n },
        10n,
        async () => {
          count += 1;
          if (count === 3) stop.abort(new Error("enough"));
        },
        stop.signal,
      );
      expect((await failure(reading)).message).to.equal("enough");
      expect(count).to.equal(3);
      const missing = uniqueName("missing");
      const error = await failure(
        bench.port.read({ topic: missing, partition: 0, offset: 0n }, 1n, async () => {}),
      );
      expect(error.code).to.equal("topic_missing");
      expect(
        (await failure(bench.port.read({ topic, partition: 7, offset: 0n }, 1n, async () => {}))).message,
      ).to.contain("partition 7");
    });

    it("a ping counts the brokers", async () => {
      const { brokers, controller } = await bench.port.ping();
      expect(brokers).to.be.greaterThan(0);
      expect(controller).to.be.a("number");
    });
  });
}
