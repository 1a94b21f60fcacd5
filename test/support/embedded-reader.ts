import { readRecords } from "../../src/embedded/broker/log/batch.ts";

/** Where the fields of a record batch lie that a reader needs. */
const place = { baseOffset: 0, length: 8, attributes: 21, lastOffsetDelta: 23, producerId: 43 } as const;
const flags = { transactional: 0x10, control: 0x20 } as const;

/** What a fetch answer says of one partition. */
export interface FetchedBytes {
  readonly records: readonly Uint8Array[] | null;
  readonly abortedTransactions:
    | readonly { readonly producerId: number; readonly firstOffset: number }[]
    | null;
}

export interface ReadCommitted {
  readonly records: readonly { readonly offset: number; readonly value: string }[];
  /** Where the next fetch begins. */
  readonly nextOffset: number;
}

/**
 * What a correct reader makes of a fetch answer (KIP-98): an aborted transaction begins at its first offset, in whatever order
 * the list is, and ends with its producer's abort marker, which only a control batch is.
 */
export function readCommitted({ records, abortedTransactions }: FetchedBytes, from: number): ReadCommitted {
  const bytes = Buffer.concat(records ?? []);
  const toCome = (abortedTransactions ?? []).toSorted((a, b) => a.firstOffset - b.firstOffset);
  const inAbort = new Set<number>();
  const found: { readonly offset: number; readonly value: string }[] = [];
  let nextOffset = from;
  for (let at = 0; at < bytes.length; ) {
    const batch = bytes.subarray(at, at + 12 + bytes.readInt32BE(at + place.length));
    at += batch.length;
    const last = Number(batch.readBigInt64BE(place.baseOffset)) + batch.readInt32BE(place.lastOffsetDelta);
    const attributes = batch.readInt16BE(place.attributes);
    const producerId = Number(batch.readBigInt64BE(place.producerId));
    for (let next = toCome[0]; next !== undefined && next.firstOffset <= last; next = toCome[0]) {
      inAbort.add(next.producerId);
      toCome.shift();
    }
    nextOffset = last + 1;
    const opened = readRecords(batch) ?? [];
    if (attributes & flags.control) {
      // The key of a marker is its version and its type: 0 aborts, 1 commits.
      if (opened[0]?.key?.readInt16BE(2) === 0) inAbort.delete(producerId);
    } else if (!(attributes & flags.transactional) || !inAbort.has(producerId))
      for (const { offset, value } of opened)
        if (offset >= from) found.push({ offset, value: String(value) });
  }
  return { records: found, nextOffset };
}
