/** An event that was sent and acknowledged, with what its handler will do. */
export interface SentEvent {
  readonly id: string;
  readonly key: string;
  /** Position among the events of its key. */
  readonly seq: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Attempt at which its handler succeeds; undefined: never. */
  readonly succeedsAt: number | undefined;
}

/** One line of the effect log: a handler did its work. */
export interface Effect {
  readonly id: string;
  readonly key: string;
  readonly seq: number;
  /** Where it was first consumed. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly stage: string;
  readonly attempt: number;
  /** Which process did it, from 1. */
  readonly life: number;
  /**
   * Its fsync had returned. Without it the effect may or may not have happened: it explains a repeat, and it is no proof
   * against loss.
   */
  readonly isSure: boolean;
}

export interface DeadLetter {
  readonly id: string;
  readonly key: string;
  readonly seq: number;
  readonly attempts: number;
}

/** A process ended by SIGKILL, and what its group had committed by then: `topic/partition` to offset. */
export interface Kill {
  readonly life: number;
  readonly committed: ReadonlyMap<string, bigint>;
}

/** All that a run left behind. Effects stand in the order in which they were logged. */
export interface History {
  readonly sent: readonly SentEvent[];
  readonly effects: readonly Effect[];
  readonly deadLetters: readonly DeadLetter[];
  readonly kills: readonly Kill[];
}

/** What the run was promised. */
export interface Promises {
  /** Topics whose failures are tried again in place: the order of every key stands there. */
  readonly orderedTopics: ReadonlySet<string>;
  /** Attempts before a dead letter. */
  readonly attempts: number;
  /** Most records of the source topics that one kill may cause to be handled again. */
  readonly maxSourceRepeatsPerKill: number;
  /** The same with those of the retry topics. */
  readonly maxRepeatsPerKill: number;
}
