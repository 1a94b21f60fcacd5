import { errorCodes } from "../error-codes.ts";
import {
  array,
  type ByName,
  byTopic,
  int8,
  int16,
  int32,
  int64,
  list,
  nullable,
  type Row,
  records,
  sizeOf,
  string,
  type Told,
} from "../wire/schema.ts";
import { type Api, api, type Call } from "./api.ts";

// Waits for `minBytes` up to `maxWaitMs`. The first batch comes even when it is larger than every limit, and an offset in
// the middle of a batch gives the whole batch. Session id 0: clients of KIP-227 then send full requests.

const request = [
  int32("replicaId"),
  int32("maxWaitMs"),
  int32("minBytes"),
  int32("maxBytes", { since: 3, absent: 0x7fffffff }),
  int8("isolationLevel", { since: 4 }),
  int32("sessionId", { since: 7 }),
  int32("sessionEpoch", { since: 7, absent: -1 }),
  byTopic([
    int32("index"),
    int32("currentLeaderEpoch", { since: 9, absent: -1 }),
    int64("fetchOffset"),
    int64("logStartOffset", { since: 5, absent: -1 }),
    int32("partitionMaxBytes"),
  ]),
  array("forgottenTopics", [string("name"), list("partitions", "int32")], { since: 7 }),
  string("rackId", { since: 11 }),
] as const;

const response = [
  int32("throttleTimeMs", { since: 1 }),
  int16("errorCode", { since: 7 }),
  int32("sessionId", { since: 7 }),
  byTopic([
    int32("index"),
    int16("errorCode"),
    int64("highWatermark", { absent: -1 }),
    int64("lastStableOffset", { since: 4, absent: -1 }),
    int64("logStartOffset", { since: 5, absent: -1 }),
    nullable(array("abortedTransactions", [int64("producerId"), int64("firstOffset")], { since: 4 })),
    int32("preferredReadReplica", { since: 11, absent: -1 }),
    records("records", { absent: [] }),
  ]),
] as const;

export const fetch: Api = api({ key: 1, request, response }, (asked, call) => {
  const first = collect(call, asked);
  return first.isEnough || asked.maxWaitMs <= 0 ? first : waitForMore(call, asked);
});

type Request = Row<typeof request>;
type Asked = Request["topics"][number]["partitions"][number];
type Part = Told<Row<typeof response>["topics"][number]["partitions"][number]>;

interface Collected {
  readonly topics: readonly ByName<Part>[];
  readonly isEnough: boolean;
}

/** What there is now, and whether that is reason enough to answer. */
function collect(call: Call, request: Request): Collected {
  let size = 0;
  let isFailed = false;
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((asked) => {
      const isFirst = size === 0;
      const room = Math.min(asked.partitionMaxBytes, request.maxBytes - size);
      const part = readPartition(call, name, asked, {
        room,
        isFirst,
        isCommittedOnly: request.isolationLevel === 1,
      });
      size += sizeOf(part.records ?? []);
      isFailed ||= (part.errorCode ?? errorCodes.none) !== errorCodes.none;
      return part;
    }),
  }));
  return { topics, isEnough: isFailed || topics.length === 0 || size >= request.minBytes };
}

interface Limits {
  /** Bytes that may still be given. */
  readonly room: number;
  /** Nothing was found yet, so the first batch comes whatever its size. */
  readonly isFirst: boolean;
  readonly isCommittedOnly: boolean;
}

function readPartition(
  { cluster, broker }: Call,
  topic: string,
  { index, fetchOffset: offset }: Asked,
  { room, isFirst, isCommittedOnly }: Limits,
): Part {
  const found = cluster.led(broker, topic, index);
  if (typeof found === "number") return { index, errorCode: found };
  const { batches, stableOffset, abortedBetween } = found.log;
  const lastStableOffset = stableOffset();
  const { startOffset: logStartOffset, endOffset: highWatermark } = batches;
  const state = { index, highWatermark, lastStableOffset, logStartOffset };
  if (offset < logStartOffset || offset > highWatermark)
    return { ...state, errorCode: errorCodes.offsetOutOfRange };
  const read = batches.read(offset, isCommittedOnly ? lastStableOffset : highWatermark, room);
  const given = isFirst || sizeOf(read.batches) <= room ? read : { batches: [], nextOffset: offset };
  return {
    ...state,
    abortedTransactions: isCommittedOnly
      ? abortedBetween(offset, given.nextOffset, cluster.options.abortedOrder)
      : null,
    records: given.batches,
  };
}

function waitForMore(call: Call, request: Request): Promise<Collected> {
  const { cluster } = call;
  const nameOf = (topic: string, index: number): string => `${index} ${topic}`;
  const names = new Set(
    request.topics.flatMap(({ name, partitions }) => partitions.map(({ index }) => nameOf(name, index))),
  );
  return new Promise((resolve) => {
    const finish = (collected: Collected): void => {
      for (const cancel of cancels) cancel();
      resolve(collected);
    };
    const cancels = [
      cluster.wait(({ topic, index }) => {
        const now = names.has(nameOf(topic, index)) ? collect(call, request) : undefined;
        if (now?.isEnough) finish(now);
      }),
      cluster.clock.schedule(request.maxWaitMs, () => finish(collect(call, request))),
      call.onClose(() => finish({ topics: [], isEnough: true })),
    ];
  });
}
