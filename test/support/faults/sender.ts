import { setTimeout as wait } from "node:timers/promises";
import type { App, SendResult } from "keryx";
import { type HistoryLog, recordSend } from "keryx/testing";
import { type FlowTopics, type Task, toOrder, toRequest } from "../effects/workload.ts";

/** Sends tasks at an even pace until it is told to end, and writes down what became of each. */
export interface Sender {
  /** Sends that were acknowledged so far. */
  readonly acknowledged: number;
  /** Sends nothing more; resolves when every send is settled, well or not. */
  finish(): Promise<void>;
}

export function startSender(
  app: App,
  topics: FlowTopics,
  tasks: readonly Task[],
  perSecond: number,
  history: HistoryLog,
): Sender {
  const retried = app.topicProducer(topics.retried);
  const ordered = app.topicProducer(topics.ordered);
  const sends: Promise<void>[] = [];
  let acknowledged = 0;
  let isOn = true;
  const begin = (task: Task): Promise<SendResult> =>
    task.flow === "retried"
      ? retried.send(topics.order, toOrder(task))
      : ordered.send(topics.request, toRequest(task));
  const send = async (task: Task): Promise<void> => {
    const { id, key, seq } = task;
    try {
      await recordSend(history, { id, key, seq, topic: topics[task.flow].name }, () => begin(task));
      acknowledged++;
    } catch {
      // It stands in the history.
    }
  };
  const run = async (): Promise<void> => {
    const startedAt = performance.now();
    for (let sent = 0; isOn && sent < tasks.length; await wait(20)) {
      const due = Math.min(tasks.length, ((performance.now() - startedAt) / 1000) * perSecond);
      for (; sent < due; sent++) sends.push(send(tasks[sent] as Task));
    }
  };
  const running = run();
  return {
    get acknowledged() {
      return acknowledged;
    },
    async finish() {
      isOn = false;
      await running;
      await Promise.all(sends);
    },
  };
}
