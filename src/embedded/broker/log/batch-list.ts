import { type BatchHead, type BatchRecord, readBatch, readRecords, setBaseOffset } from "./batch.ts";

interface Entry {
  readonly batch: Buffer;
  readonly head: BatchHead;
  readonly baseOffset: number;
  readonly lastOffset: number;
}

/** The oldest batch, as retention sees it. */
export interface OldestBatch {
  readonly maxTimestampMs: number;
  /** Size of the log with this batch. */
  readonly sizeBytes: number;
}

/** Raw batches in offset order, found by offset and forgotten from the front. */
export interface BatchList {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly sizeBytes: number;
  /** Puts a batch at the end, which sets its offset in place, and gives that offset. */
  add(batch: Buffer, head: BatchHead): number;
  /**
   * Whole batches from the one that holds `offset`, up to `end`; the first one even when it is larger than `maxBytes`.
   * `nextOffset` is the one behind the last of them.
   */
  read(
    offset: number,
    end: number,
    maxBytes: number,
  ): { readonly batches: readonly Buffer[]; readonly nextOffset: number };
  /** First record at or after a timestamp. */
  findTimestamp(timestampMs: number): { readonly offset: number; readonly timestampMs: number } | undefined;
  /** Every record from `offset` on whose batch can be opened, markers left out. */
  records(offset?: number): readonly BatchRecord[];
  /** Moves the start of the log and forgets whole batches before it. */
  truncateBefore(offset: number): void;
  /** Forgets whole batches as long as `isStale` says so of the oldest one. */
  dropOldest(isStale: (oldest: OldestBatch) => boolean): void;
  all(): readonly Buffer[];
}

export function createBatchList(
  batches: readonly Buffer[],
  offsets: { readonly start: number; readonly end: number },
): BatchList {
  let entries: Entry[] = batches.map(toEntry);
  let { start, end } = offsets;
  let sizeBytes = entries.reduce((sum, { batch }) => sum + batch.length, 0);

  const forget = (count: number): void => {
    const gone = entries.slice(0, count);
    entries = entries.slice(count);
    for (const { batch } of gone) sizeBytes -= batch.length;
    const last = gone.at(-1);
    if (last !== undefined) start = Math.max(start, last.lastOffset + 1);
  };
  return {
    get startOffset() {
      return start;
    },
    get endOffset() {
      return end;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    add(batch, head) {
      const baseOffset = end;
      setBaseOffset(batch, baseOffset);
      end += head.count;
      sizeBytes += batch.length;
      entries.push({ batch, head, baseOffset, lastOffset: end - 1 });
      return baseOffset;
    },
    read(offset, until, maxBytes) {
      const found: Buffer[] = [];
      let size = 0;
      let nextOffset = offset;
      for (let index = indexOf(entries, offset); index < entries.length; index++) {
        const { batch, baseOffset, lastOffset } = entries[index] as Entry;
        if (baseOffset >= until || (found.length > 0 && size + batch.length > maxBytes)) break;
        found.push(batch);
        size += batch.length;
        nextOffset = lastOffset + 1;
      }
      return { batches: found, nextOffset };
    },
    findTimestamp(timestampMs) {
      for (const { batch, head, baseOffset } of entries) {
        if (head.maxTimestamp < timestampMs) continue;
        const opened = readRecords(batch);
        if (opened === undefined)
          return { offset: Math.max(baseOffset, start), timestampMs: head.maxTimestamp };
        const found = opened.find((record) => record.timestampMs >= timestampMs && record.offset >= start);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    records: (offset = start) =>
      entries
        .slice(indexOf(entries, offset))
        .filter(({ head }) => !head.isControl)
        .flatMap(({ batch }) => readRecords(batch) ?? [])
        .filter((record) => record.offset >= Math.max(offset, start)),
    truncateBefore(offset) {
      start = Math.max(start, Math.min(offset, end));
      forget(indexOf(entries, start));
    },
    dropOldest(isStale) {
      let rest = sizeBytes;
      const kept = entries.findIndex(({ head, batch }) => {
        if (!isStale({ maxTimestampMs: head.maxTimestamp, sizeBytes: rest })) return true;
        rest -= batch.length;
        return false;
      });
      forget(kept < 0 ? entries.length : kept);
    },
    all: () => entries.map(({ batch }) => batch),
  };
}

/** The head of a batch that was checked before. */
export function toHead(batch: Buffer): BatchHead {
  const read = readBatch(batch);
  if (read.kind === "refused") throw new Error(`a batch that was checked is refused with ${read.code}`);
  return read.head;
}

function toEntry(batch: Buffer): Entry {
  const head = toHead(batch);
  const baseOffset = Number(batch.readBigInt64BE(0));
  return { batch, head, baseOffset, lastOffset: baseOffset + head.count - 1 };
}

/** Index of the batch that holds an offset, or of the first one behind it. */
function indexOf(entries: readonly Entry[], offset: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as Entry).lastOffset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
