import type { PartitionLog } from "../log/partition-log.ts";
import { byTopic, int8, int16, int32, int64 } from "../wire/schema.ts";
import { type Api, api, eachPartition } from "./api.ts";

// Timestamp −2 asks for the earliest offset, −1 for the latest (the last stable one under read_committed), any other for
// the first record at or after it; there the answer is offset −1 when no record is that late.

const earliest = -2;
const latest = -1;

const request = [
  int32("replicaId"),
  int8("isolationLevel", { since: 2 }),
  byTopic([int32("index"), int64("timestamp")]),
];
const response = [
  int32("throttleTimeMs", { since: 2 }),
  byTopic([
    int32("index"),
    int16("errorCode"),
    int64("timestamp", { absent: -1 }),
    int64("offset", { absent: -1 }),
  ]),
];

export const listOffsets: Api = api({ key: 2, request, response }, ({ topics, isolationLevel }, call) => ({
  topics: eachPartition(topics, (topic, { index, timestamp }) => {
    const found = call.cluster.led(call.broker, topic, index);
    return typeof found === "number"
      ? { index, errorCode: found }
      : { index, ...find(found.log, timestamp, isolationLevel === 1) };
  }),
}));

function find(log: PartitionLog, timestamp: number, isCommittedOnly: boolean) {
  const { batches } = log;
  const end = isCommittedOnly ? log.stableOffset() : batches.endOffset;
  if (timestamp === earliest) return { offset: batches.startOffset };
  if (timestamp === latest) return { offset: end };
  const record = batches.findTimestamp(timestamp);
  return record === undefined || record.offset >= end
    ? {}
    : { timestamp: record.timestampMs, offset: record.offset };
}
