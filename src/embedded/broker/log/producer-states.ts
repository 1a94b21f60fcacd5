import { errorCodes } from "../error-codes.ts";
import type { BatchHead } from "./batch.ts";

/** What a partition remembers of one idempotent producer. */
export interface ProducerSnapshot {
  readonly id: number;
  readonly epoch: number;
  /** The last five batches, oldest first: what a repeat is recognised by. */
  readonly batches: readonly { readonly first: number; readonly last: number; readonly baseOffset: number }[];
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

/** Sequences are 32 bits and begin again at zero. */
const sequences = 2 ** 31;
const remembered = 5;

export function createProducerStates(initial: readonly ProducerSnapshot[] = []): ProducerStates {
  const states = new Map(initial.map((state) => [state.id, state]));
  const lastOf = ({ baseSequence, count }: BatchHead): number => (baseSequence + count - 1) % sequences;
  return {
    check(head) {
      const state = states.get(head.producerId);
      if (state === undefined) return { kind: "next" };
      if (head.producerEpoch < state.epoch) return { kind: "refused", code: errorCodes.invalidProducerEpoch };
      const batches = head.producerEpoch === state.epoch ? state.batches : [];
      const repeat = batches.find((one) => one.first === head.baseSequence && one.last === lastOf(head));
      if (repeat !== undefined) return { kind: "repeat", baseOffset: repeat.baseOffset };
      const next = ((batches.at(-1)?.last ?? -1) + 1) % sequences;
      return head.baseSequence === next
        ? { kind: "next" }
        : { kind: "refused", code: errorCodes.outOfOrderSequence };
    },
    note(head, baseOffset) {
      const { producerId: id, producerEpoch: epoch, baseSequence: first } = head;
      const known = states.get(id);
      const before = known?.epoch === epoch ? known.batches : [];
      states.set(id, {
        id,
        epoch,
        batches: [...before, { first, last: lastOf(head), baseOffset }].slice(-remembered),
      });
    },
    fence(id, epoch) {
      const state = states.get(id);
      if (state === undefined || state.epoch < epoch) states.set(id, { id, epoch, batches: [] });
    },
    snapshot: () => [...states.values()],
  };
}
