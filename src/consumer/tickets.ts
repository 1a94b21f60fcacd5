/** One delivered record in the eyes of its partition's offsets. */
export interface Ticket {
  readonly offset: bigint;
  isCompleted: boolean;
  /** How many were admitted before it. */
  ordinal: number;
}

/** Admitted records in the order of their offsets. What is completed is let go of. */
export interface Tickets {
  add(ticket: Ticket): void;
  /** The ticket was completed. */
  pass(ticket: Ticket): void;
  /** The lowest that is not completed. */
  lowest(): Ticket | undefined;
  /** The highest completed offset, -1 before there is one. */
  highestCompleted(): bigint;
  /** Those that are not completed, below an offset. */
  unfinished(below: bigint): readonly Ticket[];
}

/** Entries that are completed before the list is cut: shifting one by one would cost its length each time. */
const compactAt = 1_024;

export function createTickets(): Tickets {
  let tickets: (Ticket | undefined)[] = [];
  let head = 0;
  let sweepAt = compactAt;
  // Of what was swept from between others.
  let sweptTo = -1n;

  const unfinished = (below?: bigint): Ticket[] => {
    const found: Ticket[] = [];
    for (let at = head; at < tickets.length; at++) {
      const ticket = tickets[at];
      // Most of what was admitted has not started and stands behind all that is asked for.
      if (!ticket || (below !== undefined && ticket.offset >= below)) break;
      if (!ticket.isCompleted) found.push(ticket);
    }
    return found;
  };
  const highestCompleted = (): bigint => {
    const found = tickets.findLast((ticket) => ticket?.isCompleted)?.offset;
    return found !== undefined && found > sweptTo ? found : sweptTo;
  };
  // Behind one stuck record, what is done must not pile up.
  const sweep = (): void => {
    sweptTo = highestCompleted();
    tickets = unfinished();
    head = 0;
    sweepAt = Math.max(compactAt, 2 * tickets.length);
  };

  return {
    add(ticket) {
      if (tickets.length - head >= sweepAt) sweep();
      tickets.push(ticket);
    },
    pass(ticket) {
      if (tickets[head] !== ticket) return;
      // What is done is let go at once: records that live long cost the garbage collector most.
      while (tickets[head]?.isCompleted) tickets[head++] = undefined;
      if (head < compactAt) return;
      tickets = tickets.slice(head);
      head = 0;
    },
    lowest: () => tickets[head],
    highestCompleted,
    unfinished,
  };
}
