import { errorCodes } from "../error-codes.ts";
import type { BatchHead } from "./batch.ts";

/** What a partition remembers of one idempotent producer (KIP-98). */
export interface ProducerState {
  readonly epoch: number;
  /** The last five batches, oldest first: what a repeat is recognised by. */
  readonly batches: readonly { readonly first: number; readonly last: number; readonly baseOffset: number }[];
}

/** By producer id. */
export type ProducerStates = Map<number, ProducerState>;

export type Sequence =
  | { readonly kind: "next" }
  /** Sent again: it stands already at this offset. */
  | { readonly kind: "repeat"; readonly baseOffset: number }
  | { readonly kind: "refused"; readonly code: number };

/** Sequences are 32 bits and begin again at zero. */
const sequences = 2 ** 31;
const remembered = 5;

/** What a batch of an idempotent producer is to this partition. */
export function checkSequence(states: ProducerStates, head: BatchHead): Sequence {
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
}

/** Remembers a batch that was appended. */
export function noteSequence(states: ProducerStates, head: BatchHead, baseOffset: number): void {
  const { producerId: id, producerEpoch: epoch, baseSequence: first } = head;
  const known = states.get(id);
  const before = known?.epoch === epoch ? known.batches : [];
  states.set(id, {
    epoch,
    batches: [...before, { first, last: lastOf(head), baseOffset }].slice(-remembered),
  });
}

/** A new epoch begins without sequence. */
export function fenceProducer(states: ProducerStates, id: number, epoch: number): void {
  if ((states.get(id)?.epoch ?? -1) < epoch) states.set(id, { epoch, batches: [] });
}

function lastOf({ baseSequence, count }: BatchHead): number {
  return (baseSequence + count - 1) % sequences;
}
