import { join } from "node:path";
import { expect } from "chai";
import { findViolations, type HistoryEntry, readEffectLog, readHistories } from "keryx/testing";
import { countRepeats, toPolicy } from "../support/effects/judge.ts";
import { chooseSeed } from "../support/effects/random.ts";
import { type Run, type RunOptions, startRun, type Worker } from "../support/effects/run.ts";
import { buildTasks } from "../support/effects/workload.ts";
import type { GetServers } from "../support/embedded-servers.ts";
import { chosen } from "../support/faults/scenarios.ts";
import { waitUntil } from "../support/servers.ts";

const perSecond = 50;
const longestSeconds = 180;
const partitions = { retried: 4, ordered: 2 };
const sources = partitions.retried + partitions.ordered;
/** What a member that is gone without a word may leave to be handled again: what it had admitted beyond its last commit. */
const perLoss = 1_001 * (sources + 2 * partitions.retried);
/** Handlers that were under way when their member froze end when it wakes, whoever did their work meanwhile. */
const concurrency = 64;
const patienceMs = 60_000;
/** Longer than the session of six seconds. A run that has the time blocks for the 20 s that the fault is stated for. */
const longBlockMs = Number(process.env["KERYX_TEST_BLOCK_MS"] ?? 9_000);
/** What handlers do fits into the drain. */
const options = { drainTimeoutMs: 3_000 } as const;

/** A run, with what its end is judged by. */
interface Play extends Run {
  end(): Promise<void>;
}

type Start = (name: string, repeats?: Partial<RunOptions["repeats"]>) => Promise<Play>;

/** Processes that freeze, die and go, at once, each run with topics and a group of its own. */
const scenarios: Readonly<Record<string, (start: Start) => Promise<void>>> = {
  "a member frozen past its session commits nothing when it wakes": async (start) => {
    const run = await start("frozen", { perLoss, perRevoke: concurrency });
    const [one, two] = [run.start(), run.start()];
    await until("both handle", () => one.count() > 20 && two.count() > 20);
    await one.child.signal("SIGSTOP");
    const frozenMs = historyOf(run, one).at(-1)?.atMs ?? 0;
    await until("the other owns everything", () => ownedBy(run, two).size === sources);
    const before = two.count();
    await until("the other goes on", () => two.count() > before + 20);
    await one.child.signal("SIGCONT");
    const since = (): readonly HistoryEntry[] => historyOf(run, one).filter(({ atMs }) => atMs > frozenMs);
    const isBack = ({ name }: HistoryEntry): boolean => name === "partitions_assigned";
    await until("it takes part again", () => since().some(isBack));
    await run.end();
    const woken = since().slice(0, since().findIndex(isBack));
    expect(
      woken.filter(({ name }) => name === "offsets_committed"),
      "its commits",
    ).to.deep.equal([]);
    // What was on its way to a broker when it froze arrives once more.
    const handedOver = woken.filter((entry) => entry.name === "outcome" && entry.next !== undefined);
    expect(handedOver.length, "records that it handed over").to.be.at.most(concurrency);
  },
  "a member whose event loop stands still for two seconds carries on": async (start) => {
    const run = await start("short-block");
    const one = run.start(undefined, { nth: 60, ms: 2_000 });
    await until("it says something", () => saysOf(run, one).length > 0);
    await run.end();
    expect(saysOf(run, one), "what it says of itself").to.deep.equal([{ live: true }]);
    expect(
      historyOf(run, one).filter((entry) => entry.name === "partitions_revoked" && entry.lost),
    ).to.deep.equal([]);
    expect(countRepeats(effectsOf(run, one)), "events with two effects").to.equal(0);
  },
  "a member whose event loop stands still past its session is not live, and commits nothing of before":
    async (start) => {
      const run = await start("long-block", { perLoss, perRevoke: concurrency });
      const [one, two] = [run.start(undefined, { nth: 60, ms: longBlockMs }), run.start()];
      await until("the other owns everything", () => ownedBy(run, two).size === sources);
      await until("it says something", () => saysOf(run, one).length > 0);
      expect(saysOf(run, one), "what it says of itself").to.deep.equal([{ live: false }]);
      await run.end();
    },
  "a member that is killed loses nothing, and what is handled again stays within its bound": async (
    start,
  ) => {
    const run = await start("killed", { perKill: perLoss });
    const [one, two] = [run.start(), run.start()];
    await until("both handle", () => one.count() > 20 && two.count() > 20);
    await run.kill(one);
    await until("the other owns everything", () => ownedBy(run, two).size === sources);
    await run.end();
  },
  "workers that are restarted one after the other repeat nothing": async (start) => {
    const run = await start("rolling");
    const old = [run.start(), run.start()];
    await until("both handle", () => old.every((one) => one.count() > 20));
    for (const one of old) {
      await run.stop(one);
      const next = run.start();
      await until("its successor handles", () => next.count() > 10);
    }
    await run.end();
  },
  "a team that grows to three and shrinks to one repeats nothing": async (start) => {
    const run = await start("scaled");
    const first = run.start();
    await until("it handles", () => first.count() > 20);
    const others = [run.start(), run.start()];
    await until("all handle", () => others.every((one) => one.count() > 10));
    for (const one of others) await run.stop(one);
    await until("the first owns everything", () => ownedBy(run, first).size === sources);
    await run.end();
  },
};

/** Binds them to servers; `only` are the first words of those that these servers are to show. */
export function describeProcessFaults(getServers: GetServers, only: readonly string[] = [""]): void {
  const plays = chosen(scenarios).filter(([name]) => only.some((words) => name.startsWith(words)));

  describe("Workers that freeze, die and go: nothing is lost, reordered or committed by who may not", function () {
    this.timeout(240_000);
    const seed = chooseSeed();
    const runs: Run[] = [];
    const feeds: (() => void)[] = [];
    const verdicts = new Map<string, Promise<void>>();

    before(async function () {
      const servers = await getServers(this);
      this.timeout(240_000);
      const start: Start = async (name, given = {}) => {
        const repeats = { perKill: 0, perLoss: 0, perRevoke: 0, ...given };
        const run = await startRun({ name, seed, servers, partitions, perSecond, repeats, options });
        runs.push(run);
        const stop = feed(run, seed);
        feeds.push(stop);
        const finish = async (): Promise<void> => {
          stop();
          await end(run, seed, repeats);
        };
        return { ...run, end: finish };
      };
      // A few at a time: on a machine that has no time for them, members would be given up that do nothing wrong.
      for (let from = 0; from < plays.length; from += 3) {
        const batch = plays.slice(from, from + 3).map(([name, play]) => [name, play(start)] as const);
        for (const [name, verdict] of batch) verdicts.set(name, verdict);
        await Promise.allSettled(batch.map(([, verdict]) => verdict));
      }
    });
    after(async function () {
      for (const stop of feeds) stop();
      const isGood = this.test?.parent?.tests.every(({ state }) => state === "passed") ?? false;
      await Promise.all(runs.map((run) => run.close(isGood)));
    });

    for (const [name] of plays) it(name, async () => verdicts.get(name));
  });
}

/** Sends as long as the play lasts, however slow the machine is. */
function feed({ sending }: Run, seed: number): () => void {
  const tasks = [...buildTasks(seed, longestSeconds * perSecond, 40)];
  const timer = setInterval(() => sending.release(tasks.splice(0, perSecond)), 1_000);
  sending.release(tasks.splice(0, perSecond));
  return () => clearInterval(timer);
}

async function end(run: Run, seed: number, repeats: RunOptions["repeats"]): Promise<void> {
  const { history, effects, finalRead } = await run.finish(patienceMs);
  const { group, topics } = run;
  // A send that was not acknowledged in time goes again, and may lie in the log twice.
  const policy = { ...toPolicy({ seed, group, topics, repeats }), isIdempotent: false };
  expect(findViolations(history, effects, finalRead, policy), `files in ${run.folder}`).to.deep.equal([]);
  expect(effects.length, "effects").to.be.greaterThan(0);
  expect(run.defects()).to.deep.equal([]);
}

function until(what: string, holds: () => boolean): Promise<void> {
  // Files are read for it.
  return waitUntil(what, async () => holds(), { timeoutMs: patienceMs });
}

function historyOf({ folder }: Run, { client }: Worker): readonly HistoryEntry[] {
  return readHistories([join(folder, `${client}.history`)]);
}

function effectsOf({ folder }: Run, { client }: Worker): ReturnType<typeof readEffectLog> {
  return readEffectLog(join(folder, `${client}.effects`));
}

function saysOf(run: Run, worker: Worker): readonly unknown[] {
  const said = historyOf(run, worker).flatMap((entry) => (entry.name === "tool_data" ? [entry.data] : []));
  return said.filter((data) => typeof data === "object" && data !== null && "live" in data);
}

/** Partitions of the source topics that a worker owns now. */
function ownedBy(run: Run, worker: Worker): ReadonlySet<string> {
  const owned = new Set<string>();
  for (const entry of historyOf(run, worker)) {
    if (entry.name !== "partitions_assigned" && entry.name !== "partitions_revoked") continue;
    if (entry.group !== run.group) continue;
    for (const { topic, partition } of entry.partitions)
      if (entry.name === "partitions_assigned") owned.add(`${topic}/${partition}`);
      else owned.delete(`${topic}/${partition}`);
  }
  return owned;
}
