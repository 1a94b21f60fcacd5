import { setTimeout as wait } from "node:timers/promises";
import { createChaosProxy, type HistoryEntry, startTestServers } from "keryx/testing";
import { nothingAnswers } from "../effects/consume.ts";
import { countRepeats } from "../effects/judge.ts";
import { createRandom } from "../effects/random.ts";
import { type Run, startRun, type Worker } from "../effects/run.ts";
import { endSessions } from "../effects/sessions.ts";
import { buildTasks } from "../effects/workload.ts";
import { waitUntil } from "../servers.ts";
import { type Trouble, troubles } from "./troubles.ts";
import { type ChaosResult, unless } from "./workload.ts";

export interface SoakOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly perSecond: number;
  /** Ends the soak before its time; what ran until then is judged. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

const partitions = { retried: 6, ordered: 3 };
const all = 3 * partitions.retried + partitions.ordered;
const maxWorkMs = 50;
const workerCount = 3;
const uncommitted = 564;
/** Whoever cannot reach a broker cannot commit, however it leaves. */
const repeats = { perKill: uncommitted * all, perLoss: uncommitted, perRevoke: uncommitted };
const options = { sessionTimeoutMs: 10_000, drainTimeoutMs: 3_000, commitTimeoutMs: 2_000 };
const calmMs = 15_000;
const reportEveryMs = 30_000;
const healWithinMs = 120_000;

/** Events flow through three workers for a long time, and every half minute something else goes wrong. */
export async function runSoak(given: SoakOptions): Promise<ChaosResult> {
  const { seed, forMs, perSecond, signal, log } = given;
  await using servers = await startTestServers({ broker: { brokers: 3 } });
  const { broker, brokers, registryUrl } = servers;
  await using proxy = await createChaosProxy({ brokers, seed });
  const run = await startRun({
    ...{ name: "soak", seed, servers: { brokers, registryUrl }, partitions, perSecond, repeats, options },
    workerBrokers: proxy.brokers,
    networkFails: true,
    expire: (group, client) => endSessions(broker, group, client),
  });
  const random = createRandom(seed);
  const counts = new Map<string, number>();
  const startedAt = performance.now();
  const elapsedMs = (): number => performance.now() - startedAt;
  const reports = setInterval(() => log(describe(run, elapsedMs(), counts)), reportEveryMs);
  let isGood = false;
  try {
    // One is left alone, so that its memory can be followed through all that happens to its group.
    const steady = run.start();
    for (let more = 1; more < workerCount; more++) run.start();
    await waitUntil("the workers have joined", () => broker.group(run.group)?.members.length === workerCount);
    run.sending.release(buildTasks(seed, Math.ceil((forMs / 1_000) * perSecond), maxWorkMs));
    await waitUntil("events flow", () => run.sending.acknowledged() > 100);
    while (elapsedMs() < forMs && !signal.aborted) {
      const trouble = troubles[Math.floor(random() * troubles.length)] as Trouble;
      log(`${Math.round(elapsedMs() / 1_000)} s: ${trouble.name}`);
      run.note({ name: "fault_start", fault: trouble.name });
      await trouble.act({ run, broker, proxy, registry: servers.registry, steady, random });
      await proxy.heal();
      run.note({ name: "fault_end", fault: trouble.name });
      counts.set(trouble.name, (counts.get(trouble.name) ?? 0) + 1);
      while (run.alive().length < workerCount) run.start();
      await untilMoving(run);
      await wait(calmMs * random(), undefined, { signal }).catch(() => {});
    }
    if (signal.aborted) run.sending.cancel();
    log(`${Math.round(elapsedMs() / 1_000)} s: waiting until all is handled`);
    const records = await run.finish(healWithinMs);
    log("judging");
    const faults = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const defects = run.defects();
    const givenUp = new Set(defects.filter(hasGivenUp).map((line) => line.split(":")[0]));
    const early = defects.filter(isTooEarly);
    const problems = [
      ...run.judge(records),
      ...defects.filter((line) => !hasGivenUp(line) && !isTooEarly(line)),
      ...unless(early.length <= faults, `${early.length} workers did not start`),
      // Each life of a worker that ends so has met two faults.
      ...unless(givenUp.size * 2 <= faults * workerCount, `${givenUp.size} workers gave up`),
      ...findIdle(counts, records.tasks.length),
    ];
    isGood = problems.length === 0;
    return {
      figures: {
        minutes: Math.round(elapsedMs() / 6_000) / 10,
        events: records.tasks.length,
        effects: records.effects.length,
        repeats: countRepeats(records.effects),
        faults,
        "kinds of faults": counts.size,
        "workers restarted as their client stood still twice": givenUp.size,
        "workers started once more, as nothing had answered": early.length,
        ...measureMemory(records.history, steady),
      },
      problems,
    };
  } finally {
    clearInterval(reports);
    await run.close(isGood);
  }
}

/**
 * A client that stands still twice within five minutes is not replaced again: the service calls itself not live, and who
 * watches over it restarts it. That is how it is meant, and what it costs is judged like any other end.
 */
function hasGivenUp(line: string): boolean {
  return line.includes('"will_restart":false') && line.includes('"code":"kafka_unavailable"');
}

/** A start in the middle of an outage is refused, so that a wrong address is told at once. */
function isTooEarly(line: string): boolean {
  return line.endsWith(`: ended by exit code ${nothingAnswers}`);
}

/** Something is handled again after a fault, unless all is handled. */
async function untilMoving(run: Run): Promise<void> {
  const before = run.count();
  const isMoving = (): boolean => run.count() > before || run.sending.waiting() === 0;
  await waitUntil("handling goes on after a fault", isMoving, { timeoutMs: healWithinMs });
}

function describe(run: Run, elapsedMs: number, counts: ReadonlyMap<string, number>): string {
  const faults = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const rss = Math.round(process.memoryUsage().rss / 1_048_576);
  return `${Math.round(elapsedMs / 1_000)} s: ${run.sending.acknowledged()} sent, ${run.count()} effects, ${faults} faults, harness ${rss} MiB`;
}

function findIdle(counts: ReadonlyMap<string, number>, events: number): readonly string[] {
  return [...unless(counts.size > 0, "there was no fault"), ...unless(events > 0, "nothing was sent")];
}

/** What the worker that was left alone took, in its second quarter and in its last. */
function measureMemory(history: readonly HistoryEntry[], { client }: Worker): Record<string, number> {
  const samples = history.flatMap((entry) =>
    entry.name === "tool_data" && entry.client === client ? [(entry.data as { rss: number }).rss] : [],
  );
  const quarter = Math.floor(samples.length / 4);
  const mean = (from: number, to: number): number => {
    const part = samples.slice(from, to);
    return Math.round(part.reduce((sum, rss) => sum + rss, 0) / Math.max(part.length, 1) / 1_048_576);
  };
  return {
    "memory of the steady worker, second quarter (MiB)": mean(quarter, 2 * quarter),
    "memory of the steady worker, last quarter (MiB)": mean(samples.length - quarter, samples.length),
  };
}
