import kafkajs, { type Assigner, type GroupMember, type PartitionAssigner } from "kafkajs";

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

type Subscription = readonly [memberId: string, topics: ReadonlySet<string>];

/**
 * Round-robin over the members that subscribed to a topic. kafkajs' own hands every topic of the leader to every
 * member, so that two consumers of one group with different topics starve each other. The protocol's name and format
 * stay kafkajs', so that a group can move from plain kafkajs member by member.
 */
export const assignBySubscription: PartitionAssigner = ({ cluster }): Assigner => ({
  name: "RoundRobinAssigner",
  version: 0,

  async assign({ members }) {
    const subscriptions = members.map(toSubscription).sort(([a], [b]) => (a < b ? -1 : 1));
    const topics = [...new Set(subscriptions.flatMap(([, wanted]) => [...wanted]))].sort();
    const counts = await Promise.all(topics.map((topic) => countPartitions(cluster, topic)));
    const assigned = spread(
      topics.map((topic, index) => [topic, counts[index] ?? 0]),
      subscriptions,
    );
    return subscriptions.map(([memberId]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: 0,
        assignment: Object.fromEntries(assigned.get(memberId) ?? []),
        userData: Buffer.alloc(0),
      }),
    }));
  },

  protocol: ({ topics }) => ({
    name: "RoundRobinAssigner",
    metadata: MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }),
  }),
});

/** Deals the partitions of each topic to its subscribers in turn, going on where the topic before ended. */
export function spread(
  topics: readonly (readonly [topic: string, partitions: number])[],
  subscriptions: readonly Subscription[],
): ReadonlyMap<string, ReadonlyMap<string, number[]>> {
  const assigned = new Map<string, Map<string, number[]>>();
  let turn = 0;
  for (const [topic, partitions] of topics) {
    const readers = subscriptions.filter(([, wanted]) => wanted.has(topic));
    for (let partition = 0; readers.length > 0 && partition < partitions; partition++) {
      const memberId = readers[turn++ % readers.length]?.[0] ?? "";
      const own = assigned.get(memberId) ?? new Map<string, number[]>();
      assigned.set(memberId, own.set(topic, [...(own.get(topic) ?? []), partition]));
    }
  }
  return assigned;
}

function toSubscription({ memberId, memberMetadata }: GroupMember): Subscription {
  return [memberId, new Set(MemberMetadata.decode(memberMetadata)?.topics ?? [])];
}

// Topics that only other members read are asked for one by one: added to the leader's own, one that is deleted
// later would fail the leader's every refresh.
async function countPartitions(
  cluster: Parameters<PartitionAssigner>[0]["cluster"],
  topic: string,
): Promise<number> {
  const known = cluster.findTopicPartitionMetadata(topic).length;
  if (known > 0) return known;
  try {
    const broker = await (cluster as unknown as MetadataSource).brokerPool.findConnectedBroker();
    const { topicMetadata } = await broker.metadata([topic]);
    return topicMetadata[0]?.partitionMetadata.length ?? 0;
  } catch {
    // It does not exist (any more): its subscriber finds that out by itself.
    return 0;
  }
}

interface MetadataSource {
  readonly brokerPool: {
    findConnectedBroker(): Promise<{
      metadata(
        topics: readonly string[],
      ): Promise<{ topicMetadata: readonly { partitionMetadata: readonly unknown[] }[] }>;
    }>;
  };
}
