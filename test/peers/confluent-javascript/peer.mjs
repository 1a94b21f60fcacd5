// @confluentinc/kafka-javascript, through the half of it that follows kafkajs, does the operations of ../operations.ts.
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

const { default: library } = await loadClient("@confluentinc/kafka-javascript");
const { Kafka, logLevel } = library.KafkaJS;

const connect = (config = {}, more = {}) =>
  new Kafka({ kafkaJS: { clientId: "peer", brokers, logLevel: logLevel.NOTHING, ...config }, ...more });
const kafka = connect();

async function using(client, run) {
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.disconnect();
  }
}

const withAdmin = (run) => using(kafka.admin(), run);
const withProducer = (run, kafkaJS = {}, of = kafka) => using(of.producer({ kafkaJS }), run);
const consumerOf = (groupId, options = {}, of = kafka) =>
  of.consumer({
    kafkaJS: { groupId, fromBeginning: true, autoCommit: false, ...options },
    "fetch.wait.max.ms": 100,
    "heartbeat.interval.ms": 200,
  });

async function topic(name, numPartitions = 1) {
  const made = unique(name);
  await withAdmin((admin) => admin.createTopics({ topics: [{ topic: made, numPartitions }] }));
  return made;
}

const messagesOf = (list) => list.map((value) => ({ key: value.slice(0, 3), value }));

/** Runs a consumer until the condition holds for what it was given. */
async function take(consumer, name, until) {
  await consumer.subscribe({ topics: [name] });
  const found = [];
  await consumer.run({
    eachMessage: async ({ message, partition }) => void found.push({ ...message, partition }),
  });
  await eventually(() => until(found), "records");
  return found;
}

async function readUntil(name, last, { of = kafka, group = unique(`read-${name}`), ...options } = {}) {
  const isLast = (found) => found.at(-1)?.value?.toString() === last;
  return using(consumerOf(group, options, of), (consumer) => take(consumer, name, isLast));
}

const readValues = async (...given) => (await readUntil(...given)).map(({ value }) => String(value));

async function roundTrip(name, options = {}, of = kafka) {
  const made = await topic(name);
  const messages = messagesOf(values);
  await withProducer((producer) => producer.send({ topic: made, messages }), options, of);
  same(await readValues(made, values.at(-1), { of }), values, "values");
}

const sasl = (mechanism, secret = password) =>
  connect({ brokers: saslBrokers, sasl: { mechanism, username: user, password: secret } });

const transactional = (id) => ({ transactionalId: unique(id) });

async function transaction(producer, made, list, end) {
  const open = await producer.transaction();
  await open.send({ topic: made, messages: list.map((value, partition) => ({ value, partition })) });
  await open[end]();
}

const notHere = () => notThere("shown by confluent-python, which stands on the same librdkafka");

await runOperations("@confluentinc/kafka-javascript 1.10.1", {
  ...Object.fromEntries(
    ["none", "gzip", "snappy", "lz4", "zstd"].map((compression) => [
      `produce-${compression}`,
      () => roundTrip(compression, { compression }),
    ]),
  ),
  "acks-0": () => roundTrip("acks0", { acks: 0 }),
  "acks-1": () => roundTrip("acks1", { acks: 1 }),
  "acks-all": () => roundTrip("acksall", { acks: -1 }),
  "record-parts": notHere,
  async "group-consume"() {
    const made = await topic("group", 2);
    const send = (list) =>
      withProducer((producer) =>
        producer.send({ topic: made, messages: list.map((value, at) => ({ value, partition: at % 2 })) }),
      );
    const member = (count) =>
      using(consumerOf(unique("group-g")), async (consumer) => {
        const found = await take(consumer, made, (taken) => taken.length >= count);
        await consumer.commitOffsets(
          found.map(({ partition, offset }) => ({
            topic: made,
            partition,
            offset: String(Number(offset) + 1),
          })),
        );
        return found.map(({ value }) => String(value)).sort();
      });
    await send(["a", "b", "c", "d"]);
    same(await member(4), ["a", "b", "c", "d"], "first member");
    await send(["e", "f", "g"]);
    same(await member(3), ["e", "f", "g"], "second member");
  },
  async rebalance() {
    const made = await topic("rebalance", 4);
    const join = async () => {
      const consumer = consumerOf(unique("rebalance-g"));
      await consumer.connect();
      await take(consumer, made, () => true);
      return consumer;
    };
    const first = await join();
    await eventually(() => first.assignment().length === 4, "one member owns all");
    const second = await join();
    await eventually(
      () => first.assignment().length === 2 && second.assignment().length === 2,
      "two members own two each",
    );
    await second.disconnect();
    await eventually(() => first.assignment().length === 4, "the one that stays owns all");
    await first.disconnect();
  },
  seek: notHere,
  pause: notHere,
  "commit-metadata": notHere,
  "offset-for-time": notHere,
  async "admin-topics"() {
    const made = unique("topics");
    await withAdmin(async (admin) => {
      const topics = [{ topic: made, numPartitions: 3 }];
      same(await admin.createTopics({ topics }), true, "created");
      await eventually(async () => (await admin.listTopics()).includes(made), "the topic is listed");
      await admin.deleteTopics({ topics: [made] });
      await eventually(async () => !(await admin.listTopics()).includes(made), "the topic is gone");
    });
  },
  "admin-partitions": notHere,
  "admin-configs": notHere,
  "admin-records": notHere,
  "admin-groups": notHere,
  idempotence: () => roundTrip("idempotence", { idempotent: true }),
  async "transaction-commit"() {
    const made = await topic("commit", 2);
    await withProducer(
      (producer) => transaction(producer, made, ["a", "b"], "commit"),
      transactional("commit-t"),
    );
    const found = await using(consumerOf(unique("commit-g")), (consumer) =>
      take(consumer, made, (taken) => taken.length === 2),
    );
    same(found.map(({ value }) => String(value)).sort(), ["a", "b"], "values");
  },
  async "transaction-abort"() {
    const made = await topic("abort");
    await withProducer(async (producer) => {
      await transaction(producer, made, ["a"], "commit");
      await transaction(producer, made, ["b"], "abort");
      await transaction(producer, made, ["c"], "commit");
    }, transactional("abort-t"));
    same(await readValues(made, "c"), ["a", "c"], "committed");
  },
  "transaction-offsets": notHere,
  async "transaction-fencing"() {
    const made = await topic("fencing");
    await withProducer(async (first) => {
      const open = await first.transaction();
      await open.send({ topic: made, messages: [{ value: "lost" }] });
      await withProducer(
        (second) => transaction(second, made, ["kept"], "commit"),
        transactional("fencing-t"),
      );
      await refused(() => open.commit(), "the first producer");
    }, transactional("fencing-t"));
    same(await readValues(made, "kept"), ["kept"], "values");
  },
  "sasl-plain": () => roundTrip("plain", {}, sasl("plain")),
  "sasl-scram-256": () => roundTrip("scram256", {}, sasl("scram-sha-256")),
  "sasl-scram-512": () => roundTrip("scram512", {}, sasl("scram-sha-512")),
  "sasl-refused": notHere,
  tls: () => roundTrip("tls", {}, connect({ brokers: tlsBrokers, ssl: true }, { "ssl.ca.location": caFile })),
});
