/** What a Kafka error code means for whoever gets it. The same table for every client library. */
export interface KafkaErrorRow {
  readonly kafkaCode: number;
  /** The protocol's own name. */
  readonly name: string;
  readonly class: KafkaErrorClass;
  readonly retriable: boolean;
  /** Another member or producer took over. */
  readonly fenced: boolean;
  /** This producer or member cannot go on; a new one may. */
  readonly fatal: boolean;
}

export type KafkaErrorClass =
  | "metadata"
  | "coordinator"
  | "wait"
  | "corrupt"
  | "fetch-session"
  | "rejoin"
  | "reset"
  | "stored-before"
  | "member-fenced"
  | "producer-fenced"
  | "producer-state"
  | "abortable"
  | "too-large"
  | "invalid-request"
  | "authorization"
  | "group-admin"
  | "unknown";

interface ClassTraits {
  readonly retriable?: true;
  readonly fenced?: true;
  readonly fatal?: true;
}

const traits: Readonly<Record<KafkaErrorClass, ClassTraits>> = {
  metadata: { retriable: true },
  coordinator: { retriable: true },
  wait: { retriable: true },
  corrupt: { retriable: true },
  "fetch-session": { retriable: true },
  rejoin: { fenced: true },
  reset: {},
  "stored-before": {},
  "member-fenced": { fenced: true, fatal: true },
  "producer-fenced": { fenced: true, fatal: true },
  "producer-state": { fatal: true },
  abortable: {},
  "too-large": {},
  "invalid-request": {},
  authorization: {},
  "group-admin": {},
  unknown: {},
};

const classes: Readonly<Record<Exclude<KafkaErrorClass, "unknown">, Readonly<Record<number, string>>>> = {
  metadata: {
    3: "UNKNOWN_TOPIC_OR_PARTITION",
    5: "LEADER_NOT_AVAILABLE",
    6: "NOT_LEADER_OR_FOLLOWER",
    9: "REPLICA_NOT_AVAILABLE",
    13: "NETWORK_EXCEPTION",
    41: "NOT_CONTROLLER",
    72: "LISTENER_NOT_FOUND",
    74: "FENCED_LEADER_EPOCH",
    75: "UNKNOWN_LEADER_EPOCH",
    78: "OFFSET_NOT_AVAILABLE",
    100: "UNKNOWN_TOPIC_ID",
    103: "INCONSISTENT_TOPIC_ID",
  },
  coordinator: {
    14: "COORDINATOR_LOAD_IN_PROGRESS",
    15: "COORDINATOR_NOT_AVAILABLE",
    16: "NOT_COORDINATOR",
  },
  wait: {
    7: "REQUEST_TIMED_OUT",
    19: "NOT_ENOUGH_REPLICAS",
    20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    51: "CONCURRENT_TRANSACTIONS",
    56: "KAFKA_STORAGE_ERROR",
    88: "UNSTABLE_OFFSET_COMMIT",
    89: "THROTTLING_QUOTA_EXCEEDED",
  },
  corrupt: { 2: "CORRUPT_MESSAGE" },
  "fetch-session": {
    70: "FETCH_SESSION_ID_NOT_FOUND",
    71: "INVALID_FETCH_SESSION_EPOCH",
    106: "FETCH_SESSION_TOPIC_ID_ERROR",
  },
  rejoin: {
    22: "ILLEGAL_GENERATION",
    25: "UNKNOWN_MEMBER_ID",
    27: "REBALANCE_IN_PROGRESS",
    79: "MEMBER_ID_REQUIRED",
  },
  reset: { 1: "OFFSET_OUT_OF_RANGE" },
  "stored-before": { 46: "DUPLICATE_SEQUENCE_NUMBER" },
  "member-fenced": { 82: "FENCED_INSTANCE_ID", 110: "FENCED_MEMBER_EPOCH", 113: "STALE_MEMBER_EPOCH" },
  "producer-fenced": { 47: "INVALID_PRODUCER_EPOCH", 90: "PRODUCER_FENCED" },
  "producer-state": {
    45: "OUT_OF_ORDER_SEQUENCE_NUMBER",
    48: "INVALID_TXN_STATE",
    49: "INVALID_PRODUCER_ID_MAPPING",
    59: "UNKNOWN_PRODUCER_ID",
  },
  abortable: { 120: "TRANSACTION_ABORTABLE" },
  "too-large": { 10: "MESSAGE_TOO_LARGE", 18: "RECORD_LIST_TOO_LARGE" },
  "invalid-request": {
    4: "INVALID_FETCH_SIZE",
    12: "OFFSET_METADATA_TOO_LARGE",
    17: "INVALID_TOPIC_EXCEPTION",
    21: "INVALID_REQUIRED_ACKS",
    23: "INCONSISTENT_GROUP_PROTOCOL",
    24: "INVALID_GROUP_ID",
    26: "INVALID_SESSION_TIMEOUT",
    28: "INVALID_COMMIT_OFFSET_SIZE",
    32: "INVALID_TIMESTAMP",
    35: "UNSUPPORTED_VERSION",
    36: "TOPIC_ALREADY_EXISTS",
    37: "INVALID_PARTITIONS",
    38: "INVALID_REPLICATION_FACTOR",
    39: "INVALID_REPLICA_ASSIGNMENT",
    40: "INVALID_CONFIG",
    42: "INVALID_REQUEST",
    43: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    44: "POLICY_VIOLATION",
    50: "INVALID_TRANSACTION_TIMEOUT",
    76: "UNSUPPORTED_COMPRESSION_TYPE",
    87: "INVALID_RECORD",
  },
  authorization: {
    29: "TOPIC_AUTHORIZATION_FAILED",
    30: "GROUP_AUTHORIZATION_FAILED",
    31: "CLUSTER_AUTHORIZATION_FAILED",
    33: "UNSUPPORTED_SASL_MECHANISM",
    34: "ILLEGAL_SASL_STATE",
    53: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    54: "SECURITY_DISABLED",
    58: "SASL_AUTHENTICATION_FAILED",
    65: "DELEGATION_TOKEN_AUTHORIZATION_FAILED",
  },
  "group-admin": {
    68: "NON_EMPTY_GROUP",
    69: "GROUP_ID_NOT_FOUND",
    81: "GROUP_MAX_SIZE_REACHED",
    86: "GROUP_SUBSCRIBED_TO_TOPIC",
  },
};

function toRow(kafkaCode: number, name: string, errorClass: KafkaErrorClass): KafkaErrorRow {
  const { retriable = false, fenced = false, fatal = false } = traits[errorClass];
  return { kafkaCode, name, class: errorClass, retriable, fenced, fatal };
}

/** Every code that the table knows, by number. */
export const kafkaErrors: ReadonlyMap<number, KafkaErrorRow> = new Map(
  Object.entries(classes).flatMap(([errorClass, codes]) =>
    Object.entries(codes).map(([code, name]): [number, KafkaErrorRow] => [
      Number(code),
      toRow(Number(code), name, errorClass as KafkaErrorClass),
    ]),
  ),
);

/** The row of a code; one that the table does not know is not retriable and keeps its number. */
export function toKafkaError(kafkaCode: number): KafkaErrorRow {
  return (
    kafkaErrors.get(kafkaCode) ??
    toRow(kafkaCode, kafkaCode === -1 ? "UNKNOWN" : `CODE_${kafkaCode}`, "unknown")
  );
}
