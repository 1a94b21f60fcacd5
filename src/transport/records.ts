import type { RawRecord } from "../core/record.ts";
import type { RecordQueue } from "./port.ts";

/** What every record costs beside its bytes. */
export const overheadBytes = 64;

/** What a record takes in memory, about. */
export function sizeOf(record: RawRecord): number {
  if (record.sizeBytes !== undefined) return overheadBytes + record.sizeBytes;
  const { key, value, headers } = record;
  let size = overheadBytes + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, content] of headers) size += name.length + (content?.length ?? 0);
  return size;
}

/** A queue of records that are there already. */
export function queueRecords(records: readonly RawRecord[]): RecordQueue {
  let head = 0;
  return {
    bytes: records.reduce((sum, record) => sum + sizeOf(record), 0),
    size: () => records.length - head,
    peek: () => records[head],
    shift: () => records[head++],
  };
}
