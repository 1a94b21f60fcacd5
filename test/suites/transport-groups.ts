import { expect } from "chai";
import { uniqueName } from "../support/servers.ts";
import { drain, failure, join, outgoing, pause, type TransportBench, until } from "./transport-tools.ts";

/** Where members begin, and who reads what. */
export function describeGroups(bench: TransportBench): void {
  const { topicOf, joinAs, numbers } = bench;

  describe("positions", () => {
    it("a paused partition delivers nothing, the others go on, and it resumes where it stood", async () => {
      const topic = await topicOf(2);
      const member = await joinAs([topic], uniqueName("group"));
      member.consumer.pause([{ topic, partition: 0 }]);
      await bench.producer.send([...numbers(topic, 5, 0), ...numbers(topic, 5, 1)]);
      await until("the free partition", () => member.records.length === 5);
      await pause(500);
      expect(new Set(member.records.map(({ partition }) => partition))).to.deep.equal(new Set([1]));
      member.consumer.resume([{ topic, partition: 0 }]);
      await until("the other partition", () => member.records.length === 10);
      expect(
        member.records.filter(({ partition }) => partition === 0).map(({ offset }) => offset),
      ).to.deep.equal([0n, 1n, 2n, 3n, 4n]);
    });

    it("what was not resolved is fetched again", async () => {
      const topic = await topicOf();
      await bench.producer.send(numbers(topic, 10));
      const seen: bigint[][] = [];
      await joinAs([topic], uniqueName("group"), {
        handle: (batch) => {
          const records = drain(batch.records);
          seen.push(records.map(({ offset }) => offset));
          const [first] = records;
          if (first) batch.resolve(first.offset + (seen.length === 1 ? 2n : 100n));
        },
      });
      await until("a second batch", () => seen.length >= 2);
      expect(seen[0]![0]).to.equal(0n);
      expect(seen[1]![0]).to.equal(3n);
    });

    it("a seek moves back, and nothing of the old position is delivered in between", async () => {
      const topic = await topicOf();
      await bench.producer.send(numbers(topic, 10));
      const member = await joinAs([topic], uniqueName("group"));
      await until("all records", () => member.records.length === 10);
      member.consumer.seek({ topic, partition: 0, offset: 7n });
      await until("the last three again", () => member.records.length === 13);
      expect(member.records.slice(10).map(({ offset }) => offset)).to.deep.equal([7n, 8n, 9n]);
    });

    it("a committed offset, with its metadata, is where the next member begins", async () => {
      const [topic, group] = [await topicOf(), uniqueName("group")];
      await bench.producer.send(numbers(topic, 10));
      const first = await joinAs([topic], group);
      const epoch = first.consumer.assignment()[0]!.epoch;
      await first.consumer.commit([{ topic, partition: 0, offset: 4n, metadata: "note" }], epoch);
      expect(await bench.port.admin().groupOffsets(group, [topic])).to.deep.equal([
        { topic, partition: 0, offset: 4n, metadata: "note" },
      ]);
      await first.consumer.close();
      const second = await joinAs([topic], group);
      await until("the rest", () => second.records.length === 6);
      expect(second.records[0]!.offset).to.equal(4n);
    });

    it("a new group starts at the end when told so, and that choice is remembered", async () => {
      const [topic, group] = [await topicOf(), uniqueName("group")];
      await bench.producer.send(numbers(topic, 3));
      const first = await joinAs([topic], group, { from: "latest" });
      expect(await bench.port.admin().groupOffsets(group, [topic])).to.deep.equal([
        { topic, partition: 0, offset: 3n },
      ]);
      await first.consumer.close();
      await bench.producer.send([outgoing(topic, "k", "while nobody was there")]);
      const second = await joinAs([topic], group, { from: "latest" });
      await until("the record", () => second.records.length === 1);
      expect(second.values()).to.deep.equal(["while nobody was there"]);
    });

    it("an offset that is no longer in the log is reported, and reading goes on at the first that is", async () => {
      const [topic, group] = [await topicOf(), uniqueName("group")];
      await bench.producer.send(numbers(topic, 5));
      const first = await joinAs([topic], group);
      await first.consumer.commit(
        [{ topic, partition: 0, offset: 99n }],
        first.consumer.assignment()[0]!.epoch,
      );
      await first.consumer.close();
      const second = await joinAs([topic], group);
      await until("all records", () => second.records.length === 5);
      expect(second.events.filter(({ kind }) => kind === "out_of_range")).to.deep.equal([
        { kind: "out_of_range", partition: { topic, partition: 0 } },
      ]);
    });

    it("a commit of an epoch that is over is refused before it is sent", async () => {
      const [topic, group] = [await topicOf(), uniqueName("group")];
      const member = await joinAs([topic], group);
      const epoch = member.consumer.assignment()[0]!.epoch;
      const error = await failure(member.consumer.commit([{ topic, partition: 0, offset: 0n }], epoch - 1));
      expect(error).to.include({ code: "fenced", retriable: false });
      await member.consumer.commit([], epoch);
    });
  });

  describe("groups", () => {
    it("a revoke is awaited: its commit is accepted, and nobody reads the partitions before it ends", async () => {
      const [topic, group] = [await topicOf(4), uniqueName("group")];
      await bench.producer.send(
        Array.from({ length: 40 }, (_, i) => outgoing(topic, null, String(i), i % 4)),
      );
      const happened: string[] = [];
      const first = await joinAs([topic], group, {
        revoked: async (partitions, member) => {
          happened.push("revoke begins");
          await pause(500);
          await member.commitAll();
          happened.push("revoke ends");
          expect(partitions).to.have.length(4);
        },
      });
      await until("all records", () => first.records.length === 40);
      const second = await joinAs([topic], group, { assigned: () => happened.push("second assigned") });
      await until(
        "both have partitions",
        () => first.positions().length === 2 && second.positions().length === 2,
      );
      expect(happened).to.deep.equal(["revoke begins", "revoke ends", "second assigned"]);
      await bench.producer.send(
        Array.from({ length: 8 }, (_, i) => outgoing(topic, null, `new ${i}`, i % 4)),
      );
      await until("the new records", () => first.records.length + second.records.length === 48);
      await pause(500);
      expect(second.values().every((value) => value!.startsWith("new"))).to.equal(true);
      expect(first.log).to.deep.equal(["assigned 4", "revoked 4", "assigned 2"]);
    });

    it("every assignment has an epoch of its own, and pauses end with theirs", async () => {
      const [topic, group] = [await topicOf(2), uniqueName("group")];
      const first = await joinAs([topic], group, {
        revoked: async (_, member) => member.commitAll().catch(() => {}),
      });
      const epoch = first.consumer.assignment()[0]!.epoch;
      first.consumer.pause(first.positions());
      const second = await joinAs([topic], group);
      await until(
        "a partition each",
        () => first.positions().length === 1 && second.positions().length === 1,
      );
      expect(first.consumer.assignment()[0]!.epoch).to.be.greaterThan(epoch);
      expect(
        (await failure(first.consumer.commit([{ topic, partition: 0, offset: 0n }], epoch))).code,
      ).to.equal("fenced");
      await bench.producer.send([outgoing(topic, null, "a", 0), outgoing(topic, null, "b", 1)]);
      await until("both records", () => first.records.length === 1 && second.records.length === 1);
    });

    it("a member that leaves hands its partitions over", async () => {
      const [topic, group] = [await topicOf(2), uniqueName("group")];
      const first = await joinAs([topic], group);
      const second = await joinAs([topic], group);
      await until(
        "a partition each",
        () => first.positions().length === 1 && second.positions().length === 1,
      );
      await first.consumer.close();
      await until("both partitions", () => second.positions().length === 2);
      expect(first.consumer.assignment()).to.deep.equal([]);
    });

    it("a topic that is not there refuses the start by name", async () => {
      const missing = uniqueName("missing");
      const error = await failure(join(bench.port, [missing], uniqueName("group")));
      expect(error.code).to.equal("topic_missing");
      expect(error.message).to.contain(missing);
    });

    it("what the handler of batches throws stays above the client", async () => {
      const topic = await topicOf();
      await bench.producer.send(numbers(topic, 1));
      let calls = 0;
      const member = await joinAs([topic], uniqueName("group"), {
        handle: (batch) => {
          calls += 1;
          if (calls === 1) throw new Error("a defect above");
          batch.resolve(0n);
        },
      });
      await until("a second call", () => calls === 2);
      expect(member.events.filter(({ kind }) => kind === "crash")).to.deep.equal([]);
    });
  });
}
