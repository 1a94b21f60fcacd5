/** One API of the protocol, as far as this broker serves it. */
export interface ApiVersions {
  readonly key: number;
  readonly name: string;
  /** First and last version that is served. */
  readonly min: number;
  readonly max: number;
  /** First version that is announced, where it is not the first one served. */
  readonly listedMin?: number;
  /** First version with compact lengths and tagged fields. */
  readonly flexibleFrom: number;
}

const row = (
  key: number,
  name: string,
  min: number,
  max: number,
  flexibleFrom: number,
  listedMin?: number,
): ApiVersions => ({ key, name, min, max, flexibleFrom, ...(listedMin === undefined ? {} : { listedMin }) });

/** Versions without flexible encoding, or none within reach. */
const never = Number.POSITIVE_INFINITY;

/**
 * What is served: from the versions that Kafka 4 still takes up to those that kafkajs sends, with four exceptions upward
 * for clients that cannot go down (OffsetCommit 7, CreateTopics 4, IncrementalAlterConfigs 0, TxnOffsetCommit 3).
 * Produce is announced from 0, as Kafka does: librdkafka switches compression off otherwise (KAFKA-18659).
 */
export const apiVersions: readonly ApiVersions[] = [
  row(0, "Produce", 3, 7, 9, 0),
  row(1, "Fetch", 4, 11, 12),
  row(2, "ListOffsets", 1, 3, 6),
  row(3, "Metadata", 0, 6, 9),
  row(8, "OffsetCommit", 2, 7, 8),
  row(9, "OffsetFetch", 1, 4, 6),
  row(10, "FindCoordinator", 0, 2, 3),
  row(11, "JoinGroup", 0, 5, 6),
  row(12, "Heartbeat", 0, 3, 4),
  row(13, "LeaveGroup", 0, 3, 4),
  row(14, "SyncGroup", 0, 3, 4),
  row(15, "DescribeGroups", 0, 2, 5),
  row(16, "ListGroups", 0, 2, 3),
  row(17, "SaslHandshake", 0, 1, never),
  row(18, "ApiVersions", 0, 2, 3),
  row(19, "CreateTopics", 2, 4, 5),
  row(20, "DeleteTopics", 1, 1, 4),
  row(21, "DeleteRecords", 0, 1, 2),
  row(22, "InitProducerId", 0, 1, 2),
  row(24, "AddPartitionsToTxn", 0, 1, 3),
  row(25, "AddOffsetsToTxn", 0, 1, 3),
  row(26, "EndTxn", 0, 1, 3),
  row(28, "TxnOffsetCommit", 0, 3, 3),
  row(32, "DescribeConfigs", 1, 2, 4),
  row(33, "AlterConfigs", 0, 1, 2),
  row(36, "SaslAuthenticate", 0, 1, 2),
  row(37, "CreatePartitions", 0, 1, 2),
  row(42, "DeleteGroups", 0, 1, 2),
  row(44, "IncrementalAlterConfigs", 0, 0, 1),
];
