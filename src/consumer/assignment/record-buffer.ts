import { createFifo } from "../../core/fifo.ts";
import type { RawRecord } from "../../core/record.ts";
import type { RecordQueue } from "../../transport/port.ts";

/** Fetched and not yet admitted records of one assignment, in the order of the fetches that brought them. */
export interface RecordBuffer {
  push(records: RecordQueue): void;
  peek(): RawRecord | undefined;
  shift(): void;
  size(): number;
  clear(): void;
}

export function createRecordBuffer(): RecordBuffer {
  const queues = createFifo<RecordQueue>();
  let size = 0;
  return {
    push(records) {
      if (records.size() === 0) return;
      queues.push(records);
      size += records.size();
    },
    peek: () => queues.peek()?.peek(),
    shift() {
      const head = queues.peek();
      if (!head?.shift()) return;
      size--;
      if (head.size() === 0) queues.shift();
    },
    size: () => size,
    clear() {
      queues.clear();
      size = 0;
    },
  };
}
