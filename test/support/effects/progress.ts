import { waitUntil, withAdmin } from "../servers.ts";
import { type FlowTopics, stagesOf } from "./workload.ts";

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

/** Resolves when everything written to the run's topics was processed and committed. @throws when for so long nothing more was */
export async function untilDone(
  brokers: readonly string[],
  group: string,
  topics: FlowTopics,
  patienceMs: number,
): Promise<void> {
  let [reached, movedAt, isStill] = [-1n, performance.now(), false];
  const isDone = async (): Promise<boolean> => {
    const committed = await readCommitted(brokers, group, topics);
    const sum = [...committed.values()].reduce((total, offset) => total + offset, 0n);
    if (sum !== reached) [reached, movedAt] = [sum, performance.now()];
    const names = readers(group, topics).flatMap((reader) => reader.topics);
    return withAdmin(brokers, async (admin) => {
      for (const topic of names)
        for (const { partition, high } of await admin.fetchTopicOffsets(topic))
          if ((committed.get(`${topic}/${partition}`) ?? 0n) < BigInt(high)) return false;
      return true;
    });
  };
  const isOver = async (): Promise<boolean> => {
    isStill = performance.now() - movedAt > patienceMs;
    return isStill || isDone();
  };
  // How long it takes in all depends on how much is left and on the machine; what is stuck does not move.
  await waitUntil("everything handled and committed", isOver, { timeoutMs: Number.POSITIVE_INFINITY });
  if (isStill) throw new Error(`for ${patienceMs} ms nothing more was handled and committed`);
}

function readers(group: string, topics: FlowTopics): { groupId: string; topics: string[] }[] {
  return [
    { groupId: group, topics: [topics.retried.name, topics.ordered.name] },
    { groupId: `${group}-retry`, topics: stagesOf(topics).map(({ topic }) => topic) },
  ];
}
