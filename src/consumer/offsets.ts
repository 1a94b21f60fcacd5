/** One delivered record in the eyes of its partition's offsets. */
export interface Ticket {
  readonly offset: bigint;
  isCompleted: boolean;
}

/** Which offsets of one assignment are done. Only the contiguous part below the watermark is ever committed. */
export interface OffsetTracker {
  /** Tickets come in the order of their offsets. */
  admit(ticket: Ticket): void;
  complete(ticket: Ticket): void;
  /** Offsets below `next` that were never delivered (compacted, control records, aborted) count as completed. */
  cover(next: bigint): void;
  /** Lowest offset that is not completed; undefined before anything was read. */
  watermark(): bigint | undefined;
  /** How far an offset lies above the watermark. */
  ahead(offset: bigint): number;
  /** Offset of the first delivered record: a watermark there says nothing new. */
  start(): bigint | undefined;
  /** Completions since the last `take`. */
  completions(): number;
  /** Resets the count of completions and gives the watermark. */
  take(): bigint | undefined;
  /** The watermark of the last `take` was committed. */
  confirm(): void;
  /** Records that were admitted and that no commit covers: what a crash of this moment could repeat. */
  uncommitted(): number;
}

/** Entries that lie completed in front of the queue before it is cut: shifting one by one would cost its length each time. */
const compactAt = 1_024;

export function createOffsetTracker(): OffsetTracker {
  let tickets: (Ticket | undefined)[] = [];
  let head = 0;
  let position: bigint | undefined;
  let start: bigint | undefined;
  let completions = 0;
  let admitted = 0;
  // Records below the watermark: now, when it was taken, and when what was taken was committed.
  let passed = 0;
  let taken = 0;
  let confirmed = 0;

  const watermark = (): bigint | undefined => tickets[head]?.offset ?? position;
  const advance = (): void => {
    while (tickets[head]?.isCompleted) {
      // What is done is let go at once: records that live long cost the garbage collector most.
      tickets[head++] = undefined;
      passed++;
    }
    if (head < compactAt) return;
    tickets = tickets.slice(head);
    head = 0;
  };
  const cover = (next: bigint): void => {
    if (position === undefined || next > position) position = next;
  };

  return {
    admit(ticket) {
      tickets.push(ticket);
      admitted++;
      start ??= ticket.offset;
      cover(ticket.offset + 1n);
    },
    complete(ticket) {
      if (ticket.isCompleted) return;
      ticket.isCompleted = true;
      completions++;
      if (tickets[head] === ticket) advance();
    },
    cover,
    watermark,
    ahead(offset) {
      const lowest = watermark();
      return lowest === undefined ? 0 : Number(offset - lowest);
    },
    start: () => start,
    completions: () => completions,
    take() {
      completions = 0;
      taken = passed;
      return watermark();
    },
    confirm() {
      confirmed = taken;
    },
    uncommitted: () => admitted - confirmed,
  };
}
