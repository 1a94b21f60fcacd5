import { Kafka, logLevel } from "kafkajs";

// Somebody else's program on the same topics: plain kafkajs, which knows nothing of Keryx.
const connectOutsider = (): Kafka => {
  const brokers = (process.env["KERYX__BROKERS"] ?? "").split(",");
  return new Kafka({ clientId: "outsider", brokers, logLevel: logLevel.NOTHING });
};

/** Sends bytes that are no event. */
export async function sendPoison(topic: string): Promise<void> {
  const producer = connectOutsider().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  await producer.send({ topic, messages: [{ key: "o-1", value: Buffer.from("not an event") }] });
  await producer.disconnect();
}

export interface FoundLetter {
  readonly at: string;
  readonly origin: string;
  readonly value: Buffer;
  /** Header names with their text. */
  readonly headers: ReadonlyMap<string, string>;
  /** True when the value equals, byte for byte, that of the record it came from. */
  readonly isUntouched: boolean;
}

/** Reads a topic and its dead-letter topic from the beginning, and compares the dead letters of `group` with their origins. */
export async function readDeadLetters(topic: string, group: string): Promise<readonly FoundLetter[]> {
  const deadLetters = `${topic}-dlq`;
  const records = await readAll([topic, deadLetters], `${group}-outsider-${topic}`);
  const letters = [...records].filter(([at]) => at.startsWith(`${deadLetters}/`));
  return letters.flatMap(([at, { value, headers }]) => {
    if (headers.get("keryx-group") !== group) return [];
    const origin = ["topic", "partition", "offset"]
      .map((part) => headers.get(`keryx-original-${part}`))
      .join("/");
    return { at, origin, value, headers, isUntouched: records.get(origin)?.value.equals(value) ?? false };
  });
}

interface Found {
  readonly value: Buffer;
  readonly headers: ReadonlyMap<string, string>;
}

async function readAll(topics: string[], groupId: string): Promise<ReadonlyMap<string, Found>> {
  const kafka = connectOutsider();
  const admin = kafka.admin();
  await admin.connect();
  const left = new Map<string, bigint>();
  for (const topic of topics)
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
      if (BigInt(high) > BigInt(low)) left.set(`${topic}/${partition}`, BigInt(high));
  await admin.disconnect();

  const found = new Map<string, Found>();
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    if (left.size === 0) return resolve();
    consumer
      .run({
        autoCommit: false,
        async eachMessage({ topic, partition, message }) {
          const headers = Object.entries(message.headers ?? {}).map(
            ([name, value]) => [name, String(value)] as const,
          );
          found.set(`${topic}/${partition}/${message.offset}`, {
            value: message.value ?? Buffer.alloc(0),
            headers: new Map(headers),
          });
          if (BigInt(message.offset) + 1n >= (left.get(`${topic}/${partition}`) ?? 0n))
            left.delete(`${topic}/${partition}`);
          if (left.size === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return found;
}
