import { headerInteger, headerNames } from "../../../src/core/headers.ts";
import type { RawRecord } from "../../../src/core/record.ts";
import { createKafkajsPort } from "../../../src/transport/kafkajs.ts";
import { waitUntil, withAdmin } from "../servers.ts";
import type { DeadLetter } from "./history.ts";
import { type FlowTopics, fromOrder, retryDelaysMs } from "./workload.ts";

const frameBytes = 6;

/** What both groups of a run committed, `topic/partition` to offset. */
export async function readCommitted(
  brokers: readonly string[],
  group: string,
  topics: FlowTopics,
): Promise<ReadonlyMap<string, bigint>> {
  return withAdmin(
    brokers,
    async (admin) => {
      const committed = new Map<string, bigint>();
      for (const { groupId, topics: names } of readers(group, topics))
        for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: [...names] }))
          for (const { partition, offset } of partitions)
            if (Number(offset) >= 0) committed.set(`${topic}/${partition}`, BigInt(offset));
      return committed;
    },
    5,
  );
}

/** Resolves when everything written to the run's topics was processed and committed. */
export async function untilDone(
  brokers: readonly string[],
  group: string,
  topics: FlowTopics,
  timeoutMs: number,
): Promise<void> {
  const ask = async (): Promise<boolean> => {
    const committed = await readCommitted(brokers, group, topics);
    const names = readers(group, topics).flatMap((reader) => reader.topics);
    return withAdmin(brokers, async (admin) => {
      for (const topic of names)
        for (const { partition, high } of await admin.fetchTopicOffsets(topic))
          if ((committed.get(`${topic}/${partition}`) ?? 0n) < BigInt(high)) return false;
      return true;
    });
  };
  await waitUntil("everything handled and committed", ask, { timeoutMs });
}

/** Reads the dead-letter topics to their ends. */
export async function readDeadLetters(
  brokers: readonly string[],
  topics: FlowTopics,
): Promise<readonly DeadLetter[]> {
  const port = createKafkajsPort({ brokers: [...brokers] }, () => {});
  const letters: DeadLetter[] = [];
  const read = async ({ value, headers }: RawRecord): Promise<void> => {
    const order = topics.order.codec.decode((value ?? new Uint8Array()).subarray(frameBytes));
    const { id, key, seq } = fromOrder(order);
    letters.push({ id, key, seq, attempts: headerInteger(headers, headerNames.attemptCount) ?? 0 });
  };
  try {
    const topic = topics.order.policy.deadLetter;
    for (const { partition, low, high } of await port.admin().offsets(topic))
      if (high > low) await port.read({ topic, partition, offset: low }, high, read);
    return letters;
  } finally {
    await port.close();
  }
}

function readers(group: string, { retried, ordered }: FlowTopics): { groupId: string; topics: string[] }[] {
  const stages = retryDelaysMs.map((_, index) => `${retried.name}-retry-${index + 1}`);
  return [
    { groupId: group, topics: [retried.name, ordered.name] },
    { groupId: `${group}-retry`, topics: stages },
  ];
}
