import type { Clock } from "../../../core/clock.ts";
import { errorCodes } from "../error-codes.ts";
import type { BatchHead } from "../log/batch.ts";
import type { Partition } from "../topics.ts";

export type TransactionState = "Empty" | "Ongoing" | "CompleteCommit" | "CompleteAbort";

/** A transactional producer, as its coordinator knows it (KIP-98). */
export interface Transaction {
  readonly id: string;
  readonly producerId: number;
  readonly epoch: number;
  readonly state: TransactionState;
  readonly timeoutMs: number;
  readonly partitions: ReadonlySet<Partition>;
  /** Groups whose offsets are committed with it. */
  readonly groups: ReadonlySet<string>;
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
  /** Gives a transactional id its next epoch, which fences whoever had it before; ends what was open. */
  init(id: string, timeoutMs: number): { readonly producerId: number; readonly epoch: number };
  /** 0 when the claim is right. */
  check(claim: Claim): number;
  addPartition(id: string, partition: Partition): void;
  addGroup(id: string, group: string): void;
  end(claim: Claim, isCommit: boolean): number;
  /** 0 when a transactional batch may be appended to a partition. */
  admit(head: BatchHead, partition: Partition): number;
  /** Aborts what is open, as a timeout does, and fences the producer. */
  abort(id: string): void;
  /** Fences the producer. */
  bumpEpoch(id: string): void;
  all(): readonly Transaction[];
  restore(transactions: readonly Transaction[], lastProducerId: number): void;
  readonly lastProducerId: () => number;
}

interface Entry {
  readonly id: string;
  producerId: number;
  epoch: number;
  timeoutMs: number;
  state: TransactionState;
  readonly partitions: Set<Partition>;
  readonly groups: Set<string>;
  stopTimeout?: (() => void) | undefined;
}

/** From here on a producer gets a new id, as the epoch has 16 bits. */
const lastEpoch = 32_766;

interface Surroundings {
  readonly clock: Clock;
  /** Makes a group's pending offsets visible, or forgets them. */
  readonly endOffsets: (group: string, producerId: number, isCommit: boolean) => void;
  readonly woken: (partition: Partition) => void;
  readonly ended: (id: string, isCommit: boolean) => void;
}

export function createTransactions({ clock, endOffsets, woken, ended }: Surroundings): Transactions {
  const entries = new Map<string, Entry>();
  let lastProducerId = 0;

  const bump = (entry: Entry): void => {
    if (entry.epoch < lastEpoch) entry.epoch++;
    else Object.assign(entry, { producerId: ++lastProducerId, epoch: 0 });
  };
  const complete = (entry: Entry, isCommit: boolean): void => {
    const { producerId, epoch } = entry;
    entry.stopTimeout?.();
    entry.state = isCommit ? "CompleteCommit" : "CompleteAbort";
    for (const partition of entry.partitions)
      partition.log.endTransaction({ id: producerId, epoch }, isCommit, clock.now());
    for (const group of entry.groups) endOffsets(group, producerId, isCommit);
    const partitions = [...entry.partitions];
    entry.partitions.clear();
    entry.groups.clear();
    ended(entry.id, isCommit);
    for (const partition of partitions) woken(partition);
  };
  const abort = (entry: Entry): void => {
    // The markers carry the new epoch, so that partitions refuse the old one, too.
    if (entry.epoch < lastEpoch) entry.epoch++;
    complete(entry, false);
  };
  const open = (id: string): Entry | undefined => {
    const entry = entries.get(id);
    if (entry === undefined || entry.state === "Ongoing") return entry;
    entry.state = "Ongoing";
    entry.stopTimeout = clock.schedule(entry.timeoutMs, () => abort(entry));
    return entry;
  };
  const check = ({ transactionalId, producerId, producerEpoch }: Claim): number => {
    const entry = entries.get(transactionalId);
    if (entry === undefined || entry.producerId !== producerId) return errorCodes.invalidProducerIdMapping;
    return entry.epoch === producerEpoch ? errorCodes.none : errorCodes.invalidProducerEpoch;
  };
  return {
    newProducerId: () => ++lastProducerId,
    init(id, timeoutMs) {
      const entry = entries.get(id);
      if (entry === undefined) {
        const producerId = ++lastProducerId;
        const [partitions, groups] = [new Set<Partition>(), new Set<string>()];
        entries.set(id, { id, producerId, epoch: 0, timeoutMs, state: "Empty", partitions, groups });
        return { producerId, epoch: 0 };
      }
      if (entry.state === "Ongoing") abort(entry);
      bump(entry);
      Object.assign(entry, { timeoutMs, state: "Empty" });
      return { producerId: entry.producerId, epoch: entry.epoch };
    },
    check,
    addPartition: (id, partition) => void open(id)?.partitions.add(partition),
    addGroup: (id, group) => void open(id)?.groups.add(group),
    end(claim, isCommit) {
      const code = check(claim);
      const entry = entries.get(claim.transactionalId);
      if (code !== errorCodes.none || entry === undefined) return code;
      if (entry.state === "Ongoing") complete(entry, isCommit);
      // Said again because the answer was lost.
      const isSame = entry.state === (isCommit ? "CompleteCommit" : "CompleteAbort");
      return isSame ? errorCodes.none : errorCodes.invalidTxnState;
    },
    admit(head, partition) {
      const entry = [...entries.values()].find((one) => one.producerId === head.producerId);
      if (entry !== undefined && head.producerEpoch < entry.epoch) return errorCodes.invalidProducerEpoch;
      const isAdded = entry?.state === "Ongoing" && entry.partitions.has(partition);
      return isAdded ? errorCodes.none : errorCodes.invalidTxnState;
    },
    abort(id) {
      const entry = entries.get(id);
      if (entry?.state === "Ongoing") abort(entry);
    },
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
        const entry: Entry = { ...one, ...sets };
        entries.set(one.id, entry);
        if (entry.state === "Ongoing")
          entry.stopTimeout = clock.schedule(entry.timeoutMs, () => abort(entry));
      }
    },
    lastProducerId: () => lastProducerId,
  };
}
