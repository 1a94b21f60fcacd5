import { setTimeout as wait } from "node:timers/promises";
import type { App, SendResult } from "keryx";
import type { SentEvent } from "./history.ts";
import { type FlowTopics, type Task, toOrder, toRequest } from "./workload.ts";

/** Sends tasks in the background, so many a second, and keeps what was acknowledged. */
export interface Sending {
  /** Adds tasks behind those that wait. */
  release(tasks: readonly Task[]): void;
  /** Resolves when everything released so far was acknowledged. @throws the first failure of a send */
  finish(): Promise<readonly SentEvent[]>;
  /** Longest time that any partition was without an acknowledgement. */
  longestGapMs(): number;
}

const tickMs = 20;

export function startSending(app: App, topics: FlowTopics, perSecond: number): Sending {
  const retried = app.topicProducer(topics.retried);
  const ordered = app.topicProducer(topics.ordered);
  const waiting: Task[] = [];
  const acknowledged: Promise<SentEvent>[] = [];
  let pump: Promise<void> | undefined;
  const lastAtMs = new Map<string, number>();
  let gapMs = 0;

  const note = (task: Task, { topic, partition, offset }: SendResult): SentEvent => {
    const now = performance.now();
    const at = `${topic}/${partition}`;
    gapMs = Math.max(gapMs, now - (lastAtMs.get(at) ?? now));
    lastAtMs.set(at, now);
    const { id, key, seq, succeedsAt } = task;
    return { id, key, seq, topic, partition, offset, succeedsAt: succeedsAt || undefined };
  };

  const send = (task: Task): void => {
    const sent =
      task.flow === "retried"
        ? retried.send(topics.order, toOrder(task))
        : ordered.send(topics.request, toRequest(task));
    const noted = sent.then((result) => note(task, result));
    // `finish` reports it.
    noted.catch(() => {});
    acknowledged.push(noted);
  };

  const run = async (): Promise<void> => {
    const startedAt = performance.now();
    for (let sent = 0; waiting.length > 0; ) {
      const due = ((performance.now() - startedAt) / 1000) * perSecond;
      for (; sent < due; sent++) {
        const task = waiting.shift();
        if (task) send(task);
      }
      await wait(tickMs);
    }
    pump = undefined;
  };

  return {
    release(tasks) {
      waiting.push(...tasks);
      pump ??= run();
    },
    async finish() {
      await pump;
      return Promise.all(acknowledged);
    },
    longestGapMs: () => gapMs,
  };
}
