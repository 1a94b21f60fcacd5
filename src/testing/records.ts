import { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import { headerText } from "../core/headers.ts";
import type { RawRecord } from "../core/record.ts";
import type { SchemaRegistry } from "../registry/port.ts";
import { createDeserializer, type Decoded, type Deserializer } from "../serde/deserializer.ts";
import type { KafkaPort } from "../transport/port.ts";

/** A record with its event decoded. */
export interface TestRecord<Value> {
  readonly value: Value;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  /** Texts by name; of a name that repeats, the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timestampMs: number;
}

/** Reads a topic from its beginning to its end. Tombstones, other events and bytes that are none are passed over. */
export async function readRecords<Value, Init>(
  port: KafkaPort,
  registry: SchemaRegistry,
  event: EventType<Value, Init>,
  topic: string,
): Promise<readonly TestRecord<Value>[]> {
  const deserializer = createDeserializer({ registry, events: [event as EventType] });
  const found: TestRecord<Value>[] = [];
  const take = async (record: RawRecord): Promise<void> => {
    if (record.value === null) return;
    const decoded = await decodeIfEvent(deserializer, record);
    if (decoded?.kind === "decoded") found.push(toTestRecord(record, decoded.value as Value));
  };
  const admin = port.admin();
  try {
    for (const { partition, low, high } of await admin.offsets(topic))
      if (high > low) await port.read({ topic, partition, offset: low }, high, take);
  } finally {
    await admin.close();
  }
  return found;
}

async function decodeIfEvent(deserializer: Deserializer, record: RawRecord): Promise<Decoded | undefined> {
  try {
    return await deserializer.decode(record);
  } catch (error) {
    if (error instanceof KeryxError && error.code === "decode_failed") return undefined;
    throw error;
  }
}

function toTestRecord<Value>(record: RawRecord, value: Value): TestRecord<Value> {
  const { topic, partition, offset, key, timestampMs, headers } = record;
  const texts = headers.map(([name]) => [name, headerText(headers, name) ?? ""] as const);
  const keyText = key === null ? null : new TextDecoder().decode(key);
  return { value, topic, partition, offset, key: keyText, headers: Object.fromEntries(texts), timestampMs };
}
