import { errorCodes } from "../error-codes.ts";
import { array, int8, int16, int32, int64, string } from "../wire/schema.ts";
import { type Api, api, type Call } from "./api.ts";

// Timestamp −2 asks for the earliest offset, −1 for the latest (the last stable one under read_committed), any other for
// the first record at or after it; there the answer is offset −1 when no record is that late.

const earliest = -2;
const latest = -1;

export const listOffsets: Api = api(
  {
    key: 2,
    request: [
      int32("replicaId"),
      int8("isolationLevel", { since: 2 }),
      array("topics", [string("name"), array("partitions", [int32("index"), int64("timestamp")])]),
    ],
    response: [
      int32("throttleTimeMs", { since: 2 }),
      array("topics", [
        string("name"),
        array("partitions", [int32("index"), int16("errorCode"), int64("timestamp"), int64("offset")]),
      ]),
    ],
  },
  {
    handle: ({ topics, isolationLevel }, call) => ({
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index, timestamp }) => ({
          index,
          ...find(call, { topic: name, index, timestamp, isCommittedOnly: isolationLevel === 1 }),
        })),
      })),
    }),
    fail: ({ topics }, code) => ({
      throttleTimeMs: 0,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ index }) => ({ index, ...refused(code) })),
      })),
    }),
  },
);

interface Asked {
  readonly topic: string;
  readonly index: number;
  readonly timestamp: number;
  readonly isCommittedOnly: boolean;
}

function find({ cluster, broker }: Call, { topic, index, timestamp, isCommittedOnly }: Asked) {
  const found = cluster.partition(topic, index);
  if (found === undefined) return refused(errorCodes.unknownTopicOrPartition);
  if (found.leader !== broker.id) return refused(errorCodes.notLeaderOrFollower);
  const { log } = found;
  const at = (offset: number, timestampMs = -1) => ({
    errorCode: errorCodes.none,
    timestamp: timestampMs,
    offset,
  });
  if (timestamp === earliest) return at(log.batches.startOffset);
  const end = isCommittedOnly ? log.stableOffset() : log.batches.endOffset;
  if (timestamp === latest) return at(end);
  const record = log.batches.findTimestamp(timestamp);
  return record === undefined || record.offset >= end ? at(-1) : at(record.offset, record.timestampMs);
}

function refused(errorCode: number) {
  return { errorCode, timestamp: -1, offset: -1 };
}
