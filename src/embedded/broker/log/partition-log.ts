import { errorCodes } from "../error-codes.ts";
import { createArena } from "./arena.ts";
import { type BatchHead, buildMarker, headOf, readBatch, setAppendTime } from "./batch.ts";
import { type BatchList, createBatchList } from "./batch-list.ts";
import {
  checkSequence,
  fenceProducer,
  noteSequence,
  type ProducerState,
  type ProducerStates,
} from "./producer-states.ts";

/** A transaction that was aborted in this partition. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of its marker. */
  readonly lastOffset: number;
}

export interface Appended {
  readonly baseOffset: number;
  /** −1 where the batch keeps the time of its producer. */
  readonly timestampMs: number;
}

export interface AppendRules {
  readonly maxBatchBytes: number;
  /** `message.timestamp.type=LogAppendTime`. */
  readonly isAppendTime: boolean;
  readonly nowMs: number;
  /** 0 when a transactional batch may be appended. */
  admit(head: BatchHead): number;
}

/** All of a log, to be put back later. */
export interface LogSnapshot {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly batches: readonly Buffer[];
  readonly open: readonly (readonly [producerId: number, firstOffset: number])[];
  readonly aborted: readonly AbortedTransaction[];
  readonly producers: Iterable<readonly [number, ProducerState]>;
}

export type AbortedOrder = "first-offset" | "completion";

/** The records of one partition: raw batches, never taken apart to serve them, and what transactions left in them. */
export interface PartitionLog {
  readonly batches: Omit<BatchList, "add">;
  /** Offset before which no transaction is open. */
  stableOffset(): number;
  /** Puts a copy of a producer's batch at the end, or says with which code it is refused. */
  append(batch: Buffer, rules: AppendRules): Appended | number;
  /** Ends a producer's transaction here; writes the marker even when it wrote nothing else. */
  endTransaction(producer: { id: number; epoch: number }, isCommit: boolean, nowMs: number): void;
  /**
   * Aborted transactions that overlap the offsets from `offset` up to `end`. Kafka keeps them in the order in which they
   * were completed; its own client sorts them again, others do not.
   */
  abortedBetween(offset: number, end: number, order: AbortedOrder): readonly AbortedTransaction[];
  snapshot(): LogSnapshot;
}

const nothing = { batches: [], open: [], aborted: [], producers: [] };
const empty: LogSnapshot = { startOffset: 0, endOffset: 0, ...nothing };

export function createPartitionLog(initial: LogSnapshot = empty): PartitionLog {
  const keep = createArena();
  const list = createBatchList(initial.batches, { start: initial.startOffset, end: initial.endOffset });
  const producers: ProducerStates = new Map(initial.producers);
  /** First offset of each open transaction, by producer. */
  const open = new Map<number, number>(initial.open);
  let aborted: readonly AbortedTransaction[] = initial.aborted;
  // What lies before the start of the log is left out here rather than each time that the start moves.
  const abortedSince = (offset: number): readonly AbortedTransaction[] =>
    aborted.filter((one) => one.lastOffset >= Math.max(offset, list.startOffset));

  const append: PartitionLog["append"] = (sent, { maxBatchBytes, isAppendTime, nowMs, admit }) => {
    if (sent.length > maxBatchBytes) return errorCodes.messageTooLarge;
    const head = readBatch(sent);
    if (typeof head === "number") return head;
    if (head.isControl) return errorCodes.invalidRecord;
    const refusal = head.isTransactional ? admit(head) : errorCodes.none;
    if (refusal !== errorCodes.none) return refusal;
    const isIdempotent = head.producerId >= 0;
    const sequence = isIdempotent ? checkSequence(producers, head) : { kind: "next" as const };
    if (sequence.kind === "refused") return sequence.code;
    if (sequence.kind === "repeat") return { baseOffset: sequence.baseOffset, timestampMs: -1 };
    const isOpen = open.has(head.producerId);
    if (isOpen && !head.isTransactional) return errorCodes.invalidTxnState;
    const batch = keep(sent);
    if (isAppendTime) setAppendTime(batch, nowMs);
    const baseOffset = list.add(batch, isAppendTime ? { ...head, maxTimestamp: nowMs } : head);
    if (isIdempotent) noteSequence(producers, head, baseOffset);
    if (head.isTransactional && !isOpen) open.set(head.producerId, baseOffset);
    return { baseOffset, timestampMs: isAppendTime ? nowMs : -1 };
  };

  return {
    batches: list,
    stableOffset: () => Math.max(list.startOffset, Math.min(list.endOffset, ...open.values())),
    append,
    endTransaction(producer, isCommit, nowMs) {
      const marker = buildMarker(isCommit, producer, nowMs);
      const lastOffset = list.add(marker, headOf(marker));
      const firstOffset = open.get(producer.id);
      open.delete(producer.id);
      fenceProducer(producers, producer.id, producer.epoch);
      if (!isCommit && firstOffset !== undefined)
        aborted = [...abortedSince(0), { producerId: producer.id, firstOffset, lastOffset }];
    },
    abortedBetween(offset, end, order) {
      const found = abortedSince(offset).filter((one) => one.firstOffset < end);
      return order === "completion" ? found : found.sort((a, b) => a.firstOffset - b.firstOffset);
    },
    snapshot: () => ({
      startOffset: list.startOffset,
      endOffset: list.endOffset,
      batches: list.all(),
      open: [...open],
      aborted: abortedSince(0),
      producers: [...producers],
    }),
  };
}
