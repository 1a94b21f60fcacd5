import type { Clock } from "../../core/clock.ts";
import { KeryxError } from "../../core/errors.ts";
import { createStartOnce } from "../../core/lifecycle.ts";
import type { OutgoingRecord } from "../../core/record.ts";
import type { KafkaPort } from "../../transport/port.ts";

/** Writes handed-over records to every replica. */
export interface Sink {
  connect(): Promise<void>;
  /** Resolves when the brokers have the record. */
  send(record: OutgoingRecord): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly record: OutgoingRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const ackTimeoutMs = 30_000;

/**
 * Records of one turn of the event loop go together, one request per topic. A request that fails is not tried
 * again here: the partition waits, which keeps its other records from failing the same way.
 */
export function createSink(transport: KafkaPort, clock: Clock): Sink {
  const producer = transport.producer({
    acks: "all",
    idempotent: false,
    compression: "none",
    requestTimeoutMs: 20_000,
  });
  const connect = createStartOnce(() => producer.connect());
  let waiting: Waiting[] = [];

  const within = (sending: Promise<unknown>): Promise<unknown> => {
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      cancel = clock.schedule(ackTimeoutMs, () =>
        reject(new KeryxError("send_timeout", `A hand-over was not acknowledged within ${ackTimeoutMs} ms`)),
      );
    });
    return Promise.race([sending, late]).finally(() => cancel());
  };

  const sendTopic = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      await within(connect().then(() => producer.send(batch.map(({ record }) => record))));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      // One record that is too large must not hold the others back.
      const isMixed = batch.length > 1 && error instanceof KeryxError && error.code === "record_too_large";
      if (isMixed) await Promise.all(batch.map((one) => sendTopic([one])));
      else for (const { reject } of batch) reject(error);
    }
  };

  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    const byTopic = new Map<string, Waiting[]>();
    for (const one of batch) {
      const { topic } = one.record;
      const group = byTopic.get(topic);
      if (group) group.push(one);
      else byTopic.set(topic, [one]);
    }
    for (const group of byTopic.values()) void sendTopic(group);
  };

  return {
    connect,
    send: (record) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ record, resolve, reject });
      }),
    close: () => producer.close(),
  };
}
