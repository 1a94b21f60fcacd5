import type { Clock } from "../../../core/clock.ts";
import { errorCodes } from "../error-codes.ts";
import type { Partition } from "../topics.ts";

export type TransactionState = "Empty" | "Ongoing" | "CompleteCommit" | "CompleteAbort";

/** A transactional producer, as its coordinator knows it (KIP-98). */
export interface Transaction {
  readonly id: string;
  producerId: number;
  epoch: number;
  timeoutMs: number;
  state: TransactionState;
  readonly partitions: Set<Partition>;
  /** Groups whose offsets are committed with it. */
  readonly groups: Set<string>;
  stopTimeout?: (() => void) | undefined;
}

/** Who claims to own a transaction. */
export interface Claim {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface Transactions {
  /** A producer id without transactions. */
  newProducerId(): number;
  readonly lastProducerId: () => number;
  /** Gives a transactional id its next epoch, which fences whoever had it before; ends what was open. */
  init(id: string, timeoutMs: number): Omit<Claim, "transactionalId">;
  /** 0 when the claim is right. */
  check(claim: Claim): number;
  /** Opens the transaction when it is not, and takes partitions or groups in. */
  add(id: string, parts: readonly (Partition | string)[]): void;
  /** 0 when the transaction may write to this partition, or commit offsets of this group. */
  admit(claim: Claim, part: Partition | string): number;
  end(claim: Claim, isCommit: boolean): number;
  /** Aborts what is open, as a timeout does, and fences the producer. */
  abort(id: string): void;
  /** Fences the producer. */
  bumpEpoch(id: string): void;
  all(): readonly Transaction[];
  restore(transactions: readonly Transaction[], lastProducerId: number): void;
}

/** From here on a producer gets a new id, as the epoch has 16 bits and an abort needs the last one. */
const lastEpoch = 32_766;

interface Surroundings {
  readonly clock: Clock;
  /** Makes a group's pending offsets visible, or forgets them. */
  readonly endOffsets: (group: string, producerId: number, isCommit: boolean) => void;
  readonly woken: (partition: Partition) => void;
  readonly ended: (id: string, isCommit: boolean) => void;
}

export function createTransactions({ clock, endOffsets, woken, ended }: Surroundings): Transactions {
  const entries = new Map<string, Transaction>();
  let lastProducerId = 0;

  const bump = (entry: Transaction): void => {
    if (entry.epoch < lastEpoch) entry.epoch++;
    else Object.assign(entry, { producerId: ++lastProducerId, epoch: 0 });
  };
  const complete = (entry: Transaction, isCommit: boolean): void => {
    const { producerId, epoch } = entry;
    entry.stopTimeout?.();
    entry.state = isCommit ? "CompleteCommit" : "CompleteAbort";
    const partitions = [...entry.partitions];
    for (const { log } of partitions) log.endTransaction({ id: producerId, epoch }, isCommit, clock.now());
    for (const group of entry.groups) endOffsets(group, producerId, isCommit);
    entry.partitions.clear();
    entry.groups.clear();
    ended(entry.id, isCommit);
    for (const partition of partitions) woken(partition);
  };
  const abort = (entry: Transaction | undefined): void => {
    if (entry?.state !== "Ongoing") return;
    // The markers carry the new epoch, so that partitions refuse the old one, too.
    entry.epoch++;
    complete(entry, false);
  };
  const awaitEnd = (entry: Transaction): void => {
    entry.stopTimeout = clock.schedule(entry.timeoutMs, () => abort(entry));
  };
  const check = ({ transactionalId, producerId, producerEpoch }: Claim): number => {
    const entry = entries.get(transactionalId);
    if (entry?.producerId !== producerId) return errorCodes.invalidProducerIdMapping;
    return entry.epoch === producerEpoch ? errorCodes.none : errorCodes.invalidProducerEpoch;
  };
  return {
    newProducerId: () => ++lastProducerId,
    lastProducerId: () => lastProducerId,
    init(id, timeoutMs) {
      const known = entries.get(id);
      const entry: Transaction = known ?? {
        ...{ id, producerId: ++lastProducerId, epoch: -1, timeoutMs, state: "Empty" },
        ...{ partitions: new Set(), groups: new Set() },
      };
      entries.set(id, entry);
      abort(entry);
      bump(entry);
      Object.assign(entry, { timeoutMs, state: "Empty" });
      return { producerId: entry.producerId, producerEpoch: entry.epoch };
    },
    check,
    add(id, parts) {
      const entry = entries.get(id);
      if (entry === undefined) return;
      if (entry.state !== "Ongoing") awaitEnd(entry);
      entry.state = "Ongoing";
      for (const part of parts)
        if (typeof part === "string") entry.groups.add(part);
        else entry.partitions.add(part);
    },
    admit(claim, part) {
      const entry = entries.get(claim.transactionalId);
      const isAdded = typeof part === "string" ? entry?.groups.has(part) : entry?.partitions.has(part);
      return check(claim) || (isAdded === true ? errorCodes.none : errorCodes.invalidTxnState);
    },
    end(claim, isCommit) {
      const code = check(claim);
      const entry = entries.get(claim.transactionalId);
      if (code !== errorCodes.none || entry === undefined) return code;
      if (entry.state === "Ongoing") complete(entry, isCommit);
      // Said again because the answer was lost.
      const isSame = entry.state === (isCommit ? "CompleteCommit" : "CompleteAbort");
      return isSame ? errorCodes.none : errorCodes.invalidTxnState;
    },
    abort: (id) => abort(entries.get(id)),
    bumpEpoch(id) {
      const entry = entries.get(id);
      if (entry !== undefined) bump(entry);
    },
    all: () => [...entries.values()],
    restore(transactions, last) {
      for (const entry of entries.values()) entry.stopTimeout?.();
      entries.clear();
      lastProducerId = last;
      for (const one of transactions) {
        const sets = { partitions: new Set(one.partitions), groups: new Set(one.groups) };
        const entry: Transaction = { ...one, ...sets };
        entries.set(one.id, entry);
        if (entry.state === "Ongoing") awaitEnd(entry);
      }
    },
  };
}
