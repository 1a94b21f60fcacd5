// Takes the frames of kafkajs for test/golden/kafka-frames, from the cluster at KERYX__BROKERS or from the embedded broker:
//   node scripts/run.mjs node test/support/capture-kafkajs.ts
import { Kafka, logLevel } from "kafkajs";
import { createDevBroker } from "../../src/embedded/broker/index.ts";
import { tapFrames, writeFrames } from "./frame-tap.ts";

const real = process.env["KERYX__BROKERS"];
const broker = real === undefined ? await createDevBroker({ brokers: 2, log: () => {} }) : undefined;
const tap = await tapFrames(broker?.bootstrap() ?? (real ?? "").split(","));
const kafka = new Kafka({ clientId: "capture", brokers: [...tap.bootstrap], logLevel: logLevel.NOTHING });
const topic = `capture-${Date.now()}`;
const id = topic;

const admin = kafka.admin();
await admin.connect();
await admin.createTopics({
  topics: [{ topic, numPartitions: 2, configEntries: [{ name: "retention.ms", value: "3600000" }] }],
  waitForLeaders: true,
});
await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
await admin.describeConfigs({
  includeSynonyms: true,
  resources: [{ type: 2, name: topic, configNames: ["retention.ms"] }],
});
await admin.alterConfigs({
  validateOnly: false,
  resources: [{ type: 2, name: topic, configEntries: [{ name: "retention.ms", value: "7200000" }] }],
});

const producer = kafka.producer({ idempotent: true });
await producer.connect();
for (const partition of [0, 1])
  await producer.send({
    topic,
    messages: [
      { partition, key: "k", value: "v", headers: { h: "1" } },
      { partition, value: null },
    ],
  });
await producer.disconnect();

const transactional = kafka.producer({ transactionalId: id, idempotent: true, maxInFlightRequests: 1 });
await transactional.connect();
for (const isCommit of [true, false]) {
  const transaction = await transactional.transaction();
  await transaction.send({ topic, messages: [{ partition: 0, value: "in a transaction" }] });
  await transaction.sendOffsets({
    consumerGroupId: `${id}-t`,
    topics: [{ topic, partitions: [{ partition: 0, offset: "1" }] }],
  });
  await (isCommit ? transaction.commit() : transaction.abort());
}
await transactional.disconnect();

const consumer = kafka.consumer({
  groupId: id,
  heartbeatInterval: 50,
  readUncommitted: false,
  maxWaitTimeInMs: 100,
});
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
const { promise: isRead, resolve } = Promise.withResolvers<void>();
let seen = 0;
await consumer.run({
  eachMessage: async ({ topic: from, partition, message, heartbeat }) => {
    await heartbeat();
    await consumer.commitOffsets([
      { topic: from, partition, offset: `${Number(message.offset) + 1}`, metadata: "kept" },
    ]);
    if (++seen === 4) resolve();
  },
});
await isRead;
await new Promise((done) => setTimeout(done, 300));
await admin.describeGroups([id]);
await admin.listGroups();
await consumer.disconnect();
await admin.fetchOffsets({ groupId: id, topics: [topic] });
await admin.fetchTopicOffsets(topic);
await admin.fetchTopicOffsetsByTimestamp(topic, 0);
await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "1" }] });
await admin.deleteGroups([id]);
await admin.deleteTopics({ topics: [topic] });
await admin.disconnect();

writeFrames("kafkajs-2.2.4", tap.frames);
process.stdout.write(
  `${tap.frames.length} frames of ${new Set(tap.frames.map(({ api }) => api)).size} APIs\n`,
);
await tap.close();
await broker?.close();
