import type { Clock } from "../../core/clock.ts";
import type { PortOffset } from "../port.ts";
import type { Cluster } from "./cluster.ts";
import { toKeryxError } from "./errors.ts";
import { retryWhile } from "./retry.ts";

const patienceMs = 15_000;
const backoffMs = 250;

/**
 * Commits for a group that has no members: what brokers call a simple consumer, without generation and member id.
 * kafkajs' own `setOffsets` would join the group, and wait for a rebalance, each time.
 */
export async function commitForGroup(
  cluster: Cluster,
  clock: Clock,
  group: string,
  offsets: readonly PortOffset[],
): Promise<void> {
  const request = { groupId: group, groupGenerationId: -1, memberId: "", topics: toTopics(offsets) };
  const commit = async (): Promise<void> => {
    const coordinator = await cluster.findGroupCoordinator({ groupId: group });
    await coordinator.offsetCommit(request);
  };
  // A coordinator that moves or still reads its groups answers better a moment later.
  const isPassing = (error: unknown): boolean => toKeryxError(error, { action: "commit", group }).retriable;
  await retryWhile(clock, commit, isPassing, { patienceMs, everyMs: backoffMs });
}

function toTopics(offsets: readonly PortOffset[]): readonly unknown[] {
  const topics = new Map<string, unknown[]>();
  for (const { topic, partition, offset, metadata } of offsets) {
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    partitions.push({ partition, offset: String(offset), metadata: metadata ?? "" });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
