import type { TopicPartition } from "../../core/record.ts";
import type { Observe, PauseCause } from "../../core/signals.ts";
import type { PortConsumer } from "../../transport/port.ts";

/** The named causes that keep one partition from being fetched. Each is removed by who added it. */
export interface PauseSet {
  add(cause: PauseCause): void;
  remove(cause: PauseCause): void;
  has(cause: PauseCause): boolean;
  /** True while a cause also keeps queued records from starting. */
  blocksWork(): boolean;
  /** The assignment is over: forgets every cause without resuming anything. */
  forget(): void;
}

/** These wait for room or time; records already admitted go on. */
const fetchOnly: ReadonlySet<PauseCause> = new Set(["buffer", "window", "delay"]);

export function createPauseSet(
  port: Pick<PortConsumer, "pause" | "resume">,
  at: TopicPartition,
  group: string,
  observe: Observe,
): PauseSet {
  const causes = new Set<PauseCause>();
  const where = { topic: at.topic, partition: at.partition };
  let blocking = 0;
  return {
    add(cause) {
      if (causes.has(cause)) return;
      causes.add(cause);
      if (!fetchOnly.has(cause)) blocking++;
      if (causes.size === 1) port.pause([where]);
      observe({ kind: "partition.paused", group, ...where, cause });
    },
    remove(cause) {
      if (!causes.delete(cause)) return;
      if (!fetchOnly.has(cause)) blocking--;
      if (causes.size === 0) port.resume([where]);
      observe({ kind: "partition.resumed", group, ...where, cause });
    },
    has: (cause) => causes.has(cause),
    blocksWork: () => blocking > 0,
    forget() {
      causes.clear();
      blocking = 0;
    },
  };
}
