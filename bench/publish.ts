// How much faster, or slower, is a typed publish than kafkajs with a registry client by hand?
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { connect } from "keryx";
import type { ApiRequestInit } from "../generated/index.ts";
import { createBenchTopic, duel, kafka, type Measured, registryUrl, sample } from "./setup.ts";

const rounds = 5;

/** Keeps `concurrency` callers busy, each sending one record after the other; returns records per second. */
async function publish(
  concurrency: number,
  total: number,
  send: (value: ApiRequestInit) => Promise<unknown>,
): Promise<number> {
  let left = total;
  const began = performance.now();
  const caller = async (): Promise<void> => {
    while (left-- > 0) await send(sample());
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return total / ((performance.now() - began) / 1000);
}

export async function benchPublish(): Promise<readonly Measured[]> {
  const own = await createBenchTopic("publish", 6);
  const other = await createBenchTopic("publish-by-hand", 6);

  const app = await connect({ clientId: "bench", logging: { level: "error" } });
  const typed = app.topicProducer(own.definition);
  await typed.start();

  const registry = new SchemaRegistry({ host: registryUrl });
  const { id } = await registry.register(
    { type: SchemaType.AVRO, schema: other.event.wire.schema },
    { subject: other.event.subject },
  );
  const plain = kafka.producer({ allowAutoTopicCreation: false });
  await plain.connect();
  // avsc, which the registry client encodes with, takes numbers for longs.
  const byHand = async (value: ApiRequestInit): Promise<unknown> => {
    const numbers = {
      ...value,
      responseBytes: Number(value.responseBytes),
      receivedAt: Number(value.receivedAt),
    };
    return plain.send({
      topic: other.name,
      acks: -1,
      messages: [
        {
          key: value.clientId,
          value: await registry.encode(id, numbers),
          headers: { "message-id": value.requestId },
        },
      ],
    });
  };

  const measured: Measured[] = [];
  for (const [concurrency, total, goal] of [
    [1, 500, 0.85],
    [20, 4_000, undefined],
    [100, 15_000, 5],
    [500, 30_000, undefined],
  ] as const) {
    const contenders = {
      byHand: () => publish(concurrency, Math.min(total, 8_000), byHand),
      keryx: () => publish(concurrency, total, (value) => typed.send(own.event, value)),
    };
    await contenders.byHand();
    await contenders.keryx();
    measured.push(await duel(`publish, ${concurrency} concurrent callers`, rounds, contenders, goal));
  }
  await plain.disconnect();
  await app.close();
  return measured;
}
