import type { TopicMessages } from "kafkajs";
import type { OutgoingRecord } from "../../../core/record.ts";
import { partitionOfKey } from "../../partitioner.ts";
import type { RecordMeta } from "../../port.ts";
import { type ClientMessage, toClientMessage } from "../records.ts";

/** Turns records into kafkajs messages. A record keeps its message, and so its partition, over all tries. */
export function createMessages(): (record: OutgoingRecord, partitions: number) => ClientMessage {
  const messages = new WeakMap<OutgoingRecord, ClientMessage>();
  const rotate = createRotation();
  return (record, partitions) => {
    const known = messages.get(record);
    if (known) return known;
    const message = toClientMessage(record);
    message.partition ??=
      record.key === null ? rotate(record.topic, partitions) : partitionOfKey(record.key, partitions);
    messages.set(record, message);
    return message;
  };
}

/** Spreads records without a key evenly, starting anywhere. */
function createRotation(): (topic: string, partitions: number) => number {
  const next = new Map<string, number>();
  return (topic, partitions) => {
    const at = next.get(topic) ?? Math.floor(Math.random() * partitions);
    next.set(topic, at + 1);
    return at % partitions;
  };
}

export function toTopicMessages(
  batch: readonly OutgoingRecord[],
  sent: readonly ClientMessage[],
): TopicMessages[] {
  const byTopic = new Map<string, ClientMessage[]>();
  batch.forEach(({ topic }, i) => {
    const message = sent[i];
    if (message === undefined) return;
    const list = byTopic.get(topic);
    if (list) list.push(message);
    else byTopic.set(topic, [message]);
  });
  return [...byTopic].map(([topic, list]) => ({ topic, messages: list as TopicMessages["messages"] }));
}

interface ProduceAnswer {
  readonly topicName: string;
  readonly partition: number;
  readonly baseOffset?: string;
}

/** The broker names the first offset of each partition; the records of one partition follow each other. */
export function toResults(
  batch: readonly OutgoingRecord[],
  sent: readonly ClientMessage[],
  answers: readonly ProduceAnswer[],
): RecordMeta[] {
  const next = new Map<string, bigint>();
  for (const { topicName, partition, baseOffset } of answers)
    next.set(`${topicName}/${partition}`, BigInt(baseOffset ?? "-1"));
  return batch.map(({ topic }, i) => {
    const partition = sent[i]?.partition ?? -1;
    const at = `${topic}/${partition}`;
    const offset = next.get(at) ?? -1n;
    if (offset >= 0n) next.set(at, offset + 1n);
    return { topic, partition, offset };
  });
}

/** Records of one request: those whose partitions one broker leads. */
export interface Shipment {
  readonly records: OutgoingRecord[];
  readonly messages: ClientMessage[];
}

/**
 * Splits a batch by leader. Each part fails or succeeds on its own, so that a later try leaves out what was taken:
 * kafkajs would report the whole as failed.
 */
export function toShipments(
  batch: readonly OutgoingRecord[],
  messageOf: (record: OutgoingRecord) => ClientMessage,
  leaderOf: (topic: string, partition: number) => number,
): Shipment[] {
  const byLeader = new Map<number, Shipment>();
  for (const record of batch) {
    const message = messageOf(record);
    const leader = leaderOf(record.topic, message.partition ?? -1);
    let shipment = byLeader.get(leader);
    if (shipment === undefined) {
      shipment = { records: [], messages: [] };
      byLeader.set(leader, shipment);
    }
    shipment.records.push(record);
    shipment.messages.push(message);
  }
  return [...byLeader.values()];
}
