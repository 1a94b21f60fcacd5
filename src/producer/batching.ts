import { createFifo } from "../core/fifo.ts";
/** What the queue must know of a record to order it. */
export interface Queued {
  /** Record key as text; absent: free of order. */
  readonly key: string | undefined;
  readonly bytes: number;
  /** True once its send was settled otherwise (called off, too late): it is passed over. */
  readonly settled: boolean;
}

export interface BatchLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Records that go in one request, and the keys that no other request may hold until it is released. */
export interface Batch<Entry> {
  readonly entries: Entry[];
  readonly keys: ReadonlySet<string>;
}

/** Cuts a stream of records into batches so that two batches in flight never hold the same key. */
export interface BatchQueue<Entry> {
  push(entry: Entry): void;
  /** The next batch, or undefined when every record waits for a key that is in flight. */
  take(): Batch<Entry> | undefined;
  /** Ends a batch: records that waited for its keys go first in the next one. */
  release(batch: Batch<Entry>): void;
  /** Records and bytes that could go now: enough for a full batch ends the linger. */
  isFull(): boolean;
  hasReady(): boolean;
}

export function createBatchQueue<Entry extends Queued>(limits: BatchLimits): BatchQueue<Entry> {
  // Records whose key became free are older than any fresh record of that key, so they are looked at first.
  const released = createFifo<Entry>();
  const fresh = createFifo<Entry>();
  const waiting = new Map<string, Entry[]>();
  const busy = new Set<string>();
  let readyBytes = 0;

  const wait = (key: string, entry: Entry): void => {
    const list = waiting.get(key);
    if (list) list.push(entry);
    else waiting.set(key, [entry]);
  };

  return {
    push(entry) {
      fresh.push(entry);
      readyBytes += entry.bytes;
    },
    take() {
      const entries: Entry[] = [];
      const keys = new Set<string>();
      let bytes = 0;
      for (const source of [released, fresh]) {
        for (let entry = source.peek(); entry !== undefined; entry = source.peek()) {
          const isBlocked = entry.key !== undefined && busy.has(entry.key);
          if (!entry.settled && !isBlocked) {
            const isOver = entries.length > 0 && bytes + entry.bytes > limits.maxBytes;
            if (isOver || entries.length === limits.maxRecords) return claim({ entries, keys });
            entries.push(entry);
            bytes += entry.bytes;
            if (entry.key !== undefined) keys.add(entry.key);
          } else if (!entry.settled && entry.key !== undefined) wait(entry.key, entry);
          source.shift();
          readyBytes -= entry.bytes;
        }
      }
      return entries.length > 0 ? claim({ entries, keys }) : undefined;
    },
    release(batch) {
      for (const key of batch.keys) {
        busy.delete(key);
        for (const entry of waiting.get(key) ?? []) {
          released.push(entry);
          readyBytes += entry.bytes;
        }
        waiting.delete(key);
      }
    },
    isFull: () => fresh.size() + released.size() >= limits.maxRecords || readyBytes >= limits.maxBytes,
    hasReady: () => fresh.size() + released.size() > 0,
  };

  function claim(batch: Batch<Entry>): Batch<Entry> {
    for (const key of batch.keys) busy.add(key);
    return batch;
  }
}
