import type { Clock } from "../../core/clock.ts";
import { headerInteger, headerNames } from "../../core/headers.ts";
import type { RawRecord } from "../../core/record.ts";
import type { Intake } from "./intake.ts";
import type { Partition } from "./partition.ts";

/** Keeps the head of a retry topic until its time has come; false: it waits, and its partition with it. */
export type IsDue = (partition: Partition, intake: Intake, head: RawRecord) => boolean;

// A wall clock may jump: a waiting head is looked at again at least so often.
const maxDelayCheckMs = 5_000;

/** `onTimer`: a waiting head is to be looked at again. */
export function createDue(clock: Clock, onTimer: (partition: Partition, intake: Intake) => void): IsDue {
  // Undefined: may run now.
  const waitMs = (partition: Partition, intake: Intake, head: RawRecord): number | undefined => {
    const now = clock.now();
    if (intake.due?.offset !== head.offset) {
      const headerMs = headerInteger(head.headers, headerNames.dueAt) ?? 0;
      // A forged due time cannot stall the partition beyond what the plan itself may ask for.
      intake.due = { offset: head.offset, atMs: Math.min(headerMs, now + partition.route.longestDelayMs) };
    }
    return intake.due.atMs > now ? intake.due.atMs - now : undefined;
  };

  return (partition, intake, head) => {
    const forMs = waitMs(partition, intake, head);
    if (forMs === undefined) {
      partition.pauses.remove("delay");
      return true;
    }
    partition.pauses.add("delay");
    if (intake.cancelDelay) return false;
    const cancel = clock.schedule(Math.min(forMs, maxDelayCheckMs), () => {
      partition.timers.delete(cancel);
      intake.cancelDelay = undefined;
      onTimer(partition, intake);
    });
    intake.cancelDelay = cancel;
    partition.timers.add(cancel);
    return false;
  };
}
