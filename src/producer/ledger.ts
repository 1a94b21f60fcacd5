import type { Clock } from "../core/clock.ts";
import type { KeryxError } from "../core/errors.ts";
import type { EventType } from "../core/event.ts";
import type { OutgoingRecord } from "../core/record.ts";
import type { RecordMeta } from "../transport/port.ts";
import type { Queued } from "./batching.ts";
import type { Envelope } from "./envelope.ts";

/** How a send ended. */
export type SendOutcome =
  | { readonly kind: "produced"; readonly meta: RecordMeta }
  | {
      readonly kind: "failed";
      readonly error: KeryxError;
      /** Absent where no dead letter was asked for. */
      readonly deadLettered?: boolean;
    };

/** One send from the call to its end. */
export interface Entry extends Queued {
  readonly event: EventType | undefined;
  readonly messageId: string;
  readonly value: unknown;
  readonly deadlineMs: number;
  readonly outcome: Promise<SendOutcome>;
  /** Absent when the value was refused. */
  envelope: Envelope | undefined;
  /** Set when the value is encoded. */
  record: OutgoingRecord | undefined;
  key: string | undefined;
  bytes: number;
  settled: boolean;
  /** Outside: not yet counted by the queue; then queued, then in a request, then gone. */
  place: "outside" | "queued" | "request" | "gone";
  attempts: number;
  firstAttemptMs: number;
  lastAttemptMs: number;
  lastError: KeryxError | undefined;
  end(outcome: SendOutcome): void;
}

/** All sends that have not ended, oldest first, with one timer for their deadlines. */
export interface Ledger {
  add(event: EventType | undefined, messageId: string, value: unknown): Entry;
  /** Sends that nothing has settled yet. */
  unsettled(): readonly Entry[];
  /** Resolves when every send of this moment has ended. */
  drained(): Promise<void>;
  counts(): {
    readonly sent: number;
    readonly produced: number;
    readonly failed: number;
    readonly inFlight: number;
  };
}

export function createLedger(
  clock: Clock,
  deliveryTimeoutMs: number,
  expire: (entry: Entry) => void,
): Ledger {
  const open = new Set<Entry>();
  let sent = 0;
  let produced = 0;
  let failed = 0;
  let cancelWatch: (() => void) | undefined;

  // Deadlines are in order of arrival, so the first send that is not settled has the next one.
  const watch = (): void => {
    const now = clock.now();
    cancelWatch = undefined;
    for (const entry of open) {
      if (entry.settled) continue;
      if (entry.deadlineMs > now) {
        cancelWatch = clock.schedule(entry.deadlineMs - now, watch);
        return;
      }
      expire(entry);
    }
  };

  return {
    add(event, messageId, value) {
      const now = clock.now();
      let resolve: (outcome: SendOutcome) => void = () => {};
      const outcome = new Promise<SendOutcome>((done) => {
        resolve = done;
      });
      const entry: Entry = {
        event,
        messageId,
        value,
        outcome,
        deadlineMs: now + deliveryTimeoutMs,
        envelope: undefined,
        record: undefined,
        key: undefined,
        bytes: 0,
        settled: false,
        place: "outside",
        attempts: 0,
        firstAttemptMs: now,
        lastAttemptMs: now,
        lastError: undefined,
        end(ended) {
          if (!open.delete(entry)) return;
          entry.settled = true;
          if (open.size === 0) {
            // A timer left behind would keep the process alive until the deadline.
            cancelWatch?.();
            cancelWatch = undefined;
          }
          if (ended.kind === "produced") produced += 1;
          else failed += 1;
          resolve(ended);
        },
      };
      sent += 1;
      open.add(entry);
      if (!cancelWatch) watch();
      return entry;
    },
    unsettled: () => [...open].filter((entry) => !entry.settled),
    async drained() {
      await Promise.all(Array.from(open, (entry) => entry.outcome));
    },
    counts: () => ({ sent, produced, failed, inFlight: open.size }),
  };
}
