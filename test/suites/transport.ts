import { expect } from "chai";
import type { KeryxError } from "../../src/core/errors.ts";
import { headerNames } from "../../src/core/headers.ts";
import type { Header, OutgoingRecord } from "../../src/core/record.ts";
import type {
  Compression,
  KafkaPort,
  PortAssignment,
  PortProducer,
  PortProducerOptions,
} from "../../src/transport/port.ts";
import { uniqueName } from "../support/servers.ts";
import { bytes, drain, join, type Member, outgoing, pause, text, until } from "./transport-tools.ts";

const producerOptions: PortProducerOptions = {
  acks: "all",
  idempotent: false,
  compression: "none",
  requestTimeoutMs: 10_000,
};

export async function failure(work: Promise<unknown>): Promise<KeryxError> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: KeryxError) => error,
  );
}

/** What every Kafka client behind the port must do, against any Kafka. `open` makes a port; the suite closes it. */
export function transportContract(open: () => KafkaPort): void {
  let port: KafkaPort;
  let producer: PortProducer;
  const members: Member[] = [];

  before(() => {
    port = open();
    producer = port.producer(producerOptions);
  });
  afterEach(async () => {
    await Promise.all(members.splice(0).map(({ consumer }) => consumer.close()));
  });
  after(async () => port.close());

  const topicOf = async (partitions = 1, config: Readonly<Record<string, string>> = {}): Promise<string> => {
    const topic = uniqueName("transport");
    await port.admin().createTopics([{ topic, partitions, config }]);
    return topic;
  };
  const joinAs = async (
    ...args: Parameters<typeof join> extends [unknown, ...infer Rest] ? Rest : never
  ): Promise<Member> => {
    const member = await join(port, ...args);
    members.push(member);
    return member;
  };
  const numbers = (topic: string, count: number, partition?: number): OutgoingRecord[] =>
    Array.from({ length: count }, (_, i) => outgoing(topic, `k${i}`, String(i), partition));

  describe("producing and reading", () => {
    it("a record arrives with its key, value, headers and timestamp", async () => {
      const topic = await topicOf();
      const headers: Header[] = [
        ["a", bytes("1")],
        ["b", bytes("x")],
        ["a", bytes("2")],
        ["empty", bytes("")],
        ["__proto__", bytes("p")],
        ["constructor", bytes("c")],
        ["7", bytes("seven")],
      ];
      await producer.send([
        { topic, key: bytes("key"), value: bytes("ü"), headers, timestampMs: 1_700_000_000_123 },
      ]);
      const member = await joinAs([topic], uniqueName("group"));
      await until("one record", () => member.records.length === 1);
      const [record] = member.records;
      expect(record).to.include({
        topic,
        partition: 0,
        offset: 0n,
        timestampMs: 1_700_000_000_123,
        timestampType: "CreateTime",
      });
      expect([text(record!.key), text(record!.value)]).to.deep.equal(["key", "ü"]);
      const valuesOf = (name: string): (string | null)[] =>
        record!.headers.filter(([found]) => found === name).map(([, value]) => text(value));
      expect(valuesOf("a")).to.deep.equal(["1", "2"]);
      for (const [name, value] of [
        ["b", "x"],
        ["empty", ""],
        ["__proto__", "p"],
        ["constructor", "c"],
        ["7", "seven"],
      ] as const)
        expect(valuesOf(name), name).to.deep.equal([value]);
      expect(record!.headers).to.have.length(headers.length);
    });

    it("a null key, a tombstone and an empty value stay apart", async () => {
      const topic = await topicOf();
      await producer.send([outgoing(topic, null, "v"), outgoing(topic, "k", null), outgoing(topic, "", "")]);
      const member = await joinAs([topic], uniqueName("group"));
      await until("three records", () => member.records.length === 3);
      expect(member.records.map(({ key, value }) => [text(key), text(value)])).to.deep.equal([
        [null, "v"],
        ["k", null],
        ["", ""],
      ]);
    });

    it("a header without a value is written empty and listed by name", async () => {
      const topic = await topicOf();
      await producer.send([
        {
          ...outgoing(topic, "k", "v"),
          headers: [
            ["gone", null],
            ["kept", bytes("1")],
          ],
        },
      ]);
      const member = await joinAs([topic], uniqueName("group"));
      await until("one record", () => member.records.length === 1);
      const headers = new Map(member.records[0]!.headers);
      expect(text(headers.get("gone")!)).to.equal("");
      expect(text(headers.get(headerNames.nullHeaders)!)).to.equal('["gone"]');
    });

    it("results stand in the order of the records and name the offset of each", async () => {
      const topic = await topicOf(3);
      const sent = numbers(topic, 50);
      const results = await producer.send(sent);
      const member = await joinAs([topic], uniqueName("group"));
      await until("all records", () => member.records.length === 50);
      const valueAt = new Map(
        member.records.map(({ partition, offset, value }) => [`${partition}@${offset}`, text(value)]),
      );
      expect(results.map(({ partition, offset }) => valueAt.get(`${partition}@${offset}`))).to.deep.equal(
        sent.map(({ value }) => text(value)),
      );
    });

    it("one request carries records of several topics", async () => {
      const [a, b] = [await topicOf(), await topicOf()];
      const results = await producer.send([
        outgoing(a, "1", "x"),
        outgoing(b, "1", "y"),
        outgoing(a, "2", "z"),
      ]);
      expect(results.map(({ topic, offset }) => [topic, offset])).to.deep.equal([
        [a, 0n],
        [b, 0n],
        [a, 1n],
      ]);
    });

    it("with acks 0 a send resolves without an offset", async () => {
      const topic = await topicOf();
      const careless = port.producer({ ...producerOptions, acks: 0 });
      expect((await careless.send([outgoing(topic, "k", "v")]))[0]).to.deep.equal({
        topic,
        partition: 0,
        offset: -1n,
      });
      await careless.close();
    });

    it("an idempotent producer keeps the order of its sends", async () => {
      const topic = await topicOf();
      const idempotent = port.producer({ ...producerOptions, idempotent: true });
      const sends = numbers(topic, 20).map((record) => idempotent.send([record]));
      const results = await Promise.all(sends);
      expect(results.map(([result]) => result!.offset)).to.deep.equal(results.map((_, i) => BigInt(i)));
      await idempotent.close();
    });

    it("records without a key spread over all partitions", async () => {
      const topic = await topicOf(4);
      const results = await producer.send(
        Array.from({ length: 40 }, (_, i) => outgoing(topic, null, String(i))),
      );
      const counts = [0, 1, 2, 3].map(
        (partition) => results.filter((result) => result.partition === partition).length,
      );
      expect(counts).to.deep.equal([10, 10, 10, 10]);
    });

    for (const written of ["gzip", "snappy", "lz4", "zstd"] as const satisfies readonly Compression[])
      for (const stored of ["producer", "gzip", "snappy", "lz4", "zstd", "uncompressed"] as const)
        it(`${written} is read by the broker, and read back when it stores ${stored}`, async () => {
          const topic = await topicOf(1, { "compression.type": stored });
          const compressing = port.producer({ ...producerOptions, compression: written });
          const value = "a line that repeats itself ".repeat(4_000);
          await compressing.send([
            outgoing(topic, "1", value),
            outgoing(topic, "2", "short"),
            outgoing(topic, "3", null),
          ]);
          const found: (string | null)[] = [];
          await port.read(
            { topic, partition: 0, offset: 0n },
            3n,
            async (record) => void found.push(text(record.value)),
          );
          expect(found).to.deep.equal([value, "short", null]);
          await compressing.close();
        });
  });

  describe("what cannot be sent", () => {
    it("a missing topic is named, within seconds, and the producer goes on", async () => {
      const [topic, missing] = [await topicOf(), uniqueName("missing")];
      const error = await failure(producer.send([outgoing(missing, "k", "v")]));
      expect(error).to.include({ code: "topic_missing", retriable: false });
      expect(error.message).to.contain(missing);
      expect(await producer.send([outgoing(topic, "k", "v")])).to.have.length(1);
      expect((await failure(producer.partitionsOf(missing))).code).to.equal("topic_missing");
      expect(await producer.partitionsOf(topic)).to.equal(1);
    });

    it("a topic that is deleted does not take the producer's other topics with it", async () => {
      const [kept, deleted] = [await topicOf(), await topicOf()];
      const own = port.producer(producerOptions);
      await own.send([outgoing(kept, "k", "v"), outgoing(deleted, "k", "v")]);
      await port.admin().deleteTopics([deleted]);
      await pause(300);
      expect((await failure(own.send([outgoing(deleted, "k", "v")]))).code).to.be.oneOf([
        "topic_missing",
        "kafka_unavailable",
      ]);
      expect((await failure(own.send([outgoing(deleted, "k", "v")]))).code).to.equal("topic_missing");
      expect(await own.send([outgoing(kept, "k", "v")])).to.have.length(1);
      await own.close();
    });

    it("a record that the topic is too small for is refused for good", async () => {
      const topic = await topicOf(1, { "max.message.bytes": "1000" });
      const error = await failure(producer.send([outgoing(topic, "k", "x".repeat(5_000))]));
      expect(error).to.include({ code: "record_too_large", retriable: false });
      expect(error.details).to.include({ kafkaCode: 10, kafkaError: "MESSAGE_TOO_LARGE" });
    });

    it("a partition that the topic does not have is refused, not dropped", async () => {
      const topic = await topicOf(2);
      const error = await failure(producer.send([outgoing(topic, "k", "v", 2)]));
      expect(error).to.include({ code: "send_failed", retriable: false });
      expect(error.message).to.contain("partition 2");
    });

    it("the same record sent twice is there twice", async () => {
      const topic = await topicOf();
      const record = outgoing(topic, "k", "v");
      const [first] = await producer.send([record]);
      const [second] = await producer.send([record]);
      expect([first!.offset, second!.offset]).to.deep.equal([0n, 1n]);
    });

    it("a closed producer refuses", async () => {
      const closed = port.producer(producerOptions);
      await closed.connect();
      await closed.close();
      await closed.close();
      expect((await failure(closed.send([outgoing("any", "k", "v")]))).code).to.equal("closed");
    });
  });

  describe("positions", () => {
    it("a paused partition delivers nothing, the others go on, and it resumes where it stood", async () => {
      const topic = await topicOf(2);
      const member = await joinAs([topic], uniqueName("group"));
      member.consumer.pause([{ topic, partition: 0 }]);
      await producer.send([...numbers(topic, 5, 0), ...numbers(topic, 5, 1)]);
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
      await producer.send(numbers(topic, 10));
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
      await producer.send(numbers(topic, 10));
      const member = await joinAs([topic], uniqueName("group"));
      await until("all records", () => member.records.length === 10);
      member.consumer.seek({ topic, partition: 0, offset: 7n });
      await until("the last three again", () => member.records.length === 13);
      expect(member.records.slice(10).map(({ offset }) => offset)).to.deep.equal([7n, 8n, 9n]);
    });

    it("a committed offset, with its metadata, is where the next member begins", async () => {
      const [topic, group] = [await topicOf(), uniqueName("group")];
      await producer.send(numbers(topic, 10));
      const first = await joinAs([topic], group);
      const epoch = first.consumer.assignment()[0]!.epoch;
      await first.consumer.commit([{ topic, partition: 0, offset: 4n, metadata: "note" }], epoch);
      expect(await port.admin().groupOffsets(group, [topic])).to.deep.equal([
        { topic, partition: 0, offset: 4n, metadata: "note" },
      ]);
      await first.consumer.close();
      const second = await joinAs([topic], group);
      await until("the rest", () => second.records.length === 6);
      expect(second.records[0]!.offset).to.equal(4n);
    });

    it("a new group starts at the end when told so, and that choice is remembered", async () => {
      const [topic, group] = [await topicOf(), uniqueName("group")];
      await producer.send(numbers(topic, 3));
      const first = await joinAs([topic], group, { from: "latest" });
      expect(await port.admin().groupOffsets(group, [topic])).to.deep.equal([
        { topic, partition: 0, offset: 3n },
      ]);
      await first.consumer.close();
      await producer.send([outgoing(topic, "k", "while nobody was there")]);
      const second = await joinAs([topic], group, { from: "latest" });
      await until("the record", () => second.records.length === 1);
      expect(second.values()).to.deep.equal(["while nobody was there"]);
    });

    it("an offset that is no longer in the log is reported, and reading goes on at the first that is", async () => {
      const [topic, group] = [await topicOf(), uniqueName("group")];
      await producer.send(numbers(topic, 5));
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
      await producer.send(Array.from({ length: 40 }, (_, i) => outgoing(topic, null, String(i), i % 4)));
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
      await producer.send(Array.from({ length: 8 }, (_, i) => outgoing(topic, null, `new ${i}`, i % 4)));
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
      await producer.send([outgoing(topic, null, "a", 0), outgoing(topic, null, "b", 1)]);
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
      const error = await failure(join(port, [missing], uniqueName("group")));
      expect(error.code).to.equal("topic_missing");
      expect(error.message).to.contain(missing);
    });

    it("what the handler of batches throws stays above the client", async () => {
      const topic = await topicOf();
      await producer.send(numbers(topic, 1));
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

  describe("administration", () => {
    it("topics are created once, described, and deleted", async () => {
      const admin = port.admin();
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
      await pause(200);
      expect(await admin.describeTopics([topic])).to.deep.equal([]);
    });

    it("a group's offsets are told for topics that are named, and for all where none are", async () => {
      const [first, second] = [await topicOf(1), await topicOf(1)];
      const group = uniqueName("group");
      const member = await join(port, [first, second], group);
      const assigned = member.consumer.assignment();
      const offsets = assigned.map(({ topic, partition }) => ({ topic, partition, offset: 0n }));
      await member.consumer.commit(offsets, assigned[0]!.epoch);
      const admin = port.admin();
      const topicsOf = async (...topics: readonly [] | [readonly string[]]): Promise<readonly string[]> =>
        (await admin.groupOffsets(group, ...topics)).map(({ topic }) => topic).sort();
      expect(await topicsOf([first])).to.deep.equal([first]);
      expect(await topicsOf()).to.deep.equal([first, second].sort());
      await member.consumer.close();
    });

    it("answers questions of several groups about several topics at once, on a client that knew none of them", async () => {
      const topics = await Promise.all(Array.from({ length: 4 }, () => topicOf(2)));
      const group = uniqueName("group");
      await port.admin().commitOffsets(
        group,
        topics.flatMap((topic) => [0, 1].map((partition) => ({ topic, partition, offset: 0n }))),
      );
      const fresh = open();
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
      await producer.send(numbers(topic, 5, 0));
      const admin = port.admin();
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
      await producer.send(numbers(topic, 5, 0));
      const metadata = "x".repeat(4_096);
      await port.admin().commitOffsets(group, [
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
      await producer.send(numbers(topic, 3, 1));
      expect(await port.admin().offsets(topic)).to.deep.equal([
        { partition: 0, low: 0n, high: 0n },
        { partition: 1, low: 0n, high: 3n },
      ]);
      expect(await port.admin().groupOffsets(uniqueName("group"), [topic])).to.deep.equal([]);
    });

    it("a range is read in order, its end excluded, and ends where the partition does", async () => {
      const topic = await topicOf();
      await producer.send(numbers(topic, 10));
      const readFrom = async (from: bigint, to: bigint): Promise<bigint[]> => {
        const found: bigint[] = [];
        await port.read(
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
      await producer.send(numbers(topic, 10));
      const stop = new AbortController();
      let count = 0;
      const reading = port.read(
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
        port.read({ topic: missing, partition: 0, offset: 0n }, 1n, async () => {}),
      );
      expect(error.code).to.equal("topic_missing");
      expect(
        (await failure(port.read({ topic, partition: 7, offset: 0n }, 1n, async () => {}))).message,
      ).to.contain("partition 7");
    });

    it("a ping counts the brokers", async () => {
      const { brokers, controller } = await port.ping();
      expect(brokers).to.be.greaterThan(0);
      expect(controller).to.be.a("number");
    });
  });
}
