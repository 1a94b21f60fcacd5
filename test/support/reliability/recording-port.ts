// A Kafka in memory that writes down what passes its port: not what the engine says of itself, but what it did.
import { headerNames, headerText } from "../../../src/core/headers.ts";
import type { OutgoingRecord } from "../../../src/core/record.ts";
import { type HistoryRecord, monotonicMs, type Place } from "../../../src/testing/reliability/history.ts";
import type { KafkaPort, PortBatch, PortConsumer, PortProducer } from "../../../src/transport/port.ts";
import type { MemoryKafka } from "../memory-kafka.ts";

type Note = (record: HistoryRecord) => void;

export interface RecordedPort {
  readonly port: KafkaPort;
  /** `topic/partition` of what the engine has paused. */
  readonly paused: ReadonlySet<string>;
}

export function recordPort(kafka: MemoryKafka, note: Note): RecordedPort {
  const paused = new Set<string>();
  const { port } = kafka;
  return {
    paused,
    port: {
      ...port,
      consumer: (options) => recordConsumer(kafka, port.consumer(options), options.group, note, paused),
      producer: (options) => recordProducer(port.producer(options), note),
    },
  };
}

function recordConsumer(
  kafka: MemoryKafka,
  consumer: PortConsumer,
  group: string,
  note: Note,
  paused: Set<string>,
): PortConsumer {
  let poll = 0;
  const toName = ({ topic, partition }: { topic: string; partition: number }): string =>
    `${topic}/${partition}`;
  // What is delivered counts once it is taken: a batch for which there is no room comes again.
  const watch = (batch: PortBatch): PortBatch => {
    const { topic, partition, epoch, nextOffset } = batch;
    const first = batch.records.peek()?.offset;
    return {
      ...batch,
      resolve(offset) {
        batch.resolve(offset);
        if (first === undefined) return;
        const taken = kafka
          .records(topic, partition)
          .filter((record) => record.offset >= first && record.offset < nextOffset);
        const polled = { group, topic, partition, epoch, poll: ++poll };
        note({ name: "records_consumed", ...polled, count: taken.length });
        for (const record of taken) {
          const id = headerText(record.headers, headerNames.messageId);
          note({ name: "record_data", ...polled, offset: Number(record.offset), id });
        }
      },
    };
  };
  return {
    ...consumer,
    start: (topics, handle, handlers, onEvent) =>
      consumer.start(
        topics,
        (batch) => handle(watch(batch)),
        { ...handlers, assigned: (list) => handlers.assigned(list.map((one) => forget(one))) },
        onEvent,
      ),
    async commit(offsets, epoch) {
      const startedAtMs = monotonicMs();
      const tell = (result: "ok" | "fail"): void => {
        for (const { topic, partition, offset } of offsets)
          note({
            name: "offsets_committed",
            ...{ group, topic, partition, offset: Number(offset), epoch, result, startedAtMs },
          });
      };
      await consumer.commit(offsets, epoch).then(
        () => tell("ok"),
        (error: unknown) => {
          tell("fail");
          throw error;
        },
      );
    },
    pause(list) {
      for (const one of list) paused.add(toName(one));
      consumer.pause(list);
    },
    resume(list) {
      for (const one of list) paused.delete(toName(one));
      consumer.resume(list);
    },
  };

  function forget<One extends { readonly topic: string; readonly partition: number }>(one: One): One {
    paused.delete(toName(one));
    return one;
  }
}

function recordProducer(producer: PortProducer, note: Note): PortProducer {
  const tell = (batch: readonly OutgoingRecord[], result: "ok" | "fail"): void => {
    for (const { topic, headers } of batch) {
      const from = readPlace(headerText(headers, headerNames.previous));
      const group = headerText(headers, headerNames.group) ?? "";
      const name = headerText(headers, headerNames.stage) === "dlq" ? "dead_lettered" : "handed_over";
      if (from) note({ name, group, ...from, to: topic, result });
    }
  };
  return {
    ...producer,
    async send(batch) {
      try {
        const sent = await producer.send(batch);
        tell(batch, "ok");
        return sent;
      } catch (error) {
        tell(batch, "fail");
        throw error;
      }
    },
  };
}

function readPlace(text = ""): Place | undefined {
  const [topic, partition, offset] = text.split("/");
  return topic === undefined || offset === undefined
    ? undefined
    : { topic, partition: Number(partition), offset: Number(offset) };
}
