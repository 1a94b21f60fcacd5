import { setTimeout as wait } from "node:timers/promises";
import type { DevBroker } from "keryx/testing";
import { toRetryGroup } from "../../../src/core/topic-names.ts";
import { countRepeats, type RunRecords } from "../effects/judge.ts";
import { createRandom } from "../effects/random.ts";
import { type Run, startRun } from "../effects/run.ts";
import { buildTasks } from "../effects/workload.ts";
import { waitUntil } from "../servers.ts";
import { type ChaosResult, type ChaosServers, type ChaosWorkload, unless } from "./workload.ts";

const partitions = { retried: 8, ordered: 4 };
/** Handlers take up to 50 ms, one in a hundred up to 400: all of them end within the drain. */
const maxWorkMs = 50;
const options = { sessionTimeoutMs: 15_000, drainTimeoutMs: 5_000, commitTimeoutMs: 3_000 };
/** A member that is slow beyond its session loses what it had; that is no graceful revoke. */
const repeats = { perKill: 0, perLoss: 564, perRevoke: 0 };

export interface MembersScale {
  readonly forMs: number;
  readonly stepMs: number;
  readonly perSecond: number;
}

// All processes share one machine; 5,000 is for one with more than two cores (`--rate`).
const perSecond = { small: 1_000, full: 2_000 } as const;

/** Members while events flow: joined and stopped in steps, none of them killed. */
export const members: ChaosWorkload = {
  name: "members",
  shows:
    "3, 6, 2 and 5 members in turn while events flow: nothing is lost, and nothing is handled twice by a graceful revoke",
  scales: {
    small: "a step every 10 s for 60 s",
    full: "a step every 10 s for 10 min",
  },
  perSecond,
  run: (servers, seed, scale, rate = perSecond[scale]) =>
    runMembers(servers, seed, {
      forMs: scale === "full" ? 600_000 : 60_000,
      stepMs: 10_000,
      perSecond: rate,
    }),
};

const counts = [3, 6, 2, 5];

export async function runMembers(
  servers: ChaosServers,
  seed: number,
  scale: MembersScale,
): Promise<ChaosResult> {
  const { forMs, stepMs, perSecond } = scale;
  const run = await startRun({ name: "members", seed, servers, partitions, perSecond, repeats, options });
  let isGood = false;
  try {
    const total = Math.round((forMs / 1_000) * perSecond);
    run.sending.release(buildTasks(seed, total, maxWorkMs));
    const steps = Math.round(forMs / stepMs);
    for (let step = 0; step < steps; step++) {
      await resize(run, counts[step % counts.length] ?? 3);
      await wait(stepMs);
    }
    const records = await run.finish(120_000);
    const problems = [...run.judge(records), ...run.defects(), ...findIdle(records, total, steps)];
    isGood = problems.length === 0;
    const figures = {
      steps,
      events: total,
      repeats: countRepeats(records.effects),
      ...countRevokes(records),
    };
    return { figures, problems };
  } finally {
    await run.close(isGood);
  }
}

async function resize(run: Run, count: number): Promise<void> {
  const alive = run.alive();
  await Promise.all(alive.slice(count).map((worker) => run.stop(worker)));
  const missing = Math.max(0, count - alive.length);
  const started = Array.from({ length: missing }, () => run.start());
  // On a busy machine a process takes its time to come so far: the step begins when all take part.
  for (const { client, child, began } of started)
    await waitUntil(`${client} takes part`, () => began("partitions_assigned"), { children: [child] });
}

function countRevokes({ history }: RunRecords): Record<string, number> {
  const revoked = history.filter((entry) => entry.name === "partitions_revoked");
  return {
    "partitions revoked": revoked.filter(({ lost }) => !lost).length,
    "partitions lost": revoked.filter(({ lost }) => lost).length,
  };
}

function findIdle({ effects, tasks, history }: RunRecords, total: number, steps: number): readonly string[] {
  const clients = new Set(effects.map(({ client }) => client)).size;
  const revokes = history.filter(({ name }) => name === "partitions_revoked").length;
  return [
    ...unless(tasks.length === total, `only ${tasks.length} events were sent`),
    ...unless(clients >= Math.min(6, steps + 2), `only ${clients} members did work`),
    ...unless(revokes > 0, "nothing was ever revoked"),
  ];
}

/** Rebalances that the broker forces, one after the other; every fourth ends a member's session instead. */
export const rebalances: ChaosWorkload = {
  name: "rebalances",
  shows:
    "The broker forces rebalances and ends sessions while events flow: after each one every partition that has something left goes on, and nothing is lost",
  scales: { small: "30 rebalances", full: "500 rebalances" },
  run: (servers, seed, scale) => runRebalances(servers, seed, scale === "full" ? 500 : 30),
};

const perRebalance = 300;
const progressWithinMs = 30_000;

async function runRebalances(servers: ChaosServers, seed: number, times: number): Promise<ChaosResult> {
  const { embedded } = servers;
  if (!embedded) throw new Error("only an embedded broker can be told to rebalance");
  const random = createRandom(seed);
  const run = await startRun({
    name: "rebalances",
    seed,
    servers,
    partitions,
    perSecond: 1_500,
    repeats,
    options,
  });
  let isGood = false;
  let longestMs = 0;
  try {
    const tasks = [...buildTasks(seed, (times + 1) * perRebalance, maxWorkMs)];
    run.start();
    run.start();
    run.sending.release(tasks.splice(0, perRebalance));
    await waitUntil("both members have joined", () => embedded.broker.group(run.group)?.members.length === 2);
    for (let time = 0; time < times; time++) {
      run.sending.release(tasks.splice(0, perRebalance));
      const startedAt = performance.now();
      await shake(embedded.broker, run.group, time, random);
      const before = committedOf(embedded.broker, run.group);
      const isMoving = (): boolean => findStill(embedded.broker, run.group, before).length === 0;
      await waitUntil(`every partition goes on after rebalance ${time + 1}`, isMoving, {
        timeoutMs: progressWithinMs,
      });
      longestMs = Math.max(longestMs, performance.now() - startedAt);
    }
    const records = await run.finish(120_000);
    const problems = [...run.judge(records), ...run.defects()];
    isGood = problems.length === 0;
    const figures = {
      rebalances: times,
      events: records.tasks.length,
      "slowest until every partition went on (ms)": Math.round(longestMs),
      repeats: countRepeats(records.effects),
      ...countRevokes(records),
    };
    return { figures, problems };
  } finally {
    await run.close(isGood);
  }
}

/** Resolves when the members of the group that it hits have shared its partitions out again. */
async function shake(broker: DevBroker, group: string, time: number, random: () => number): Promise<void> {
  const target = time % 3 === 2 ? toRetryGroup(group) : group;
  const generation = broker.group(target)?.generation ?? 0;
  const own = broker.group(target)?.members ?? [];
  const member = own[Math.floor(random() * own.length)];
  if (time % 4 === 3 && member) broker.expireSession(target, member.id);
  else broker.forceRebalance(target);
  const isShared = (): boolean => {
    const now = broker.group(target);
    return now?.state === "Stable" && now.generation > generation && now.members.length === 2;
  };
  await waitUntil(`${target} has rebalanced`, isShared, { timeoutMs: progressWithinMs });
}

function committedOf(broker: DevBroker, group: string): ReadonlyMap<string, number> {
  const all = [group, toRetryGroup(group)].flatMap((id) => broker.lag(id));
  return new Map(all.map(({ topic, partition, committed }) => [`${topic}/${partition}`, committed ?? 0]));
}

/** Partitions with something left that have committed nothing since. */
function findStill(broker: DevBroker, group: string, before: ReadonlyMap<string, number>): readonly string[] {
  // What waits on a retry topic is not due yet, and goes on by itself: its end is looked at when the run ends.
  return broker.lag(group).flatMap(({ topic, partition, committed, start, end }) => {
    const at = `${topic}/${partition}`;
    const isDone = Math.max(start, committed ?? 0) >= end;
    return isDone || (committed ?? 0) > (before.get(at) ?? 0) ? [] : [at];
  });
}
