import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { countRepeats, type RunRecords } from "../effects/judge.ts";
import { createRandom } from "../effects/random.ts";
import { type Run, startRun, type Worker } from "../effects/run.ts";
import { endSessions, removeMembers } from "../effects/sessions.ts";
import { buildTasks } from "../effects/workload.ts";
import { waitUntil } from "../servers.ts";
import { type ChaosResult, type ChaosServers, type ChaosWorkload, unless } from "./workload.ts";

export interface KillScale {
  readonly kills: number;
  readonly total: number;
  readonly perSecond: number;
}

const partitions = { retried: 2, ordered: 1 };
const maxWorkMs = 120;
const inFlight = 64;
const commitEvery = 500;

/**
 * What one kill may cause to be handled again: what runs, and what was done since the last commit, which goes out after
 * 500 completions of a partition. There are two retry topics.
 */
const maxRepeatsPerKill = inFlight + commitEvery * (3 * partitions.retried + partitions.ordered);

export const kills: ChaosWorkload = {
  name: "kills",
  shows:
    "Workers are killed at random points, and just before and behind the handler, the acknowledgement of a dead letter and that of a commit: nothing is lost, and what is handled again stays within its bound",
  scales: { small: "20 kills, 20,000 events", full: "200 kills, 200,000 events" },
  run(servers, seed, scale) {
    const times = scale === "full" ? 10 : 1;
    return runKills(servers, seed, { kills: 20 * times, total: 20_000 * times, perSecond: 1_500 });
  },
};

/** Kills one worker after the other while events flow; a last one finishes. */
export async function runKills(servers: ChaosServers, seed: number, scale: KillScale): Promise<ChaosResult> {
  const { embedded } = servers;
  const repeats = { perKill: maxRepeatsPerKill, perLoss: 0, perRevoke: 0 };
  let deaths = 0;
  const expire = (group: string, client: string): void | Promise<void> => {
    if (embedded) return endSessions(embedded.broker, group, client);
    // Every third dead member keeps its partitions until the brokers miss it.
    if (++deaths % 3 !== 0) return removeMembers(servers.brokers, group, client);
  };
  const run = await startRun({
    ...{ name: "kills", seed, servers, partitions, perSecond: scale.perSecond, repeats },
    expire,
  });
  let isGood = false;
  try {
    await killAll(run, servers, seed, scale);
    run.start();
    const records = await run.finish(120_000);
    const problems = [...run.judge(records), ...run.defects(), ...findIdle(records, scale)];
    isGood = problems.length === 0;
    const figures = {
      kills: scale.kills,
      events: records.tasks.length,
      effects: records.effects.length,
      "repeats per kill": Math.round(countRepeats(records.effects) / scale.kills),
      "most repeats of one kill": mostRepeats(records),
      "bound per kill": maxRepeatsPerKill,
    };
    return { figures, problems };
  } finally {
    await run.close(isGood);
  }
}

async function killAll(run: Run, { embedded }: ChaosServers, seed: number, scale: KillScale): Promise<void> {
  const random = createRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const tasks = [...buildTasks(seed, scale.total, maxWorkMs)];
  const share = Math.ceil(scale.total / scale.kills);
  // Some events have no effect: they end as dead letters.
  const sure = Math.ceil(share * 0.9);
  const points = embedded ? toPoints(embedded.broker.faults) : [];
  for (let kill = 0; kill < scale.kills; kill++) {
    // Every life meets enough new events, however fast the machine is.
    run.sending.release(tasks.splice(0, share));
    const point = points[kill % 20];
    if (point) await point(run, run.start());
    else if (kill % 5 === 3) await killAfter(run, 0, below(2_500));
    else if (kill % 5 === 4)
      await run.noteDeath(
        run.start({ at: kill % 2 === 0 ? "before-handler" : "after-handler", nth: 1 + below(sure) }),
      );
    else await killAfter(run, 1 + below(sure), below(300));
  }
  run.sending.release(tasks);
}

async function killAfter(run: Run, effects: number, thenMs: number): Promise<void> {
  const worker = run.start();
  await waitUntil(`${effects} effects`, () => worker.count() >= effects, { children: [worker.child] });
  // Where in its work the kill falls is left to chance.
  await wait(thenMs);
  await run.kill(worker);
}

type Faults = NonNullable<ChaosServers["embedded"]>["broker"]["faults"];
type Point = (run: Run, worker: Worker) => Promise<void>;

/** Just before and behind the acknowledgement of a dead letter, and of a commit. */
function toPoints(faults: Faults): readonly Point[] {
  return [
    unanswered(faults, "Produce", false),
    unanswered(faults, "Produce", true),
    told('"outcome":"dead_lettered"'),
    unanswered(faults, "OffsetCommit", false),
    unanswered(faults, "OffsetCommit", true),
    told('"name":"offsets_committed"'),
  ];
}

/** While a request has no answer: it was carried out, or it was not. */
function unanswered(faults: Faults, api: "Produce" | "OffsetCommit", handled: boolean): Point {
  return async (run, worker) => {
    const about = api === "Produce" ? { topic: run.topics.order.policy.deadLetter } : { group: run.group };
    const fault = faults.inject({ api, ...about }, { kind: "drop", handled });
    await waitUntil(`${api} is asked for`, () => fault.hits > 0, { children: [worker.child] });
    await run.kill(worker);
  };
}

/** As soon as the worker's history tells of something. */
function told(text: string): Point {
  return async (run, worker) => {
    const file = join(run.folder, `${worker.client}.history`);
    await waitUntil(`${worker.client} tells of ${text}`, () => readFileSync(file, "utf8").includes(text), {
      children: [worker.child],
    });
    await run.kill(worker);
  };
}

/** What a run must have seen to prove anything. */
function findIdle(records: RunRecords, scale: KillScale): readonly string[] {
  const { effects, tasks, finalRead, history } = records;
  const stages = new Set(effects.map(({ stage }) => stage));
  const letters = finalRead.partitions.flatMap(({ topic, records: all }) =>
    topic.endsWith("-dlq") ? all : [],
  );
  return [
    ...unless(tasks.length === scale.total, `only ${tasks.length} events were sent`),
    ...unless(
      history.filter(({ name }) => name === "fault_start").length === scale.kills,
      "kills are missing",
    ),
    ...unless(new Set(effects.map(({ client }) => client)).size > scale.kills / 2, "too few lives did work"),
    ...unless(stages.size === 3, `effects only on ${[...stages].join(", ")}`),
    ...unless(letters.length > 0, "nothing was dead-lettered"),
    ...unless(countRepeats(effects) > 0, "no kill met work under way"),
  ];
}

function mostRepeats({ effects }: RunRecords): number {
  const counts = new Map<string, number>();
  const last = new Map<string, string>();
  for (const { id, client } of effects) {
    const before = last.get(id);
    if (before !== undefined) counts.set(before, (counts.get(before) ?? 0) + 1);
    last.set(id, client);
  }
  return Math.max(0, ...counts.values());
}
