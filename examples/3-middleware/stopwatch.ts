// A step of one's own: tells how long each handler took, and how it ended.
import type { Middleware } from "keryx";

export interface Lap {
  readonly event: string;
  readonly place: string;
  readonly attempt: number;
  readonly ended: string;
  readonly tookMs: number;
}

export function stopwatch(report: (lap: Lap) => void): Middleware {
  return async (delivery, next) => {
    const { eventType: event, topic, partition, offset, attempt } = delivery;
    const startedMs = performance.now();
    const tell = (ended: string): void =>
      report({
        event,
        place: `${topic}/${partition}/${offset}`,
        attempt,
        ended,
        tookMs: performance.now() - startedMs,
      });
    try {
      const outcome = await next();
      tell(outcome.kind);
      return outcome;
    } catch (error) {
      // Only looks: what becomes of the record is for the retry plan to say.
      tell("failed");
      throw error;
    }
  };
}
