import { errorCodes } from "../error-codes.ts";
import { array, int8, int16, int32, int64, nullableArray, records, sizeOf, string } from "../wire/schema.ts";
import { type Api, api, type Call } from "./api.ts";

// Waits for `minBytes` up to `maxWaitMs`. The first batch comes even when it is larger than every limit, and an offset in
// the middle of a batch gives the whole batch. Session id 0: clients of KIP-227 then send full requests.

export const fetch: Api = api(
  {
    key: 1,
    request: [
      int32("replicaId"),
      int32("maxWaitMs"),
      int32("minBytes"),
      int32("maxBytes", { since: 3, absent: 0x7fffffff }),
      int8("isolationLevel", { since: 4 }),
      int32("sessionId", { since: 7 }),
      int32("sessionEpoch", { since: 7, absent: -1 }),
      array("topics", [
        string("name"),
        array("partitions", [
          int32("index"),
          int32("currentLeaderEpoch", { since: 9, absent: -1 }),
          int64("fetchOffset"),
          int64("logStartOffset", { since: 5, absent: -1 }),
          int32("partitionMaxBytes"),
        ]),
      ]),
      array("forgottenTopics", [string("name"), array("partitions", [int32("index")])], { since: 7 }),
      string("rackId", { since: 11 }),
    ],
    response: [
      int32("throttleTimeMs", { since: 1 }),
      int16("errorCode", { since: 7 }),
      int32("sessionId", { since: 7 }),
      array("topics", [
        string("name"),
        array("partitions", [
          int32("index"),
          int16("errorCode"),
          int64("highWatermark", { absent: -1 }),
          int64("lastStableOffset", { since: 4, absent: -1 }),
          int64("logStartOffset", { since: 5, absent: -1 }),
          nullableArray("abortedTransactions", [int64("producerId"), int64("firstOffset")], { since: 4 }),
          int32("preferredReadReplica", { since: 11, absent: -1 }),
          records("records", { absent: [] }),
        ]),
      ]),
    ],
  },
  (request, call) => {
    const { topics, maxWaitMs } = request;
    const asked = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ index, fetchOffset, partitionMaxBytes }) => ({
        topic: name,
        index,
        offset: fetchOffset,
        maxBytes: partitionMaxBytes,
      })),
    );
    const limits: Limits = {
      maxBytes: request.maxBytes,
      minBytes: request.minBytes,
      isCommittedOnly: request.isolationLevel === 1,
    };
    const first = collect(call, asked, limits);
    if (first.isEnough || maxWaitMs <= 0) return toAnswer(first.parts);
    return waitForMore(call, asked, limits, maxWaitMs).then(toAnswer);
  },
);

interface Asked {
  readonly topic: string;
  readonly index: number;
  readonly offset: number;
  readonly maxBytes: number;
}

interface Limits {
  readonly maxBytes: number;
  readonly minBytes: number;
  readonly isCommittedOnly: boolean;
}

type Part = ReturnType<typeof refused> & { readonly topic: string };

/** What there is now, and whether that is reason enough to answer. */
function collect(
  call: Call,
  asked: readonly Asked[],
  limits: Limits,
): { readonly parts: readonly Part[]; readonly isEnough: boolean } {
  let size = 0;
  let isFailed = false;
  const parts = asked.map((one): Part => {
    const part = readPartition(call, one, { ...limits, maxBytes: limits.maxBytes - size }, size === 0);
    size += sizeOf(part.records ?? []);
    if (part.errorCode !== errorCodes.none) isFailed = true;
    return { topic: one.topic, ...part };
  });
  return { parts, isEnough: isFailed || asked.length === 0 || size >= limits.minBytes };
}

function readPartition(
  { cluster, broker }: Call,
  { topic, index, offset, maxBytes }: Asked,
  limits: Limits,
  isFirst: boolean,
): ReturnType<typeof refused> {
  const found = cluster.led(broker, topic, index);
  if (typeof found === "number") return refused(index, found);
  const { log } = found;
  const state = {
    highWatermark: log.batches.endOffset,
    lastStableOffset: log.stableOffset(),
    logStartOffset: log.batches.startOffset,
  };
  if (offset < log.batches.startOffset || offset > log.batches.endOffset)
    return { ...refused(index, errorCodes.offsetOutOfRange), ...state };
  const end = limits.isCommittedOnly ? log.stableOffset() : log.batches.endOffset;
  const room = Math.min(maxBytes, limits.maxBytes);
  const read = log.batches.read(offset, end, room);
  // The first batch may be larger than every limit, but only the first of the whole answer.
  const isTooLarge = !isFirst && sizeOf(read.batches) > room;
  const { batches, nextOffset } = isTooLarge ? { batches: [], nextOffset: offset } : read;
  const abortedTransactions = limits.isCommittedOnly
    ? log.abortedBetween(offset, nextOffset, cluster.options.abortedOrder)
    : null;
  return { ...refused(index, errorCodes.none), ...state, abortedTransactions, records: batches };
}

function waitForMore(
  call: Call,
  asked: readonly Asked[],
  limits: Limits,
  maxWaitMs: number,
): Promise<readonly Part[]> {
  const { cluster } = call;
  const nameOf = ({ topic, index }: { readonly topic: string; readonly index: number }): string =>
    `${index} ${topic}`;
  const names = new Set(asked.map(nameOf));
  return new Promise((resolve) => {
    const finish = (parts: readonly Part[]): void => {
      for (const cancel of cancels) cancel();
      resolve(parts);
    };
    const cancels = [
      cluster.wait({
        isFor: (partition) => names.has(nameOf(partition)),
        wake() {
          const now = collect(call, asked, limits);
          if (now.isEnough) finish(now.parts);
        },
      }),
      cluster.clock.schedule(maxWaitMs, () => finish(collect(call, asked, limits).parts)),
      call.onClose(() => finish([])),
    ];
  });
}

function toAnswer(parts: readonly Part[]) {
  const topics = new Map<string, Part[]>();
  for (const part of parts) {
    const known = topics.get(part.topic);
    if (known === undefined) topics.set(part.topic, [part]);
    else known.push(part);
  }
  return {
    errorCode: errorCodes.none,
    sessionId: 0,
    topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
  };
}

function refused(index: number, errorCode: number) {
  return {
    index,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null as
      | readonly { readonly producerId: number; readonly firstOffset: number }[]
      | null,
    preferredReadReplica: -1,
    records: [] as readonly Uint8Array[],
  };
}
