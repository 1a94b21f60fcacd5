// @platformatic/kafka does the operations of ../operations.ts.
import { readFileSync } from "node:fs";
import {
  brokers,
  caFile,
  eventually,
  loadClient,
  notThere,
  password,
  refused,
  runOperations,
  same,
  saslBrokers,
  tlsBrokers,
  unique,
  user,
  values,
} from "../program.mjs";

const kafka = await loadClient("@platformatic/kafka");
const { Admin, Consumer, Producer, stringDeserializers, stringSerializers } = kafka;

const plain = { clientId: "platformatic-peer", bootstrapBrokers: brokers, retries: 5, retryDelay: 100 };

async function using(client, run) {
  try {
    return await run(client);
  } finally {
    await (client instanceof Consumer ? client.close(true) : client.close());
  }
}

const withAdmin = (run, base = plain) => using(new Admin(base), run);
const withProducer = (run, options = {}, base = plain) =>
  using(new Producer({ ...base, serializers: stringSerializers, ...options }), run);
const consumerOf = (groupId, options = {}, base = plain) =>
  new Consumer({
    ...base,
    groupId,
    deserializers: stringDeserializers,
    maxWaitTime: 100,
    autocommit: false,
    isolationLevel: 1,
    ...options,
  });

async function topic(name, partitions = 1) {
  const made = unique(name);
  await withAdmin(async (admin) => {
    await admin.createTopics({ topics: [made], partitions, replicas: 1 });
    await eventually(async () => (await admin.listTopics()).includes(made), "the topic is listed");
  });
  return made;
}

const messagesOf = (name, list) => list.map((value) => ({ topic: name, key: value.slice(0, 3), value }));

/** Takes messages off a stream until the condition holds for what was taken. */
function take(stream, until) {
  const found = [];
  return new Promise((resolve, reject) => {
    const onData = (message) => {
      found.push(message);
      if (!until(found)) return;
      stream.off("data", onData);
      stream.pause();
      resolve(found);
    };
    stream.on("error", reject);
    stream.on("data", onData);
    stream.resume();
  });
}

async function readUntil(name, last, { base = plain, group = unique(`read-${name}`), ...options } = {}) {
  return using(consumerOf(group, options, base), async (consumer) => {
    const stream = await consumer.consume({ topics: [name], mode: "earliest" });
    return take(stream, (found) => found.at(-1).value === last);
  });
}

const readValues = async (...given) => (await readUntil(...given)).map(({ value }) => value);

async function roundTrip(name, send, base = plain) {
  const made = await topic(name);
  await withProducer((producer) => producer.send({ messages: messagesOf(made, values), ...send }), {}, base);
  same(await readValues(made, values.at(-1), { base }), values, "values");
}

const sasl = (mechanism, secret = password) => ({
  ...plain,
  bootstrapBrokers: saslBrokers,
  sasl: { mechanism, username: user, password: secret },
});

const transactional = (id) => ({ transactionalId: unique(id), idempotent: true });

const offsetOf = (groupId, name) =>
  withAdmin(async (admin) => {
    const asked = [{ groupId, topics: [{ name, partitionIndexes: [0] }] }];
    const [group] = await admin.listConsumerGroupOffsets({ groups: asked });
    return Number(group.topics[0].partitions[0].committedOffset);
  });

const partitionsOf = (consumer) => consumer.assignments?.flatMap(({ partitions }) => partitions) ?? [];

await runOperations("@platformatic/kafka 2.12.1", {
  ...Object.fromEntries(
    ["none", "gzip", "snappy", "lz4", "zstd"].map((compression) => [
      `produce-${compression}`,
      () => roundTrip(compression, { compression }),
    ]),
  ),
  "acks-0": () => roundTrip("acks0", { acks: 0 }),
  "acks-1": () => roundTrip("acks1", { acks: 1 }),
  "acks-all": () => roundTrip("acksall", { acks: -1 }),
  async "record-parts"() {
    const made = await topic("parts");
    const timestamp = BigInt(Date.now() - 5000);
    const headers = { text: "ä", empty: "" };
    await withProducer(async (producer) => {
      await producer.send({ messages: [{ topic: made, value: "a", headers, timestamp }] });
      await producer.send({ messages: [{ topic: made, key: "k" }] });
      await producer.send({ messages: messagesOf(made, ["end"]) });
    });
    const [first, second] = await readUntil(made, "end");
    same([first.key ?? null, first.value, String(first.timestamp)], [null, "a", String(timestamp)], "first");
    same([...first.headers], Object.entries(headers), "headers");
    same([second.key, second.value ?? null], ["k", null], "second record");
  },
  async "group-consume"() {
    const made = await topic("group", 2);
    const send = (list) =>
      withProducer((producer) =>
        producer.send({ messages: list.map((value, at) => ({ topic: made, value, partition: at % 2 })) }),
      );
    const member = (count) =>
      using(consumerOf(unique("group-g")), async (consumer) => {
        const where = { mode: "committed", fallbackMode: "earliest" };
        const stream = await consumer.consume({ topics: [made], ...where });
        // It may give a record twice.
        const values = (taken) => [...new Set(taken.map(({ value }) => value))].sort();
        const found = await take(stream, (taken) => values(taken).length >= count);
        for (const message of found) await message.commit();
        return values(found);
      });
    await send(["a", "b", "c", "d"]);
    same(await member(4), ["a", "b", "c", "d"], "first member");
    await send(["e", "f", "g"]);
    same(await member(3), ["e", "f", "g"], "second member");
  },
  async rebalance() {
    const made = await topic("rebalance", 4);
    const times = { heartbeatInterval: 200, sessionTimeout: 6000, rebalanceTimeout: 6000 };
    const join = async () => {
      const consumer = consumerOf(unique("rebalance-g"), times);
      const stream = await consumer.consume({ topics: [made], mode: "latest" });
      stream.on("error", () => {});
      stream.resume();
      return consumer;
    };
    await using(await join(), async (first) => {
      await eventually(() => partitionsOf(first).length === 4, "one member owns all");
      await using(await join(), async (second) => {
        const both = () => [partitionsOf(first), partitionsOf(second)];
        await eventually(() => both().every((owned) => owned.length === 2), "two members own two each");
        same(both().flat().sort(), [0, 1, 2, 3], "partitions");
      });
      await eventually(() => partitionsOf(first).length === 4, "the one that stays owns all");
    });
  },
  async seek() {
    const made = await topic("seek");
    await withProducer((producer) => producer.send({ messages: messagesOf(made, values) }));
    await using(consumerOf(unique("seek-g")), async (consumer) => {
      const stream = await consumer.consume({ topics: [made], mode: "earliest" });
      await take(stream, (found) => found.length === 20);
      await stream.close();
      const offsets = [{ topic: made, partition: 0, offset: 3n }];
      const again = await consumer.consume({ topics: [made], mode: "manual", offsets });
      const found = await take(again, (taken) => taken.length === 17);
      same([Number(found[0].offset), Number(found.at(-1).offset)], [3, 19], "offsets after the seek");
    });
  },
  pause: () => notThere("it pauses whole streams, not partitions"),
  "commit-metadata": () => notThere("its commits carry no metadata"),
  async "offset-for-time"() {
    const made = await topic("time");
    const now = Date.now();
    await withProducer(async (producer) => {
      for (const ago of [3000, 2000, 1000])
        await producer.send({ messages: [{ topic: made, value: "x", timestamp: BigInt(now - ago) }] });
    });
    await using(consumerOf(unique("time-g")), async (consumer) => {
      const found = await consumer.listOffsets({ topics: [made], timestamp: BigInt(now - 2500) });
      same(found.get(made).map(Number), [1], "offset");
    });
  },
  async "admin-topics"() {
    const made = unique("topics");
    await withAdmin(async (admin) => {
      const configs = [{ name: "retention.ms", value: "60000" }];
      const asked = { topics: [made], partitions: 3, replicas: 1, configs };
      await admin.createTopics(asked);
      await refused(() => admin.createTopics(asked), "the same topic");
      await eventually(async () => (await admin.listTopics()).includes(made), "the topic is listed");
      const found = await admin.metadata({ topics: [made], forceUpdate: true });
      same(found.topics.get(made).partitions.length, 3, "partitions");
      await admin.deleteTopics({ topics: [made] });
      await eventually(async () => !(await admin.listTopics()).includes(made), "the topic is gone");
    });
  },
  async "admin-partitions"() {
    const made = await topic("partitions");
    await withAdmin(async (admin) => {
      await admin.createPartitions({ topics: [{ name: made, count: 4, assignments: null }] });
      await eventually(async () => {
        const found = await admin.metadata({ topics: [made], forceUpdate: true });
        return found.topics.get(made).partitions.length === 4;
      }, "four partitions");
    });
  },
  async "admin-configs"() {
    const made = await topic("configs");
    await withAdmin(async (admin) => {
      const resource = { resourceType: 2, resourceName: made };
      const read = async () => {
        const resources = [{ ...resource, configurationKeys: ["retention.ms"] }];
        const [found] = await admin.describeConfigs({ resources });
        return found.configs.map(({ name, value }) => [name, value]);
      };
      same(await read(), [["retention.ms", "604800000"]], "default");
      const configs = [{ name: "retention.ms", configOperation: 0, value: "12345" }];
      await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs }] });
      await eventually(async () => (await read())[0][1] === "12345", "the setting is changed");
    });
  },
  async "admin-records"() {
    const made = await topic("records");
    await withProducer((producer) => producer.send({ messages: messagesOf(made, values) }));
    await withAdmin(async (admin) => {
      const partitions = [{ partition: 0, offset: 4n }];
      const [found] = await admin.deleteRecords({ topics: [{ name: made, partitions }] });
      same(Number(found.partitions[0].lowWatermark), 4, "start");
    });
  },
  async "admin-groups"() {
    const made = await topic("groups");
    const group = unique("groups-g");
    await withProducer((producer) => producer.send({ messages: messagesOf(made, ["end"]) }));
    await using(consumerOf(group), async (consumer) => {
      const stream = await consumer.consume({ topics: [made], mode: "earliest" });
      const [message] = await take(stream, (found) => found.length === 1);
      await message.commit();
    });
    same(await offsetOf(group, made), 1, "offset");
    await withAdmin(async (admin) => {
      const listed = async () => (await admin.listGroups()).has(group);
      same(await listed(), true, "listed");
      same((await admin.describeGroups({ groups: [group] })).get(group).state, "Empty", "state");
      await admin.deleteGroups({ groups: [group] });
      same(await listed(), false, "listed after it was deleted");
    });
  },
  async idempotence() {
    const made = await topic("idempotence");
    await withProducer(
      async (producer) => {
        for (const value of values) await producer.send({ messages: [{ topic: made, value }] });
      },
      { idempotent: true, acks: -1 },
    );
    same(await readValues(made, values.at(-1)), values, "values");
  },
  async "transaction-commit"() {
    const made = await topic("commit", 2);
    await withProducer(async (producer) => {
      const transaction = await producer.beginTransaction();
      const messages = ["a", "b"].map((value, partition) => ({ topic: made, value, partition }));
      await transaction.send({ messages });
      await transaction.commit();
    }, transactional("commit-t"));
    await using(consumerOf(unique("commit-g")), async (consumer) => {
      const stream = await consumer.consume({ topics: [made], mode: "earliest" });
      const found = await take(stream, (taken) => taken.length === 2);
      same(found.map(({ value }) => value).sort(), ["a", "b"], "values");
    });
  },
  async "transaction-abort"() {
    const made = await topic("abort");
    await withProducer(async (producer) => {
      for (const [value, end] of [
        ["a", "commit"],
        ["b", "abort"],
        ["c", "commit"],
      ]) {
        const transaction = await producer.beginTransaction();
        await transaction.send({ messages: [{ topic: made, value, partition: 0 }] });
        await transaction[end]();
      }
    }, transactional("abort-t"));
    same(await readValues(made, "c"), ["a", "c"], "committed");
    const all = await readValues(made, "c", { group: unique("abort-all"), isolationLevel: 0 });
    same(all, ["a", "b", "c"], "uncommitted");
  },
  async "transaction-offsets"() {
    const made = await topic("offsets");
    const group = unique("offsets-g");
    await withProducer((producer) => producer.send({ messages: messagesOf(made, values) }));
    await using(consumerOf(group), async (consumer) => {
      const stream = await consumer.consume({ topics: [made], mode: "earliest" });
      const found = await take(stream, (taken) => taken.length === 20);
      await withProducer(async (producer) => {
        // It commits the offset behind the message.
        for (const [at, end] of [
          [2, "commit"],
          [6, "abort"],
        ]) {
          const transaction = await producer.beginTransaction();
          await transaction.send({ messages: [{ topic: made, value: "x" }] });
          await transaction.addConsumer(consumer);
          await transaction.addOffset(found[at]);
          await transaction[end]();
          await eventually(async () => (await offsetOf(group, made)) === 3, "the committed offset");
        }
      }, transactional("offsets-t"));
    });
  },
  // Seen on Apache Kafka: error 90 as soon as the id has another producer id than 0; versions below 3 do not ask.
  "transaction-fencing": () =>
    notThere(
      "a second producer cannot take over a transactional id on Apache Kafka: it names itself producer 0",
    ),
  "sasl-plain": () => roundTrip("plain", {}, sasl("PLAIN")),
  "sasl-scram-256": () => roundTrip("scram256", {}, sasl("SCRAM-SHA-256")),
  "sasl-scram-512": () => roundTrip("scram512", {}, sasl("SCRAM-SHA-512")),
  async "sasl-refused"() {
    const nobody = { ...sasl("PLAIN", "wrong"), retries: 0 };
    await refused(() => withAdmin((admin) => admin.listTopics(), nobody), "a wrong password");
  },
  tls: () =>
    roundTrip("tls", {}, { ...plain, bootstrapBrokers: tlsBrokers, tls: { ca: readFileSync(caFile) } }),
});
