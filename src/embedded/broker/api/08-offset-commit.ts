import { errorCodes } from "../error-codes.ts";
import { checkCoordinator } from "../groups/coordinator.ts";
import { checkCommit } from "../groups/membership.ts";
import type { CommittedOffset } from "../groups/offsets.ts";
import { type ByName, byTopic, int16, int32, int64, nullableString, string } from "../wire/schema.ts";
import { type Api, api, type Call, eachPartition } from "./api.ts";

// Generation −1 commits for a group without members. A commit is 27 between the end of joining and the sharing out, and is
// taken while members are still to join: they commit before they come again. A commit is a sign of life.

const request = [
  string("groupId"),
  int32("generationId"),
  string("memberId"),
  nullableString("groupInstanceId", { since: 7 }),
  int64("retentionTimeMs", { until: 4, absent: -1 }),
  byTopic([
    int32("index"),
    int64("offset"),
    int32("leaderEpoch", { since: 6, absent: -1 }),
    nullableString("metadata"),
  ]),
];
const response = [int32("throttleTimeMs", { since: 3 }), byTopic([int32("index"), int16("errorCode")])];

export const offsetCommit: Api = api({ key: 8, request, response }, (asked, call) => {
  const { groupId, topics } = asked;
  const group = call.cluster.groups.get(groupId);
  const refusal = checkCoordinator(call, groupId, errorCodes.none) || checkCommit(group, asked);
  return commitEach(call, topics, refusal, (committed) => {
    call.cluster.groupOrNew(groupId).offsets.commit(committed);
    const { topic, partition, offset } = committed;
    call.cluster.observe({ kind: "offsets.committed", group: groupId, topic, partition, offset });
  });
});

/** `offset.metadata.max.bytes` of Kafka. */
const maxMetadataLength = 4096;

interface Asked {
  readonly index: number;
  readonly offset: number;
  readonly metadata: string | null;
}

/** Commits what may be, and tells each partition how it went. */
export function commitEach(
  { cluster }: Call,
  topics: readonly ByName<Asked>[],
  refusal: number,
  commit: (offset: CommittedOffset) => void,
): { readonly topics: readonly ByName<{ readonly index: number; readonly errorCode: number }>[] } {
  const codeOf = (topic: string, { index, metadata }: Asked): number => {
    if (cluster.partition(topic, index) === undefined) return errorCodes.unknownTopicOrPartition;
    const isTooLong = (metadata?.length ?? 0) > maxMetadataLength;
    return refusal || (isTooLong ? errorCodes.offsetMetadataTooLarge : errorCodes.none);
  };
  const answers = eachPartition(topics, (topic, asked) => {
    const errorCode = codeOf(topic, asked);
    const { index, offset, metadata } = asked;
    if (errorCode === errorCodes.none) commit({ topic, partition: index, offset, metadata: metadata ?? "" });
    return { index, errorCode };
  });
  return { topics: answers };
}
