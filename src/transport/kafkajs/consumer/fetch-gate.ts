import { systemClock } from "../../../core/clock.ts";
import type { TopicPartition } from "../../../core/record.ts";
import type { FetchRequest, FetchResponse } from "../cluster.ts";

/**
 * Leaves out of each fetch what is paused. kafkajs itself hears of no pause: with nothing to fetch it sleeps, deaf to
 * whatever is resumed meanwhile, and it throws away what arrives of a partition that was paused in between.
 */
export interface FetchGate {
  /** Sends what is left of a fetch; with nothing left it waits as long as a fetch would, or until something changes. */
  fetch(
    request: FetchRequest,
    send: (request: FetchRequest) => Promise<FetchResponse>,
  ): Promise<FetchResponse>;
  /** Partitions were paused or resumed. */
  changed(): void;
}

/** Wait of a fetch without all partitions, while they come and go: one that is resumed has to wait for its end. */
const briefWaitMs = 25;
const briefForMs = 1_000;

/** `maxWaitMs`: longest wait of a fetch for new data. */
export function createFetchGate(isOpen: (at: TopicPartition) => boolean, maxWaitMs: number): FetchGate {
  const waiting = new Set<() => void>();
  let changedMs = Number.NEGATIVE_INFINITY;

  const untilChanged = (): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        waiting.delete(wake);
        resolve();
      };
      const cancel = systemClock.schedule(maxWaitMs, wake);
      waiting.add(wake);
    });

  return {
    async fetch(request, send) {
      let isPartial = false;
      const topics = request.topics.flatMap(({ topic, partitions }) => {
        const open = partitions.filter(({ partition }) => isOpen({ topic, partition }));
        isPartial ||= open.length < partitions.length;
        return open.length > 0 ? { topic, partitions: open } : [];
      });
      if (topics.length === 0) {
        await untilChanged();
        return { responses: [] };
      }
      const isBrief = isPartial && systemClock.now() - changedMs < briefForMs;
      return send({
        ...request,
        topics,
        maxWaitTime: isBrief ? Math.min(briefWaitMs, maxWaitMs) : maxWaitMs,
      });
    },
    changed() {
      changedMs = systemClock.now();
      for (const wake of waiting) wake();
    },
  };
}
