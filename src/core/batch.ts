import { KeryxError } from "./errors.ts";
import type { Delivery } from "./handler.ts";

/** One record of a batch. */
export interface BatchItem<Value = unknown> {
  readonly value: Value;
  readonly delivery: Delivery<Value>;
}

/** What concerns a batch as a whole. */
export interface BatchContext {
  /** Aborted when the signal of any of its deliveries is. */
  readonly signal: AbortSignal;
}

/**
 * Handles records of one event and one partition, in their order, at least one. Return to finish all of them; throw
 * `BatchFailure` to name the one that failed.
 */
export type BatchHandler<Value> = (
  batch: readonly BatchItem<Value>[],
  context: BatchContext,
) => void | Promise<void>;

/** When a batch is handed to its handler: as soon as it is full or has waited. */
export interface BatchOptions {
  /**
   * Most records of a batch, 1 to 1,000. Default 100: spreads a round trip over a hundred records, and is still quick to
   * try one by one when it fails.
   */
  readonly maxRecords?: number;
  /**
   * Longest wait for more records once the first one is there, 0 to 60,000. Default 100: enough to fill a batch where
   * there is much to do, and hardly to be noticed where there is little. Milliseconds.
   */
  readonly maxWaitMs?: number;
}

/**
 * Says which record of a batch failed: those before it are done, it goes the way of a record that failed alone, and
 * those behind it are handed to the handler again without it.
 */
export class BatchFailure extends KeryxError {
  /** Place of the record that failed, from 0, in the batch that the handler was given. */
  readonly index: number;

  /** @param cause What its handler would have thrown, or an outcome, for example of `delivery.deadLetter(reason)`. */
  constructor(index: number, cause: unknown) {
    super("batch_failed", `Record ${index} of the batch failed`, { cause, details: { index } });
    this.name = "BatchFailure";
    this.index = index;
  }
}
