import type { KeryxError } from "../../src/core/errors.ts";
import type { OutgoingRecord, RawRecord, TopicPartition } from "../../src/core/record.ts";
import type { Signal } from "../../src/core/signals.ts";
import type {
  ConsumerEvent,
  KafkaPort,
  PortAssignment,
  PortBatch,
  PortConsumer,
  PortConsumerOptions,
  PortProducer,
  PortProducerOptions,
  RecordQueue,
} from "../../src/transport/port.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytes = (text: string): Uint8Array => encoder.encode(text);
export const text = (value: Uint8Array | null): string | null =>
  value === null ? null : decoder.decode(value);

export function outgoing(
  topic: string,
  key: string | null,
  value: string | null,
  partition?: number,
): OutgoingRecord {
  return {
    topic,
    key: key === null ? null : bytes(key),
    value: value === null ? null : bytes(value),
    headers: [],
    ...(partition !== undefined && { partition }),
  };
}

export async function until(
  what: string,
  isDone: () => boolean | Promise<boolean>,
  patienceMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(`not within ${patienceMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function drain(queue: RecordQueue): readonly RawRecord[] {
  return Array.from({ length: queue.size() }, () => queue.shift()!);
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Member {
  readonly consumer: PortConsumer;
  readonly records: RawRecord[];
  readonly batches: PortBatch[];
  readonly events: ConsumerEvent[];
  readonly log: string[];
  values(): (string | null)[];
  positions(): TopicPartition[];
  commitAll(): Promise<void>;
}

export interface MemberOptions extends Partial<PortConsumerOptions> {
  readonly handle?: (batch: PortBatch, member: Member) => void | Promise<void>;
  readonly revoked?: (partitions: readonly PortAssignment[], member: Member) => Promise<void>;
  readonly assigned?: (partitions: readonly PortAssignment[], member: Member) => void;
}

/** Joins a group with a consumer that takes everything and writes down what happens. */
export async function join(
  port: KafkaPort,
  topics: readonly string[],
  group: string,
  options: MemberOptions = {},
): Promise<Member> {
  const { handle, revoked, assigned, ...rest } = options;
  const consumer = port.consumer({
    group,
    sessionTimeoutMs: 6_000,
    rebalanceTimeoutMs: 10_000,
    maxWaitMs: 100,
    maxBytesPerPartition: 1024 * 1024,
    from: "earliest",
    ...rest,
  });
  const next = new Map<string, { topic: string; partition: number; offset: bigint }>();
  const member: Member = {
    consumer,
    records: [],
    batches: [],
    events: [],
    log: [],
    values: () => member.records.map(({ value }) => text(value)),
    positions: () => consumer.assignment().map(({ topic, partition }) => ({ topic, partition })),
    commitAll: async () => consumer.commit([...next.values()], consumer.assignment()[0]?.epoch ?? -1),
  };
  const takeAll = (batch: PortBatch): void => {
    member.batches.push(batch);
    const records = drain(batch.records);
    member.records.push(...records);
    next.set(`${batch.topic}/${batch.partition}`, {
      topic: batch.topic,
      partition: batch.partition,
      offset: batch.nextOffset,
    });
    const last = records.at(-1);
    if (last) batch.resolve(last.offset);
  };
  await consumer.start(
    topics,
    (batch) => (handle ? handle(batch, member) : takeAll(batch)),
    {
      assigned: (partitions) => {
        next.clear();
        member.log.push(`assigned ${partitions.length}`);
        assigned?.(partitions, member);
      },
      revoked: async (partitions) => {
        member.log.push(`revoked ${partitions.length}`);
        await revoked?.(partitions, member);
      },
      lost: (partitions) => {
        member.log.push(`lost ${partitions.length}`);
      },
    },
    (event) => {
      if (event.kind !== "fetch" && event.kind !== "heartbeat") member.events.push(event);
    },
  );
  return member;
}

export interface Recorder {
  readonly signals: Signal[];
  observe(signal: Signal): void;
}

export function createRecorder(): Recorder {
  const signals: Signal[] = [];
  return { signals, observe: (signal) => void signals.push(signal) };
}

export async function failure(work: Promise<unknown>): Promise<KeryxError> {
  return work.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: KeryxError) => error,
  );
}

export const producerOptions: PortProducerOptions = {
  acks: "all",
  idempotent: false,
  compression: "none",
  requestTimeoutMs: 10_000,
};

/** A client of the contract's suites: port and producer are there from the first test on. */
export interface TransportBench {
  readonly port: KafkaPort;
  readonly producer: PortProducer;
  /** Another client of the same kind. */
  open(): KafkaPort;
  topicOf(partitions?: number, config?: Readonly<Record<string, string>>): Promise<string>;
  /** A member that leaves behind the test. */
  joinAs(...args: Parameters<typeof join> extends [unknown, ...infer Rest] ? Rest : never): Promise<Member>;
  numbers(topic: string, count: number, partition?: number): OutgoingRecord[];
}
