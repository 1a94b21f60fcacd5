import { hash } from "node:crypto";
import { appendFileSync } from "node:fs";
import { headerNames, headerText } from "../../core/headers.ts";
import { asBuffer, type RawRecord } from "../../core/record.ts";
import { createKafkajsPort } from "../../transport/kafkajs.ts";
import type { KafkaPort } from "../../transport/port.ts";
import { type Place, readLines } from "./history.ts";

/** A record as it lay on the broker in the end. Bytes as Latin-1 text, one character each; the value as its digest. */
export interface FinalRecord {
  readonly offset: number;
  /** `message-id`, else its place. */
  readonly id: string;
  readonly key: string | null;
  readonly digest: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

/** A partition from its start (`low`) to its end (`high`). */
export interface FinalPartition {
  readonly topic: string;
  readonly partition: number;
  readonly low: number;
  readonly high: number;
  /** In the order of their offsets; aborted and compacted ones are not among them. */
  readonly records: readonly FinalRecord[];
}

/** What a group had committed. */
export interface FinalOffset extends Place {
  readonly group: string;
  readonly metadata?: string | undefined;
}

/** Every topic of a run from start to end, and what every group had committed, after healing and draining. */
export interface FinalRead {
  readonly partitions: readonly FinalPartition[];
  readonly committed: readonly FinalOffset[];
}

/** Equal digests stand for equal bytes; null for a tombstone. */
export function toDigest(value: Uint8Array | null): string | null {
  return value === null ? null : hash("sha256", value, "base64url");
}

/** Reads the topics of a run to their ends, and the offsets of its groups. Topics that do not exist are left out. */
export async function readFinal(
  brokers: readonly string[],
  topics: readonly string[],
  groups: readonly string[],
): Promise<FinalRead> {
  const port = createKafkajsPort({ brokers: [...brokers], clientId: "keryx-testing" }, () => {});
  try {
    return await readThrough(port, topics, groups);
  } finally {
    await port.close();
  }
}

async function readThrough(
  port: KafkaPort,
  topics: readonly string[],
  groups: readonly string[],
): Promise<FinalRead> {
  const admin = port.admin();
  try {
    const existing = await admin.describeTopics(topics);
    const partitions: FinalPartition[] = [];
    for (const { topic } of existing)
      for (const { partition, low, high } of await admin.offsets(topic)) {
        const records: FinalRecord[] = [];
        if (high > low)
          await port.read({ topic, partition, offset: low }, high, async (record) => {
            records.push(toFinalRecord(record));
          });
        partitions.push({ topic, partition, low: Number(low), high: Number(high), records });
      }
    const committed: FinalOffset[] = [];
    for (const group of groups)
      for (const { topic, partition, offset, metadata } of await admin.groupOffsets(group))
        committed.push({ group, topic, partition, offset: Number(offset), metadata });
    return { partitions, committed };
  } finally {
    await admin.close();
  }
}

export function toFinalRecord({ topic, partition, offset, key, value, headers }: RawRecord): FinalRecord {
  return {
    offset: Number(offset),
    id: headerText(headers, headerNames.messageId) ?? `${topic}/${partition}/${offset}`,
    key: toText(key),
    digest: toDigest(value),
    headers: headers.map(([name, bytes]) => [name, toText(bytes)] as const),
  };
}

/** Keeps a final read, so that the verdict can be computed again from files. */
export function writeFinal(path: string, { partitions, committed }: FinalRead): void {
  for (const partition of partitions) appendFileSync(path, `${JSON.stringify({ partition })}\n`);
  appendFileSync(path, `${JSON.stringify({ committed })}\n`);
}

export function loadFinal(path: string): FinalRead {
  const lines = readLines<{ partition?: FinalPartition; committed?: FinalOffset[] }>(path);
  return {
    partitions: lines.flatMap(({ partition }) => partition ?? []),
    committed: lines.flatMap(({ committed }) => committed ?? []),
  };
}

function toText(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : asBuffer(bytes).toString("latin1");
}
