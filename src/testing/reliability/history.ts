import { closeSync, existsSync, openSync, readSync, writeSync } from "node:fs";
import type { OutcomeLabel } from "../../core/signals.ts";

/** A place in a partition. Offsets are numbers here: they stand in files, and no test writes 2^53 records. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** What a run knows its messages by. */
export interface MessageRef {
  /** Unique in the run; what the consumer dedupes by. */
  readonly id: string;
  /** Key as text; null: no order is asked for. */
  readonly key: string | null;
  /** Position among the messages of its key. Absent: the offset orders them. */
  readonly seq?: number | undefined;
  /** Digest of the value's bytes (`toDigest`); absent: bytes are not compared. */
  readonly digest?: string | null | undefined;
}

/** `ok` has happened, `fail` has not, `info` may have: it timed out, or who asked for it died. */
export type Result = "ok" | "fail" | "info";

interface Assigned {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
}

/** One thing that a client, a worker or the harness saw, named as Kafka's VerifiableProducer and -Consumer name it. */
export type HistoryRecord =
  | { readonly name: "startup_complete" | "shutdown_complete" }
  | ({ readonly name: "producer_send_success"; readonly transaction?: string } & MessageRef & Place)
  | ({
      readonly name: "producer_send_error";
      readonly result: "fail" | "info";
      readonly topic: string;
      readonly transaction?: string;
    } & MessageRef)
  | {
      readonly name: "transaction_ended";
      readonly transaction: string;
      readonly result: "committed" | "aborted";
    }
  | {
      /** One poll of one partition. */
      readonly name: "records_consumed";
      readonly group: string;
      readonly topic: string;
      readonly partition: number;
      readonly epoch: number;
      readonly poll: number;
      readonly count: number;
    }
  | ({
      /** One record of a poll, in the order in which it was delivered. */
      readonly name: "record_data";
      readonly group: string;
      readonly epoch: number;
      readonly poll: number;
      readonly id?: string | undefined;
    } & Place)
  | {
      readonly name: "partitions_assigned";
      readonly group: string;
      readonly partitions: readonly Assigned[];
    }
  | {
      readonly name: "partitions_revoked";
      readonly group: string;
      /** Gone already, so nothing could be finished or committed. */
      readonly lost: boolean;
      readonly partitions: readonly Assigned[];
    }
  | ({
      readonly name: "offsets_committed";
      readonly group: string;
      readonly epoch?: number | undefined;
      readonly result: Result;
      /** When the request was made; absent: when it was answered. */
      readonly startedAtMs?: number;
    } & Place)
  | ({
      /** How a pass over a record ended. */
      readonly name: "outcome";
      readonly group: string;
      readonly stage: string;
      readonly attempt: number;
      readonly outcome: OutcomeLabel;
      readonly id?: string | undefined;
      readonly reason?: string | undefined;
      /** When the pass began, by the wall clock of the client. */
      readonly startedWallMs: number;
      /** Topic that the record was handed over to. */
      readonly next?: string | undefined;
    } & Place)
  | ({
      /** A record was written to a retry topic, a dead-letter topic or a parking place; where it stood before. */
      readonly name: "handed_over" | "dead_lettered" | "parked";
      readonly group: string;
      readonly to: string;
      readonly result: Result;
    } & Place)
  | ({ readonly name: "replayed"; readonly to: string; readonly replayId: string } & Place)
  | {
      readonly name: "fault_start" | "fault_end";
      /** `kill` ends a client without warning; other names are the harness's own. */
      readonly fault: string;
      /** Whom it hits. */
      readonly target?: string | undefined;
      readonly details?: unknown;
    }
  | {
      readonly name: "metric_sample";
      /** `outcomes`, `lag`, `unhandled_rejections`, `timers`, `sockets`, `listeners`, `heap_bytes`. */
      readonly metric: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly value: number;
      /** Before the load, or after quiescence. */
      readonly phase: "before" | "after";
    }
  | {
      readonly name: "span";
      readonly spanId: string;
      readonly kind: "producer" | "consumer";
      readonly id: string;
      readonly links: readonly string[];
    }
  | { readonly name: "tool_data"; readonly data: unknown };

/** A line of a history: what was seen, by whom, and when. */
export type HistoryEntry = HistoryRecord & {
  /** A process, or a life of one: a worker that starts again has another name. */
  readonly client: string;
  /** `monotonicMs()`: comparable between the processes of one machine. */
  readonly atMs: number;
};

/** Where a process writes down what it sees. */
export interface HistoryLog {
  append(record: HistoryRecord): void;
  close(): void;
}

/** Milliseconds that no clock change moves, the same in every process of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Appends JSON lines. Those of one turn of the event loop are written together, at its end: what stood in the file
 * survives the process, so that nothing is committed on the broker before its reasons stand in the history.
 */
export function createHistoryLog(path: string, client: string): HistoryLog {
  const file = openSync(path, "a");
  let waiting = "";
  let isOpen = true;
  const flush = (): void => {
    if (waiting !== "" && isOpen) writeSync(file, waiting);
    waiting = "";
  };
  return {
    append(record) {
      if (!isOpen) return;
      if (waiting === "") queueMicrotask(flush);
      const entry: HistoryEntry = { client, atMs: monotonicMs(), ...record };
      waiting += `${JSON.stringify(entry)}\n`;
    },
    close() {
      if (!isOpen) return;
      flush();
      isOpen = false;
      closeSync(file);
    },
  };
}

/** A history in memory, for what happens in one process. */
export interface CollectedHistory extends HistoryLog {
  readonly entries: readonly HistoryEntry[];
}

export function collectHistory(client: string): CollectedHistory {
  const entries: HistoryEntry[] = [];
  return {
    entries,
    append: (record) => void entries.push({ client, atMs: monotonicMs(), ...record }),
    close: () => {},
  };
}

/** Reads histories back, in the order in which things happened. A line that a kill cut off never counted. */
export function readHistories(paths: readonly string[]): readonly HistoryEntry[] {
  return sortByTime(paths.flatMap((path) => readLines<HistoryEntry>(path)));
}

/** The same array where it is in order already. */
export function sortByTime<Item extends { readonly atMs: number }>(items: readonly Item[]): readonly Item[] {
  const isSorted = items.every((item, index) => index === 0 || (items[index - 1]?.atMs ?? 0) <= item.atMs);
  return isSorted ? items : [...items].sort((a, b) => a.atMs - b.atMs);
}

/** Whole lines of a file of JSON lines; nothing where there is no such file. */
export function readLines<Line>(path: string): readonly Line[] {
  return Array.from(linesOf(path), (line) => JSON.parse(line) as Line);
}

const newline = 10;
const chunkBytes = 16 * 1_048_576;

/** Lines of a file without their ends, and without a last one that was cut off. The file may be longer than any string. */
export function* linesOf(path: string): Generator<string> {
  if (!existsSync(path)) return;
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(chunkBytes);
    let rest: Buffer = Buffer.alloc(0);
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      const end = bytes.lastIndexOf(newline);
      if (end >= 0) yield* bytes.toString("utf8", 0, end).split("\n");
      rest = bytes.subarray(end + 1);
    }
  } finally {
    closeSync(file);
  }
}
