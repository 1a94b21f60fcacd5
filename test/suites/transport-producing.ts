import { expect } from "chai";
import { headerNames } from "../../src/core/headers.ts";
import type { Header } from "../../src/core/record.ts";
import type { Compression } from "../../src/transport/port.ts";
import { uniqueName } from "../support/servers.ts";
import {
  bytes,
  failure,
  outgoing,
  pause,
  producerOptions,
  type TransportBench,
  text,
  until,
} from "./transport-tools.ts";

/** What is sent arrives as it was, or is refused with its reason. */
export function describeProducing(bench: TransportBench): void {
  const { topicOf, joinAs, numbers } = bench;

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
      await bench.producer.send([
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
      await bench.producer.send([
        outgoing(topic, null, "v"),
        outgoing(topic, "k", null),
        outgoing(topic, "", ""),
      ]);
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
      await bench.producer.send([
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
      const results = await bench.producer.send(sent);
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
      const results = await bench.producer.send([
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
      const careless = bench.port.producer({ ...producerOptions, acks: 0 });
      expect((await careless.send([outgoing(topic, "k", "v")]))[0]).to.deep.equal({
        topic,
        partition: 0,
        offset: -1n,
      });
      await careless.close();
    });

    it("an idempotent producer keeps the order of its sends", async () => {
      const topic = await topicOf();
      const idempotent = bench.port.producer({ ...producerOptions, idempotent: true });
      const sends = numbers(topic, 20).map((record) => idempotent.send([record]));
      const results = await Promise.all(sends);
      expect(results.map(([result]) => result!.offset)).to.deep.equal(results.map((_, i) => BigInt(i)));
      await idempotent.close();
    });

    it("records without a key spread over all partitions", async () => {
      const topic = await topicOf(4);
      const results = await bench.producer.send(
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
          const compressing = bench.port.producer({ ...producerOptions, compression: written });
          const value = "a line that repeats itself ".repeat(4_000);
          await compressing.send([
            outgoing(topic, "1", value),
            outgoing(topic, "2", "short"),
            outgoing(topic, "3", null),
          ]);
          const found: (string | null)[] = [];
          await bench.port.read(
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
      const error = await failure(bench.producer.send([outgoing(missing, "k", "v")]));
      expect(error).to.include({ code: "topic_missing", retriable: false });
      expect(error.message).to.contain(missing);
      expect(await bench.producer.send([outgoing(topic, "k", "v")])).to.have.length(1);
      expect((await failure(bench.producer.partitionsOf(missing))).code).to.equal("topic_missing");
      expect(await bench.producer.partitionsOf(topic)).to.equal(1);
    });

    it("a topic that is deleted does not take the producer's other topics with it", async () => {
      const [kept, deleted] = [await topicOf(), await topicOf()];
      const own = bench.port.producer(producerOptions);
      await own.send([outgoing(kept, "k", "v"), outgoing(deleted, "k", "v")]);
      await bench.port.admin().deleteTopics([deleted]);
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
      const error = await failure(bench.producer.send([outgoing(topic, "k", "x".repeat(5_000))]));
      expect(error).to.include({ code: "record_too_large", retriable: false });
      expect(error.details).to.include({ kafkaCode: 10, kafkaError: "MESSAGE_TOO_LARGE" });
    });

    it("a partition that the topic does not have is refused, not dropped", async () => {
      const topic = await topicOf(2);
      const error = await failure(bench.producer.send([outgoing(topic, "k", "v", 2)]));
      expect(error).to.include({ code: "send_failed", retriable: false });
      expect(error.message).to.contain("partition 2");
    });

    it("the same record sent twice is there twice", async () => {
      const topic = await topicOf();
      const record = outgoing(topic, "k", "v");
      const [first] = await bench.producer.send([record]);
      const [second] = await bench.producer.send([record]);
      expect([first!.offset, second!.offset]).to.deep.equal([0n, 1n]);
    });

    it("a closed producer refuses", async () => {
      const closed = bench.port.producer(producerOptions);
      await closed.connect();
      await closed.close();
      await closed.close();
      expect((await failure(closed.send([outgoing("any", "k", "v")]))).code).to.equal("closed");
    });
  });
}
