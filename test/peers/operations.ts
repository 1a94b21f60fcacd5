/** What every peer does, in this order: one list, proven on Apache Kafka, and the same on the embedded broker. */
export const operations = {
  "produce-none": "records written without compression come back as they were",
  "produce-gzip": "the same with gzip",
  "produce-snappy": "the same with snappy",
  "produce-lz4": "the same with lz4",
  "produce-zstd": "the same with zstd",
  "acks-0": "records are stored when no answer is asked for",
  "acks-1": "records are stored when the leader's answer is asked for",
  "acks-all": "records are stored when the answer of all replicas is asked for",
  "record-parts": "no key, no value, bytes in headers and a timestamp of one's own come back as they were",
  "group-consume": "a group's next member goes on where the last one has committed",
  rebalance: "two members share four partitions, and the one that stays gets all",
  seek: "a consumer goes back to an offset",
  pause: "a paused partition gives nothing until it is resumed, others go on",
  "commit-metadata": "a committed offset comes back with its metadata",
  "offset-for-time": "a time is looked up as the offset of the first record from then on",
  "admin-topics": "topics are created, listed, described, refused when they exist, deleted",
  "admin-partitions": "a topic gets more partitions",
  "admin-configs": "a topic's setting is read, changed and read again",
  "admin-records": "records before an offset are deleted",
  "admin-groups": "groups are listed, described and deleted",
  idempotence: "an idempotent producer's records stand in order, each once",
  "transaction-commit": "committed records are seen on every partition",
  "transaction-abort": "aborted records are seen only by who reads uncommitted ones",
  "transaction-offsets": "offsets are committed with a transaction, and not with an aborted one",
  "transaction-fencing": "the second producer of a transactional id fences the first",
  "sasl-plain": "PLAIN lets a user in",
  "sasl-scram-256": "SCRAM-SHA-256 lets a user in",
  "sasl-scram-512": "SCRAM-SHA-512 lets a user in",
  "sasl-refused": "a wrong password is refused",
  tls: "records go over TLS, with the server's certificate checked",
} as const;

export type Operation = keyof typeof operations;

export const operationNames = Object.keys(operations) as readonly Operation[];
