import { errorCodes } from "../error-codes.ts";
import type { BatchHead } from "./batch.ts";

/** What a partition remembers of one idempotent producer. */
interface ProducerState {
  epoch: number;
  /** The last five batches, oldest first: what a repeat is recognised by. */
  readonly batches: { readonly first: number; readonly last: number; readonly baseOffset: number }[];
}

export type Sequence =
  | { readonly kind: "next" }
  /** Sent again: it stands already at this offset. */
  | { readonly kind: "repeat"; readonly baseOffset: number }
  | { readonly kind: "refused"; readonly code: number };

/** Sequence numbers of idempotent producers in one partition (KIP-98). */
export interface ProducerStates {
  check(head: BatchHead): Sequence;
  /** Remembers a batch that was appended. */
  note(head: BatchHead, baseOffset: number): void;
  /** A new epoch begins without sequence. */
  fence(producerId: number, epoch: number): void;
  snapshot(): readonly ProducerSnapshot[];
}

export interface ProducerSnapshot {
  readonly id: number;
  readonly epoch: number;
  readonly batches: readonly { readonly first: number; readonly last: number; readonly baseOffset: number }[];
}

/** Sequences are 32 bits and begin again at zero. */
const sequences = 2 ** 31;
const remembered = 5;

export function createProducerStates(initial: readonly ProducerSnapshot[] = []): ProducerStates {
  const states = new Map<number, ProducerState>(
    initial.map(({ id, epoch, batches }) => [id, { epoch, batches: [...batches] }]),
  );
  const lastOf = ({ baseSequence, count }: BatchHead): number => (baseSequence + count - 1) % sequences;
  return {
    check(head) {
      const state = states.get(head.producerId);
      if (state === undefined) return { kind: "next" };
      if (head.producerEpoch < state.epoch) return { kind: "refused", code: errorCodes.invalidProducerEpoch };
      const newest = state.batches.at(-1);
      if (head.producerEpoch > state.epoch || newest === undefined)
        return head.baseSequence === 0
          ? { kind: "next" }
          : { kind: "refused", code: errorCodes.outOfOrderSequence };
      const repeat = state.batches.find(
        (one) => one.first === head.baseSequence && one.last === lastOf(head),
      );
      if (repeat !== undefined) return { kind: "repeat", baseOffset: repeat.baseOffset };
      return head.baseSequence === (newest.last + 1) % sequences
        ? { kind: "next" }
        : { kind: "refused", code: errorCodes.outOfOrderSequence };
    },
    note(head, baseOffset) {
      const known = states.get(head.producerId);
      const state = known?.epoch === head.producerEpoch ? known : { epoch: head.producerEpoch, batches: [] };
      states.set(head.producerId, state);
      state.batches.push({ first: head.baseSequence, last: lastOf(head), baseOffset });
      if (state.batches.length > remembered) state.batches.shift();
    },
    fence(producerId, epoch) {
      const state = states.get(producerId);
      if (state === undefined || state.epoch < epoch) states.set(producerId, { epoch, batches: [] });
    },
    snapshot: () => [...states].map(([id, { epoch, batches }]) => ({ id, epoch, batches: [...batches] })),
  };
}
