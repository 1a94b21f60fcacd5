import { errorCodes } from "../error-codes.ts";
import { byTopic, int16, int32, int64, nullableString, records } from "../wire/schema.ts";
import { type Api, api, type Call, eachPartition } from "./api.ts";

// Acks 0 writes no answer, and a failed one closes the connection; acks 1 and −1 answer after the append; any other value
// is 21. A partition of another leader is 6. Batches compressed with zstd need version 7 (KIP-110).

const request = [
  nullableString("transactionalId", { since: 3 }),
  int16("acks"),
  int32("timeoutMs"),
  byTopic([int32("index"), records("records")]),
];
const response = [
  byTopic([
    int32("index"),
    int16("errorCode"),
    int64("baseOffset", { absent: -1 }),
    int64("logAppendTimeMs", { since: 2, absent: -1 }),
    int64("logStartOffset", { since: 5, absent: -1 }),
  ]),
  int32("throttleTimeMs", { since: 1 }),
];

export const produce: Api = api(
  { key: 0, request, response },
  ({ transactionalId, acks, topics }, call) => {
    const isKnown = acks === 0 || acks === 1 || acks === -1;
    const answers = eachPartition(topics, (topic, { index, records: sent }) =>
      isKnown
        ? append(call, transactionalId, topic, index, sent)
        : { index, errorCode: errorCodes.invalidRequiredAcks },
    );
    if (acks !== 0) return { topics: answers };
    return answers.every((topic) => topic.partitions.every((one) => one.errorCode === 0))
      ? "silent"
      : "close";
  },
  ({ acks }) => (acks === 0 ? "close" : undefined),
);

function append(
  { cluster, broker, version }: Call,
  transactionalId: string | null,
  topic: string,
  index: number,
  sent: readonly Uint8Array[] | null,
) {
  const found = cluster.led(broker, topic, index);
  if (typeof found === "number") return { index, errorCode: found };
  const batch = (sent?.[0] ?? Buffer.alloc(0)) as Buffer;
  if (version < 7 && isZstd(batch)) return { index, errorCode: errorCodes.unsupportedCompressionType };
  const appended = found.log.append(batch, {
    maxBatchBytes: Number(cluster.config(topic, "max.message.bytes")),
    isAppendTime: cluster.config(topic, "message.timestamp.type") === "LogAppendTime",
    nowMs: cluster.clock.now(),
    admit: ({ producerId, producerEpoch }) =>
      transactionalId === null
        ? errorCodes.transactionalIdAuthorizationFailed
        : cluster.transactions.admit({ transactionalId, producerId, producerEpoch }, found),
  });
  if (typeof appended === "number") return { index, errorCode: appended };
  cluster.woken(found);
  return {
    index,
    errorCode: errorCodes.none,
    baseOffset: appended.baseOffset,
    logAppendTimeMs: appended.timestampMs,
    logStartOffset: found.log.batches.startOffset,
  };
}

function isZstd(batch: Buffer): boolean {
  return batch.length > 22 && (batch.readUInt8(22) & 0x07) === 4;
}
