import { setTimeout as wait } from "node:timers/promises";
import type { App, Consumer, ConsumerOptions, Delivery } from "keryx";
import { type NewEffect, toEffect } from "../../../src/testing/reliability/effect-log.ts";
import { type FlowTopics, fromOrder, fromRequest, type Task } from "../effects/workload.ts";

/** A member whose partitions go to others soon after it died, quick to give up and to try again. */
export const quickConsumer = {
  sessionTimeoutMs: 6_000,
  drainTimeoutMs: 1_000,
  commitTimeoutMs: 2_000,
  rebalanceTimeoutMs: 10_000,
  createTopics: true,
  here: { baseMs: 5, maxMs: 50 },
} as const satisfies Partial<ConsumerOptions>;

/** Handles both topics of a run: works a little, then fails or records an effect, as each task says. */
export function consume(
  app: App,
  group: string,
  topics: FlowTopics,
  record: (effect: NewEffect) => Promise<void> | void,
  options: Partial<ConsumerOptions> = {},
): Consumer {
  const perform = async ({ id, key, seq, workMs, succeedsAt }: Task, delivery: Delivery<unknown>) => {
    if (workMs > 0) await wait(workMs);
    if (succeedsAt === 0 || delivery.attempt < succeedsAt)
      throw new Error(`not at attempt ${delivery.attempt}`);
    await record(toEffect(group, delivery, { id, key, seq }));
  };
  return app
    .consumer({ group, ...quickConsumer, ...options })
    .on(topics.order, (event, delivery) => perform(fromOrder(event), delivery))
    .on(topics.request, (event, delivery) => perform(fromRequest(event), delivery));
}
