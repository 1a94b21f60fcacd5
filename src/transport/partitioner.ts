// Java's partitioner, so that our records and a Java client's records of one key share a partition.

const seed = 0x9747b28c;
const m = 0x5bd1e995;

/** Kafka's 32-bit murmur2, signed as in `org.apache.kafka.common.utils.Utils`. */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  let h = seed ^ length;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    let k = byte(data, i) | (byte(data, i + 1) << 8) | (byte(data, i + 2) << 16) | (byte(data, i + 3) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = length - i;
  if (rest >= 3) h ^= byte(data, i + 2) << 16;
  if (rest >= 2) h ^= byte(data, i + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ byte(data, i), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}

function byte(data: Uint8Array, at: number): number {
  return data[at] ?? 0;
}

/** The partition of a keyed record, over all partitions of the topic, as Java's default partitioner chooses it. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
