/** Versions without flexible encoding, or none within reach. */
const never = Number.POSITIVE_INFINITY;

/**
 * What is served: from the versions that Kafka 4 still takes up to those that kafkajs sends, with four exceptions upward
 * for clients that cannot go down (OffsetCommit 7, CreateTopics 4, IncrementalAlterConfigs 0, TxnOffsetCommit 3).
 * Produce is announced from 0, as Kafka does: librdkafka switches compression off otherwise (KAFKA-18659).
 * Key, name, first and last version served, first flexible one, first one announced where it is another.
 */
const rows: readonly Row[] = [
  [0, "Produce", 3, 7, 9, 0],
  [1, "Fetch", 4, 11, 12],
  [2, "ListOffsets", 1, 3, 6],
  [3, "Metadata", 0, 6, 9],
  [8, "OffsetCommit", 2, 7, 8],
  [9, "OffsetFetch", 1, 4, 6],
  [10, "FindCoordinator", 0, 2, 3],
  [11, "JoinGroup", 0, 5, 6],
  [12, "Heartbeat", 0, 3, 4],
  [13, "LeaveGroup", 0, 3, 4],
  [14, "SyncGroup", 0, 3, 4],
  [15, "DescribeGroups", 0, 2, 5],
  [16, "ListGroups", 0, 2, 3],
  [17, "SaslHandshake", 0, 1, never],
  [18, "ApiVersions", 0, 2, 3],
  [19, "CreateTopics", 2, 4, 5],
  [20, "DeleteTopics", 1, 1, 4],
  [21, "DeleteRecords", 0, 1, 2],
  [22, "InitProducerId", 0, 1, 2],
  [24, "AddPartitionsToTxn", 0, 1, 3],
  [25, "AddOffsetsToTxn", 0, 1, 3],
  [26, "EndTxn", 0, 1, 3],
  [28, "TxnOffsetCommit", 0, 3, 3],
  [32, "DescribeConfigs", 1, 2, 4],
  [33, "AlterConfigs", 0, 1, 2],
  [36, "SaslAuthenticate", 0, 1, 2],
  [37, "CreatePartitions", 0, 1, 2],
  [42, "DeleteGroups", 0, 1, 2],
  [44, "IncrementalAlterConfigs", 0, 0, 1],
];

type Row = readonly [key: number, name: string, min: number, max: number, flexible: number, listed?: number];

/** One API of the protocol, as far as this broker serves it. */
export interface ApiVersions {
  readonly key: number;
  readonly name: string;
  /** First and last version that is served. */
  readonly min: number;
  readonly max: number;
  /** First version with compact lengths and tagged fields. */
  readonly flexibleFrom: number;
  /** First version that is announced. */
  readonly listedMin: number;
}

export const apiVersions: readonly ApiVersions[] = rows.map(
  ([key, name, min, max, flexibleFrom, listedMin = min]) => ({
    ...{ key, name, min, max, flexibleFrom, listedMin },
  }),
);
