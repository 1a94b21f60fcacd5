// kafkajs does the operations of ../operations.ts.
import { readFileSync } from "node:fs";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import kafkajs from "kafkajs";
import snappy from "snappyjs";
import {
  brokers,
  caFile,
  eventually,
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

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs;
CompressionCodecs[CompressionTypes.Snappy] = () => ({
  compress: async ({ buffer }) => snappy.compress(buffer),
  decompress: async (buffer) => snappy.uncompress(buffer),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }) =>
    zstdCompressSync(buffer, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
  decompress: async (buffer) => zstdDecompressSync(buffer),
});

const connect = (config = {}) =>
  new Kafka({
    clientId: "kafkajs-peer",
    brokers,
    logLevel: logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 50, maxRetryTime: 500 },
    ...config,
  });
const kafka = connect();

async function using(client, run) {
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.disconnect();
  }
}

// Without it, a consumer waits five seconds for an empty fetch before it leaves.
const consumerOf = (groupId, options = {}, of = kafka) =>
  of.consumer({ groupId, maxWaitTimeInMs: 100, ...options });

const withAdmin = (run) => using(kafka.admin(), run);
const withProducer = (run, options = {}, of = kafka) => using(of.producer(options), run);

async function topic(name, numPartitions = 1) {
  const made = unique(name);
  await withAdmin((admin) => admin.createTopics({ topics: [{ topic: made, numPartitions }] }));
  return made;
}

const texts = (list) => list.map((value) => ({ key: value.slice(0, 3), value }));

/** Everything from the first record up to the one with the last value. */
async function readUntil(
  name,
  last,
  { of = kafka, uncommitted = false, group = unique(`read-${name}`) } = {},
) {
  const consumer = consumerOf(group, { readUncommitted: uncommitted }, of);
  return using(consumer, async () => {
    await consumer.subscribe({ topics: [name], fromBeginning: true });
    const found = [];
    await new Promise((resolve, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      consumer
        .run({
          eachMessage: async ({ message, partition }) => {
            found.push({ ...message, partition });
            if (message.value?.toString() === last) resolve();
          },
        })
        .catch(reject);
    });
    return found;
  });
}

const readValues = async (...given) => (await readUntil(...given)).map(({ value }) => String(value));

async function roundTrip(name, send, of = kafka, options = {}) {
  const made = await topic(name);
  await withProducer(
    (producer) => producer.send({ topic: made, messages: texts(values), ...send }),
    options,
    of,
  );
  same(await readValues(made, values.at(-1), { of }), values, "values");
}

const sasl = (mechanism, secret = password) =>
  connect({ brokers: saslBrokers, sasl: { mechanism, username: user, password: secret } });

const transactional = (id) => ({
  transactionalId: unique(id),
  maxInFlightRequests: 1,
  idempotent: true,
  retry: { retries: 5, initialRetryTime: 50 },
});

/** Joins a group and tells the partitions that it owns. */
async function join(groupId, name) {
  const consumer = consumerOf(groupId, { heartbeatInterval: 200, sessionTimeout: 10_000 });
  const member = { consumer, owned: [] };
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    member.owned = payload.memberAssignment[name] ?? [];
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [name] });
  await consumer.run({ eachMessage: async () => {} });
  return member;
}

await runOperations("kafkajs 2.2.4", {
  "produce-none": () => roundTrip("none", { compression: CompressionTypes.None }),
  "produce-gzip": () => roundTrip("gzip", { compression: CompressionTypes.GZIP }),
  "produce-snappy": () => roundTrip("snappy", { compression: CompressionTypes.Snappy }),
  "produce-lz4": () => notThere("lz4 needs a plug-in with a native part"),
  "produce-zstd": () => roundTrip("zstd", { compression: CompressionTypes.ZSTD }),
  "acks-0": () => roundTrip("acks0", { acks: 0 }),
  "acks-1": () => roundTrip("acks1", { acks: 1 }),
  "acks-all": () => roundTrip("acksall", { acks: -1 }),
  async "record-parts"() {
    const made = await topic("parts");
    const timestamp = String(Date.now() - 5000);
    const headers = { bytes: Buffer.from([0, 255, 1]), empty: Buffer.alloc(0) };
    await withProducer(async (producer) => {
      await producer.send({ topic: made, messages: [{ key: null, value: "a", headers, timestamp }] });
      await producer.send({ topic: made, messages: [{ key: "k", value: null }] });
      await producer.send({ topic: made, messages: texts(["end"]) });
    });
    const [first, second] = await readUntil(made, "end");
    same([first.key, String(first.value), first.timestamp], [null, "a", timestamp], "first record");
    same([...first.headers.bytes, first.headers.empty.length], [0, 255, 1, 0], "headers");
    same([String(second.key), second.value], ["k", null], "second record");
  },
  async "group-consume"() {
    const made = await topic("group", 2);
    const group = unique("group-g");
    const send = (list) =>
      withProducer((producer) =>
        producer.send({ topic: made, messages: list.map((value, at) => ({ value, partition: at % 2 })) }),
      );
    // It may store a record twice, sending again what only one of two new partitions has refused.
    const take = (count) =>
      using(consumerOf(group), async (consumer) => {
        await consumer.subscribe({ topics: [made], fromBeginning: true });
        const found = new Set();
        await consumer.run({ eachMessage: async ({ message }) => void found.add(String(message.value)) });
        await eventually(() => found.size >= count, `${count} records`);
        return [...found].sort();
      });
    await send(["a", "b", "c", "d"]);
    same(await take(4), ["a", "b", "c", "d"], "first member");
    await send(["e", "f", "g"]);
    same(await take(3), ["e", "f", "g"], "second member");
  },
  async rebalance() {
    const made = await topic("rebalance", 4);
    const first = await join(unique("rebalance-g"), made);
    await eventually(() => first.owned.length === 4, "one member owns all");
    const second = await join(unique("rebalance-g"), made);
    await eventually(() => first.owned.length === 2 && second.owned.length === 2, "two members own two each");
    same([...first.owned, ...second.owned].sort(), [0, 1, 2, 3], "partitions");
    await second.consumer.disconnect();
    await eventually(() => first.owned.length === 4, "the one that stays owns all");
    await first.consumer.disconnect();
  },
  async seek() {
    const made = await topic("seek");
    await withProducer((producer) => producer.send({ topic: made, messages: texts(values) }));
    await using(consumerOf(unique("seek-g")), async (consumer) => {
      await consumer.subscribe({ topics: [made], fromBeginning: true });
      const found = [];
      await consumer.run({ eachMessage: async ({ message }) => void found.push(Number(message.offset)) });
      await eventually(() => found.length === 20, "all records");
      consumer.seek({ topic: made, partition: 0, offset: "3" });
      await eventually(() => found.length === 37, "records from offset 3");
      same(found[20], 3, "first offset after the seek");
    });
  },
  async pause() {
    const made = await topic("pause", 2);
    await using(consumerOf(unique("pause-g")), async (consumer) => {
      await consumer.subscribe({ topics: [made], fromBeginning: true });
      const found = [];
      const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
      await consumer.run({ eachMessage: async ({ partition }) => void found.push(partition) });
      await joined;
      consumer.pause([{ topic: made, partitions: [0] }]);
      await withProducer((producer) =>
        producer.send({ topic: made, messages: [0, 1].map((partition) => ({ value: "x", partition })) }),
      );
      await eventually(() => found.includes(1), "the other partition's record");
      await new Promise((resolve) => setTimeout(resolve, 300));
      same(found, [1], "while paused");
      consumer.resume([{ topic: made, partitions: [0] }]);
      await eventually(() => found.includes(0), "the resumed partition's record");
    });
  },
  async "commit-metadata"() {
    const made = await topic("metadata");
    const groupId = unique("metadata-g");
    await withProducer((producer) => producer.send({ topic: made, messages: texts(values) }));
    await using(consumerOf(groupId), async (consumer) => {
      await consumer.subscribe({ topics: [made], fromBeginning: true });
      let seen = 0;
      await consumer.run({ autoCommit: false, eachMessage: async () => void seen++ });
      await eventually(() => seen > 0, "a record");
      await consumer.commitOffsets([{ topic: made, partition: 0, offset: "5", metadata: "märk" }]);
    });
    const [offsets] = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [made] }));
    same(offsets.partitions, [{ partition: 0, offset: "5", metadata: "märk" }], "committed");
  },
  async "offset-for-time"() {
    const made = await topic("time");
    const now = Date.now();
    await withProducer(async (producer) => {
      for (const ago of [3000, 2000, 1000])
        await producer.send({ topic: made, messages: [{ value: "x", timestamp: String(now - ago) }] });
    });
    const found = await withAdmin((admin) => admin.fetchTopicOffsetsByTimestamp(made, now - 2500));
    same(found, [{ partition: 0, offset: "1" }], "offset");
  },
  async "admin-topics"() {
    const made = unique("topics");
    await withAdmin(async (admin) => {
      const topics = [
        { topic: made, numPartitions: 3, configEntries: [{ name: "retention.ms", value: "60000" }] },
      ];
      same(await admin.createTopics({ topics }), true, "created");
      same(await admin.createTopics({ topics }), false, "created again");
      same((await admin.listTopics()).includes(made), true, "listed");
      const { topics: described } = await admin.fetchTopicMetadata({ topics: [made] });
      same(described[0].partitions.length, 3, "partitions");
      await admin.deleteTopics({ topics: [made] });
      await eventually(async () => !(await admin.listTopics()).includes(made), "the topic is gone");
    });
  },
  async "admin-partitions"() {
    const made = await topic("partitions");
    await withAdmin(async (admin) => {
      await admin.createPartitions({ topicPartitions: [{ topic: made, count: 4 }] });
      await eventually(
        async () => (await admin.fetchTopicMetadata({ topics: [made] })).topics[0].partitions.length === 4,
        "four partitions",
      );
    });
  },
  async "admin-configs"() {
    const made = await topic("configs");
    const type = ConfigResourceTypes.TOPIC;
    await withAdmin(async (admin) => {
      const read = async () => {
        const asked = { resources: [{ type, name: made, configNames: ["retention.ms"] }] };
        const { resources } = await admin.describeConfigs({ ...asked, includeSynonyms: false });
        return resources[0].configEntries.map(({ configName, configValue }) => [configName, configValue]);
      };
      same(await read(), [["retention.ms", "604800000"]], "default");
      const configEntries = [{ name: "retention.ms", value: "12345" }];
      await admin.alterConfigs({ validateOnly: false, resources: [{ type, name: made, configEntries }] });
      await eventually(async () => (await read())[0][1] === "12345", "the setting is changed");
    });
  },
  async "admin-records"() {
    const made = await topic("records");
    await withProducer((producer) => producer.send({ topic: made, messages: texts(values) }));
    await withAdmin(async (admin) => {
      // It deletes only where it has looked before.
      await admin.fetchTopicOffsets(made);
      await admin.deleteTopicRecords({ topic: made, partitions: [{ partition: 0, offset: "4" }] });
      const [{ low, high }] = await admin.fetchTopicOffsets(made);
      same([low, high], ["4", "20"], "offsets");
    });
  },
  async "admin-groups"() {
    const made = await topic("groups");
    const groupId = unique("groups-g");
    await withProducer((producer) => producer.send({ topic: made, messages: texts(["end"]) }));
    await readUntil(made, "end", { group: groupId });
    await withAdmin(async (admin) => {
      const has = async () => (await admin.listGroups()).groups.some((one) => one.groupId === groupId);
      same(await has(), true, "listed");
      const { groups } = await admin.describeGroups([groupId]);
      same(groups[0].state, "Empty", "state");
      await admin.deleteGroups([groupId]);
      same(await has(), false, "listed after it was deleted");
    });
  },
  async idempotence() {
    const made = await topic("idempotence");
    await withProducer(
      async (producer) => {
        for (const value of values) await producer.send({ topic: made, messages: [{ value }] });
      },
      { idempotent: true, maxInFlightRequests: 1 },
    );
    same(await readValues(made, values.at(-1)), values, "values");
  },
  async "transaction-commit"() {
    const made = await topic("commit", 2);
    await withProducer(async (producer) => {
      const transaction = await producer.transaction();
      const messages = ["a", "b"].map((value, partition) => ({ value, partition }));
      await transaction.send({ topic: made, messages });
      await transaction.commit();
      await producer.send({ topic: made, messages: [{ value: "end", partition: 0 }] }).catch(() => {});
    }, transactional("commit-t"));
    const groupId = unique("commit-g");
    await using(consumerOf(groupId), async (consumer) => {
      await consumer.subscribe({ topics: [made], fromBeginning: true });
      const found = [];
      await consumer.run({ eachMessage: async ({ message }) => void found.push(String(message.value)) });
      await eventually(() => found.includes("a") && found.includes("b"), "both records");
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
        const transaction = await producer.transaction();
        await transaction.send({ topic: made, messages: [{ value }] });
        await transaction[end]();
      }
    }, transactional("abort-t"));
    same(await readValues(made, "c"), ["a", "c"], "committed");
    const all = await readValues(made, "c", { uncommitted: true, group: unique("abort-all") });
    same(all, ["a", "b", "c"], "uncommitted");
  },
  async "transaction-offsets"() {
    const made = await topic("offsets");
    const groupId = unique("offsets-g");
    const committed = () =>
      withAdmin(async (admin) => {
        const [offsets] = await admin.fetchOffsets({ groupId, topics: [made] });
        return offsets.partitions[0].offset;
      });
    await withProducer(async (producer) => {
      for (const [offset, end] of [
        ["3", "commit"],
        ["7", "abort"],
      ]) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: made, messages: [{ value: "x" }] });
        const topics = [{ topic: made, partitions: [{ partition: 0, offset }] }];
        await transaction.sendOffsets({ consumerGroupId: groupId, topics });
        await transaction[end]();
        await eventually(async () => (await committed()) === "3", "the committed offset");
      }
    }, transactional("offsets-t"));
  },
  async "transaction-fencing"() {
    const made = await topic("fencing");
    await withProducer(async (first) => {
      const open = await first.transaction();
      await open.send({ topic: made, messages: [{ value: "lost" }] });
      await withProducer(async (second) => {
        const transaction = await second.transaction();
        await transaction.send({ topic: made, messages: [{ value: "kept" }] });
        await transaction.commit();
      }, transactional("fencing-t"));
      const error = await refused(() => open.commit(), "the first producer");
      same(/epoch|fenced|PRODUCER/i.test(`${error.type} ${error.message}`), true, `the error ${error}`);
    }, transactional("fencing-t"));
    same(await readValues(made, "kept"), ["kept"], "values");
  },
  "sasl-plain": () => roundTrip("plain", {}, sasl("plain")),
  "sasl-scram-256": () => roundTrip("scram256", {}, sasl("scram-sha-256")),
  "sasl-scram-512": () => roundTrip("scram512", {}, sasl("scram-sha-512")),
  async "sasl-refused"() {
    const kafkaOfNobody = connect({
      brokers: saslBrokers,
      retry: { retries: 0 },
      sasl: { mechanism: "plain", username: user, password: "wrong" },
    });
    const error = await refused(() => kafkaOfNobody.admin().connect(), "a wrong password");
    same(error.name, "KafkaJSSASLAuthenticationError", "error");
  },
  tls: () => roundTrip("tls", {}, connect({ brokers: tlsBrokers, ssl: { ca: [readFileSync(caFile)] } })),
});
