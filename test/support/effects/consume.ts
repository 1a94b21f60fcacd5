import { setTimeout as wait } from "node:timers/promises";
import type { App, Consumer, ConsumerOptions, Delivery } from "keryx";
import { type NewEffect, toEffect } from "keryx/testing";
import { type FlowTopics, fromOrder, fromRequest, type Task } from "./workload.ts";

/** Exit code of a worker that was started while nothing answered: who watches over it starts it again. */
export const nothingAnswers = 75;

/** Settings that let a dead member's partitions go after six seconds. */
export const quickMember = { sessionTimeoutMs: 6_000, drainTimeoutMs: 500, commitTimeoutMs: 2_000 } as const;

/** A consumer of both topics whose handlers work a little, then fail or record an effect, as each task says. */
export function consumeFlow(
  app: App,
  group: string,
  topics: FlowTopics,
  record: (effect: NewEffect) => Promise<void> | void,
  options: Partial<ConsumerOptions> = {},
): Consumer {
  const perform = async (task: Task, delivery: Delivery): Promise<void> => {
    const { attempt } = delivery;
    if (task.workMs > 0) await wait(task.workMs);
    if (task.succeedsAt === 0 || attempt < task.succeedsAt) throw new Error(`not at attempt ${attempt}`);
    const { id, key, seq } = task;
    await record(toEffect(group, delivery, { id, key, seq }));
  };
  return app
    .consumer({ group, createTopics: true, here: { baseMs: 5, maxMs: 50 }, ...quickMember, ...options })
    .on(topics.order, (event, delivery) => perform(fromOrder(event), delivery))
    .on(topics.request, (event, delivery) => perform(fromRequest(event), delivery));
}
