import { type BatchHead, type BatchRecord, headOf, readRecords, setBaseOffset } from "./batch.ts";

interface Entry {
  readonly batch: Buffer;
  readonly head: BatchHead;
}

export interface BatchRange {
  readonly batches: readonly Buffer[];
  readonly nextOffset: number;
}

/** Raw batches in offset order, found by offset and forgotten from the front. */
export interface BatchList {
  readonly startOffset: number;
  readonly endOffset: number;
  /** Puts a batch at the end, which sets its offset in place, and gives that offset. */
  add(batch: Buffer, head: BatchHead): number;
  /**
   * Whole batches from the one that holds `offset`, up to `end`; the first one even when it is larger than `maxBytes`.
   * `nextOffset` is the one behind the last of them.
   */
  read(offset: number, end: number, maxBytes: number): BatchRange;
  /** First record at or after a timestamp. */
  findTimestamp(timestampMs: number): { readonly offset: number; readonly timestampMs: number } | undefined;
  /** Every record whose batch can be opened, markers left out. */
  records(): readonly BatchRecord[];
  /** Moves the start of the log and forgets whole batches before it. */
  truncateBefore(offset: number): void;
  /** Forgets whole batches as long as `isStale` says so of the oldest one, given its time and the size of the log with it. */
  dropOldest(isStale: (maxTimestampMs: number, sizeBytes: number) => boolean): void;
  all(): readonly Buffer[];
}

export function createBatchList(
  batches: readonly Buffer[],
  offsets: { readonly start: number; readonly end: number },
): BatchList {
  let entries: Entry[] = batches.map((batch) => ({ batch, head: headOf(batch) }));
  let { start, end } = offsets;
  const forget = (count: number): void => {
    const last = entries[count - 1];
    if (last !== undefined) start = Math.max(start, lastOffsetOf(last) + 1);
    entries = entries.slice(count);
  };
  return {
    get startOffset() {
      return start;
    },
    get endOffset() {
      return end;
    },
    add(batch, head) {
      const baseOffset = end;
      setBaseOffset(batch, baseOffset);
      end += head.count;
      entries.push({ batch, head: { ...head, baseOffset } });
      return baseOffset;
    },
    read(offset, until, maxBytes) {
      const found: Buffer[] = [];
      let size = 0;
      let nextOffset = offset;
      for (let index = indexOf(entries, offset); index < entries.length; index++) {
        const entry = entries[index] as Entry;
        const { batch, head } = entry;
        if (head.baseOffset >= until || (found.length > 0 && size + batch.length > maxBytes)) break;
        found.push(batch);
        size += batch.length;
        nextOffset = lastOffsetOf(entry) + 1;
      }
      return { batches: found, nextOffset };
    },
    findTimestamp(timestampMs) {
      for (const { batch, head } of entries) {
        if (head.maxTimestamp < timestampMs) continue;
        const opened = readRecords(batch);
        if (opened === undefined)
          return { offset: Math.max(head.baseOffset, start), timestampMs: head.maxTimestamp };
        const found = opened.find((record) => record.timestampMs >= timestampMs && record.offset >= start);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    records: () =>
      entries
        .filter(({ head }) => !head.isControl)
        .flatMap(({ batch }) => readRecords(batch) ?? [])
        .filter((record) => record.offset >= start),
    truncateBefore(offset) {
      start = Math.max(start, Math.min(offset, end));
      forget(indexOf(entries, start));
    },
    dropOldest(isStale) {
      let sizeBytes = entries.reduce((sum, { batch }) => sum + batch.length, 0);
      let count = 0;
      for (const { head, batch } of entries) {
        if (!isStale(head.maxTimestamp, sizeBytes)) break;
        sizeBytes -= batch.length;
        count++;
      }
      forget(count);
    },
    all: () => entries.map(({ batch }) => batch),
  };
}

function lastOffsetOf({ head }: Entry): number {
  return head.baseOffset + head.count - 1;
}

/** Index of the batch that holds an offset, or of the first one behind it. */
function indexOf(entries: readonly Entry[], offset: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lastOffsetOf(entries[middle] as Entry) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
