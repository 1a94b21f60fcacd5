import { setTimeout as wait } from "node:timers/promises";
import type { App, SendResult } from "keryx";
import { type HistoryLog, recordSend } from "keryx/testing";
import { createFifo } from "../../../src/core/fifo.ts";
import { type FlowTopics, type Task, toOrder, toRequest } from "./workload.ts";

/** Sends tasks in the background, so many a second, and writes down what became of each. */
export interface Sending {
  /** Adds tasks behind those that wait. */
  release(tasks: readonly Task[]): void;
  /** How many have not been sent yet. */
  waiting(): number;
  /** Sends no more of them. */
  cancel(): void;
  /** How many were acknowledged. */
  acknowledged(): number;
  /** Resolves when everything released so far was acknowledged. @throws the first failure of a send */
  finish(): Promise<readonly Task[]>;
  /** Longest time that any partition was without an acknowledgement. */
  longestGapMs(): number;
}

const tickMs = 20;

export interface SendingOptions {
  readonly perSecond: number;
  readonly history: HistoryLog;
  /** The history tells of sends that failed; `finish` does not. */
  readonly mayFail?: boolean;
}

export function startSending(
  app: App,
  topics: FlowTopics,
  { perSecond, history, mayFail = false }: SendingOptions,
): Sending {
  const retried = app.topicProducer(topics.retried);
  const ordered = app.topicProducer(topics.ordered);
  const waiting = createFifo<Task>();
  const sends: Promise<Task>[] = [];
  let acknowledged = 0;
  let pump: Promise<void> | undefined;
  const lastAtMs = new Map<string, number>();
  let gapMs = 0;

  const note = (task: Task, { topic, partition }: SendResult): Task => {
    acknowledged++;
    const now = performance.now();
    const at = `${topic}/${partition}`;
    gapMs = Math.max(gapMs, now - (lastAtMs.get(at) ?? now));
    lastAtMs.set(at, now);
    return task;
  };

  const send = (task: Task): void => {
    const { id, key, seq, flow } = task;
    const sent = recordSend(history, { id, key, seq, topic: topics[flow].name }, () =>
      flow === "retried"
        ? retried.send(topics.order, toOrder(task))
        : ordered.send(topics.request, toRequest(task)),
    );
    const noted = sent.then(
      (result) => note(task, result),
      (error: unknown) => {
        if (mayFail) return task;
        throw error;
      },
    );
    // `finish` reports it.
    noted.catch(() => {});
    sends.push(noted);
  };

  const run = async (): Promise<void> => {
    const startedAt = performance.now();
    for (let sent = 0; waiting.size() > 0; ) {
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
      for (const task of tasks) waiting.push(task);
      pump ??= run();
    },
    waiting: () => waiting.size(),
    cancel() {
      waiting.clear();
    },
    acknowledged: () => acknowledged,
    async finish() {
      await pump;
      return Promise.all(sends);
    },
    longestGapMs: () => gapMs,
  };
}
